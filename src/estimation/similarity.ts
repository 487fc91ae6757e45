/**
 * The global references of a key: who, of the candidates, looks most like it, and how much each counts (Eq. 3).
 * Legend: C channels   n global people   e embeddings, C-vectors (global average pools of V).
 */

/** A candidate that could stand for the key: a detection elsewhere in the video with its embedding. */
export interface Candidate {
  /** Frame and box index of the detection, for ties and for leaving out the key's own frame. */
  frame: number;
  person: number;
  /** [C] */
  embedding: Float32Array;
}

export interface GlobalReference<T extends Candidate> {
  /** null: the key itself fills this place, because there are fewer candidates than n. */
  candidate: T | null;
  /** W_g of this place: [C], or one number for all channels. */
  weight: Float32Array;
}

/**
 * Ranks candidates by the sum of the Hadamard product with the key's embedding and weighs the first n (Eq. 3).
 * Ties go to the earlier frame, then to the lower box index. Candidates of the key's own frame are left out.
 * @param similarity `frame`: softmax over the n sums, one weight a person; `channel`: softmax per channel
 * @returns n references by descending similarity; weights sum to 1 over the n places (for each channel)
 */
export function globalReferences<T extends Candidate>(
  key: Float32Array,
  keyFrame: number,
  candidates: readonly T[],
  n: number,
  similarity: 'frame' | 'channel',
): GlobalReference<T>[] {
  const ranked = candidates
    .filter((candidate) => candidate.frame !== keyFrame)
    .map((candidate) => ({ candidate, product: hadamard(key, candidate.embedding) }))
    .map((entry) => ({ ...entry, score: sum(entry.product) }))
    .sort(
      (a, b) => b.score - a.score || a.candidate.frame - b.candidate.frame || a.candidate.person - b.candidate.person,
    )
    .slice(0, n);
  const places: { candidate: T | null; product: Float32Array; score: number }[] = ranked;
  const own = hadamard(key, key);
  while (places.length < n) places.push({ candidate: null, product: own, score: sum(own) });

  const weights =
    similarity === 'frame'
      ? softmax(places.map((place) => place.score)).map((weight) => new Float32Array(key.length).fill(weight))
      : softmaxPerChannel(places.map((place) => place.product));
  return places.map((place, index) => ({ candidate: place.candidate, weight: weights[index] }));
}

function hadamard(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, channel) => value * b[channel]);
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function softmax(scores: number[]): number[] {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** products: n × [C] → n × [C], each channel summing to 1 over the n. */
function softmaxPerChannel(products: Float32Array[]): Float32Array[] {
  const weights = products.map((product) => new Float32Array(product.length));
  for (let channel = 0; channel < (products[0]?.length ?? 0); channel++) {
    softmax(products.map((product) => product[channel])).forEach((weight, place) => {
      weights[place][channel] = weight;
    });
  }
  return weights;
}
