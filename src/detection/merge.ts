import type { Box, Detection } from '../types.js';
import { isCutOff, isSameCutOff } from '../geometry/cut-off.js';
import { blended, isPartOf, isSamePerson } from '../geometry/same-person.js';
import { GOOD_HEIGHT } from './scales.js';

/** What was found at one scale. */
export interface ScaleDetections {
  /** Input pixels a frame's pixel. */
  scale: number;
  detections: readonly Detection[];
}

/**
 * What a finer scale finds within a person of a coarser one, so much of it within and at most so large, is a part of the person,
 * which looks like someone smaller when it is enlarged.
 */
const PART_INSIDE = 0.7;
const PART_AREA = 0.65;
/** … unless it is seen so surely, and so few of the person's joints lie in it: that is someone else, behind them. */
const SOMEONE_SCORE = 0.5;
const SOMEONE_JOINTS = 3;
/** The coarsest scale, which may have room around the frame, is believed about whom the frame cuts off down to this share of a finer one's score. */
const CUT_OFF_SHARE = 0.3;

/**
 * The people of a frame out of what was found in it at several scales. A scale is believed less about people whom another one
 * shows at a better size; of those who were found several times, the most believed stay.
 * @param found by ascending scale
 * @param frame whose height tells whom it cuts off
 * @returns by descending score
 */
export function mergeScales(found: readonly ScaleDetections[], frame: { height: number }): Detection[] {
  const [coarsest, ...finer] = found;
  const isBetter = (coarse: Detection, fine: Detection): boolean =>
    coarse.score >= CUT_OFF_SHARE * fine.score && !isSamePerson(coarse, fine) && isSameCutOff(coarse, fine, frame);
  const stands = (fine: Detection): boolean => !coarsest.detections.some((coarse) => isBetter(coarse, fine));
  const fit = [coarsest, ...finer.map((some) => ({ ...some, detections: some.detections.filter(stands) }))];
  const all = fit.flatMap(({ scale, detections }, place) =>
    detections.map((detection) => {
      const height = scale * Math.max(detection.box.width, detection.box.height);
      const small = place < found.length - 1 ? Math.min(1, height / GOOD_HEIGHT.least) : 1;
      const large = place > 0 ? Math.min(1, GOOD_HEIGHT.most / height) : 1;
      return { detection: { ...detection, score: detection.score * small * large }, place };
    }),
  );
  all.sort((a, b) => b.detection.score - a.detection.score);
  const kept: typeof all = [];
  for (const one of all) {
    const twice = kept.some(
      (other) =>
        isSamePerson(other.detection, one.detection) ||
        isSameCutOff(other.detection, one.detection, frame) ||
        (other.place < one.place && isPart(one.detection, other.detection)),
    );
    const closer = kept.filter((other) => other.place > one.place).map(({ detection }) => detection);
    // Of whom the frame cuts off, finer scales see parts: that there are two of them says nothing.
    const isWhole = one.place === 0 && isCutOff(one.detection.box.height, frame);
    if (!twice && (isWhole || blended(one.detection, closer).length === 0)) kept.push(one);
  }
  return kept.map(({ detection }) => detection);
}

/** Whether a finer scale's detection is a part of a person whom a coarser one has found, not someone behind them. */
function isPart(part: Detection, { box, coarsePose }: Detection): boolean {
  if (!isPartOf(part.box, box, PART_INSIDE, PART_AREA)) return false;
  return !coarsePose || part.score < SOMEONE_SCORE || jointsWithin(part.box, coarsePose) > SOMEONE_JOINTS;
}

function jointsWithin({ x, y, width, height }: Box, pose: Float32Array): number {
  let within = 0;
  for (let i = 0; i < pose.length; i += 2)
    if (pose[i] >= x && pose[i] <= x + width && pose[i + 1] >= y && pose[i + 1] <= y + height) within++;
  return within;
}
