/*
 * What several guesses at one place agree on: the highest point of the votes' density, a robust mean in which outliers have no
 * part. Each vote counts in a circle about it, most in the middle (Epanechnikov's kernel, 1 − (d / r)²).
 */

/** A guess at a place in the image, pixels. */
export interface Vote {
  x: number;
  y: number;
  /** 0–1 */
  score: number;
  weight: number;
}

export interface Agreed {
  x: number;
  y: number;
  /** The mean score of the votes about it. */
  score: number;
  /** The sum of weight × kernel of the votes about it. */
  support: number;
}

/**
 * The vote with the most support, moved to the mean of those about it.
 * @param votes one at least, not all of weight 0
 * @param radius pixels beyond which two votes do not speak for one another
 */
export function agreed(votes: readonly Vote[], radius: number): Agreed {
  const near = ({ x, y, weight }: Vote, at: Vote): number =>
    weight * Math.max(0, 1 - ((x - at.x) ** 2 + (y - at.y) ** 2) / radius ** 2);
  const supportOf = (vote: Vote): number => votes.reduce((sum, other) => sum + near(other, vote), 0);
  const supports = votes.map(supportOf);
  const support = Math.max(...supports);
  const best = votes[supports.indexOf(support)];
  const mean = (of: (vote: Vote) => number): number =>
    votes.reduce((sum, vote) => sum + near(vote, best) * of(vote), 0) / support;
  return { x: mean(({ x }) => x), y: mean(({ y }) => y), score: mean(({ score }) => score), support };
}
