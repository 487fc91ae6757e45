import { toImage } from '../geometry/window.js';
import { NUMBERS_OF_JOINT } from '../native/network.js';
import type { Joint, PersonWindow } from '../types.js';
import type { WindowPose } from './one-joint-one-person.js';
import { toPeaks } from './peaks.js';

const EACH = NUMBERS_OF_JOINT.pose;

/**
 * MoveNet's own pose of the person who is meant, else of the one in the middle of the window; not of the neighbour who looks sharper.
 * Which cells of its maps are taken says native/kernels/pose/pose.h: those that maximise the heat maps, weighted by how near they are to
 * where the joints are expected, by the person's coarse pose, else by MoveNet itself.
 * @param numbers [Q, 5] as `Addon.pose` gives them
 * @param peaks [Q, 12, 3] as `Addon.peaks` does, where others are in sight
 * @param columns of the maps
 * @returns Q joints in image pixels; score = the heat map's value at the chosen cell
 */
export function moveNetPose(
  numbers: Float32Array,
  peaks: Float32Array | undefined,
  { window, coarsePose }: PersonWindow,
  columns: number,
): WindowPose {
  const Q = numbers.length / EACH;
  const place = (at: number): { x: number; y: number } => toImage(window, columns, numbers[at], numbers[at + 1]);
  const joints = Array.from({ length: Q }, (_, q): Joint => {
    const at = q * EACH;
    return { ...place(at), score: numbers[at + 2] };
  });
  if (!peaks) return { joints };
  // A coarse pose says by itself where joints are expected.
  const expected = coarsePose ? undefined : Array.from({ length: Q }, (_, q) => place(q * EACH + 3));
  return { joints, peaks: toPeaks(peaks, Q, window, columns), expected };
}
