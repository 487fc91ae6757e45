import type { Joint, Window } from '../types.js';
import { agreed } from './agreement.js';
import { withoutMeeting } from './one-joint-one-person.js';

/** What the extractor's own joint counts beside the head's. */
const SHARE = 0.5;
/** Places farther apart are two places, as a share of the window's height. */
const RADIUS = 0.06;

/**
 * The head's joints beside those that the extractor by itself sees in the same windows: where both agree, the place lies between
 * them; where they do not, it is the surer one's, and less sure, unless somebody else's joint is there. The extractor's place is the finer one in a
 * clean frame, the head's is there in a spoiled one. Share and radius were chosen on JHMDB's validation clips.
 * @param all the head's joints of everyone in the frame, [K] each, named `names`; null of who is left out
 * @param own the extractor's of each; null where it has none
 */
export function withSecondOpinion(
  all: readonly ((Joint | null)[] | null)[],
  own: readonly ((Joint | null)[] | null)[],
  windows: readonly Window[],
  names: readonly string[],
): ((Joint | null)[] | null)[] {
  const heights = windows.map(({ height }) => height);
  const both = all.map((joints, i) => {
    if (!joints || !own[i]) return joints;
    return joints.map((joint, k) => {
      const other = own[i]![k];
      if (!joint || !other || joint.occluded || other.occluded || joint.score <= 0) return joint;
      const votes = [
        { ...joint, weight: joint.score },
        { ...other, weight: SHARE * other.score },
      ];
      const { x, y, support } = agreed(votes, RADIUS * heights[i]);
      return { x, y, score: support / (1 + SHARE) };
    });
  });
  return withoutMeeting(all, both, names, heights, ({ x, y }, { score }) => ({ x, y, score }));
}
