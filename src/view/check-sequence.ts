import { QualityCheck } from '../evaluation/quality/check.js';
import type { Quality } from '../evaluation/quality/problem.js';
import type { PoseSequence } from '../formats/pose-sequence.js';

/**
 * What a person should look at in poses from a file.
 * @param places each frame's place in the video: framePlaces
 * @param size of the pictures; null where nothing says
 */
export function checkSequence(
  { joints, frames }: PoseSequence,
  places: readonly number[],
  size: { width: number; height: number } | null,
): Quality {
  const check = new QualityCheck(joints, size);
  frames.forEach(({ people }, frame) => check.next({ index: places[frame], people }));
  return check.end();
}
