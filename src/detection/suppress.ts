import { iou } from '../geometry/boxes.js';
import type { Detection } from '../types.js';

/**
 * Greedy non-maximum suppression.
 * @param detections by descending score
 * @param overlap IoU from which two boxes show one person
 * @returns the kept, in their order
 */
export function suppress(detections: readonly Detection[], overlap: number): Detection[] {
  const kept: Detection[] = [];
  for (const detection of detections) {
    if (kept.every((other) => iou(other.box, detection.box) < overlap)) kept.push(detection);
  }
  return kept;
}
