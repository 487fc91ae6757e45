import { extentOf, type LabelledPose } from '../../formats/pose-sequence.js';
import { SIGMAS } from '../oks.js';

/** The joints of arms and legs: where these are the same, it is the same skeleton. */
export const LIMB_JOINTS = [
  'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist',
  'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
] as const; // prettier-ignore

/** Similarity from which two people of a frame wear one skeleton. */
export const DOUBLED = 0.6;
/** Limb joints that both poses must have; fewer say nothing about the whole. */
const FEWEST_JOINTS = 6;

/** Two people of one frame who wear one skeleton, by their places in it. */
export interface DoubledPair {
  first: number;
  second: number;
  /** Object keypoint similarity of the two poses over the limb joints, 0–1. */
  similarity: number;
}

/**
 * Finds the people of one frame whose poses are one and the same: object keypoint similarity (see oks.ts) over the limb
 * joints that both have, at the mean of the two people's sizes. No labels are needed.
 * @param people poses in pixels, K × (x, y, score); NaN where a joint is absent
 * @param joints the K names
 * @returns pairs in the order of the first, then the second
 */
export function doubledPairs(people: readonly LabelledPose[], joints: readonly string[]): DoubledPair[] {
  const limbs = LIMB_JOINTS.map((name) => ({ at: 3 * joints.indexOf(name), variance: (2 * SIGMAS[name]) ** 2 }));
  const known = limbs.filter(({ at }) => at >= 0);
  const areas = people.map(areaOf);
  const pairs: DoubledPair[] = [];
  for (let first = 0; first < people.length; first++) {
    for (let second = first + 1; second < people.length; second++) {
      const area = (areas[first] + areas[second]) / 2;
      let [total, count] = [0, 0];
      for (const { at, variance } of known) {
        const [a, b] = [people[first].joints, people[second].joints];
        const distance2 = (a[at] - b[at]) ** 2 + (a[at + 1] - b[at + 1]) ** 2;
        if (Number.isNaN(distance2)) continue;
        total += Math.exp(-distance2 / (2 * variance * area));
        count++;
      }
      if (count >= FEWEST_JOINTS && total / count >= DOUBLED) pairs.push({ first, second, similarity: total / count });
    }
  }
  return pairs;
}

/** px²; of the box, or where there is none of the joints' extent. */
function areaOf({ box, joints }: LabelledPose): number {
  const around = box ?? extentOf(joints);
  return around ? around.width * around.height : 0;
}
