import type { Joint, Window } from '../types.js';
import { agreed } from './agreement.js';

/** What the extractor's own joint counts beside the head's. */
const SHARE = 0.5;
/** Places farther apart are two places, as a share of the window's height. */
const RADIUS = 0.06;

/**
 * The head's joints beside those that the extractor by itself sees in the same window: where both agree, the place lies between
 * them; where they do not, it is the surer one's, and less sure. The extractor's place is the finer one in a clean frame, the head's
 * is there in a spoiled one. Share and radius were chosen on JHMDB's validation clips.
 * @param joints [K] the head's
 * @param own [K] the extractor's; null where it has none
 */
export function withSecondOpinion(
  joints: readonly (Joint | null)[],
  own: readonly (Joint | null)[],
  window: Window,
): (Joint | null)[] {
  return joints.map((joint, k) => {
    const other = own[k];
    if (!joint || !other || joint.occluded || other.occluded || joint.score <= 0) return joint;
    const votes = [
      { ...joint, weight: joint.score },
      { ...other, weight: SHARE * other.score },
    ];
    const { x, y, support } = agreed(votes, RADIUS * window.height);
    return { x, y, score: support / (1 + SHARE) };
  });
}
