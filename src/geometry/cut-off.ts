/* People whom the frame cuts off: their boxes end at its edges, so that what the boxes share says little of who is who. */
import type { Box, Detection } from '../types.js';
import { areaOf, sharedArea } from './boxes.js';
import { poseSimilarity } from './same-person.js';

/** Whoever is so high, as a share of the frame's height, is likely to be cut off by it. */
const CUT_OFF = 0.85;
/**
 * So much of the smaller box lies in the other one, and the coarse poses are so alike, where both show one person. Measured on two people close to
 * the camera: two boxes about one 0.2 to 0.6, of two people up to 0.05.
 */
const INSIDE = 0.8;
const ALIKE = 0.2;

/** @param height of a box, or its longer side where only that is known, in pixels of the frame */
export function isCutOff(height: number, frame: { height: number }): boolean {
  return height >= CUT_OFF * frame.height;
}

/** Whether two boxes of a frame show one person whom it cuts off. */
export function isSameCutOff(a: Detection, b: Detection, frame: { height: number }): boolean {
  const isLarge = ({ height }: Box): boolean => isCutOff(height, frame);
  if (!a.coarsePose || !b.coarsePose || !isLarge(a.box) || !isLarge(b.box)) return false;
  const smaller = Math.min(areaOf(a.box), areaOf(b.box));
  return sharedArea(a.box, b.box) >= INSIDE * smaller && poseSimilarity(a.coarsePose, b.coarsePose, smaller) >= ALIKE;
}
