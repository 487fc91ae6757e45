import type { Detection } from '../types.js';
import { iou } from '../geometry/boxes.js';
import { isPartOf, isSamePerson } from '../geometry/same-person.js';
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

/** A coarser scale sees two people who overlap as one between them: its box shares so much (IoU) with both. */
const BLEND_IOU = 0.3;

/**
 * The people of a frame out of what was found in it at several scales. A scale is believed less about people whom another one
 * shows at a better size; of those who were found several times, the most believed stay.
 * @param found by ascending scale
 * @returns by descending score
 */
export function mergeScales(found: readonly ScaleDetections[]): Detection[] {
  const all = found.flatMap(({ scale, detections }, place) =>
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
        (other.place < one.place && isPartOf(one.detection.box, other.detection.box, PART_INSIDE, PART_AREA)),
    );
    const finer = kept.filter((other) => other.place > one.place);
    const isBlend = finer.filter((other) => iou(other.detection.box, one.detection.box) >= BLEND_IOU).length > 1;
    if (!twice && !isBlend) kept.push(one);
  }
  return kept.map(({ detection }) => detection);
}
