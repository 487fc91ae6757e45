import type { Box, Detection } from '../types.js';
import { areaOf, iou, sharedArea } from './boxes.js';

/** Spread of a coarse joint about its place, as a share of √(box area). */
const JOINT_SPREAD = 0.15;
/** Boxes that overlap so much (IoU), or coarse poses so alike, show one person. */
const SAME_IOU = 0.65;
const SAME_POSE = 0.6;

/** One box between two people shares so much (IoU) with both. */
const BLEND_IOU = 0.3;

/**
 * How alike two coarse poses are: the mean over joints of exp(−d² / 2σ²), σ relative to the box: OKS with one constant, 0–1.
 * @param a, b coarse poses, x and y alternating
 * @param area of the person's box, in pixels
 */
export function poseSimilarity(a: Float32Array, b: Float32Array, area: number): number {
  const variance = area * JOINT_SPREAD ** 2;
  let total = 0;
  for (let i = 0; i < a.length; i += 2) {
    const distance2 = (a[i] - b[i]) ** 2 + (a[i + 1] - b[i + 1]) ** 2;
    total += Math.exp(-distance2 / (2 * variance));
  }
  return total / (a.length / 2);
}

/** Mean of the boxes' overlap and, where both have one, the coarse poses' likeness, relative to `seen`; 0–1. */
export function similarity(expected: Detection, seen: Detection): number {
  const overlap = iou(expected.box, seen.box);
  if (!expected.coarsePose || !seen.coarsePose) return overlap;
  return (overlap + poseSimilarity(expected.coarsePose, seen.coarsePose, areaOf(seen.box))) / 2;
}

/** Whether two detections of a frame show one person: by their boxes, or by their coarse poses where both have one. */
export function isSamePerson(a: Detection, b: Detection): boolean {
  if (iou(a.box, b.box) >= SAME_IOU) return true;
  if (!a.coarsePose || !b.coarsePose) return false;
  return poseSimilarity(a.coarsePose, b.coarsePose, Math.min(areaOf(a.box), areaOf(b.box))) >= SAME_POSE;
}

/** Whether a box is a smaller part of another one: most of it lies within, and it is at most so large. */
export function isPartOf(part: Box, whole: Box, inside: number, share: number): boolean {
  return areaOf(part) < share * areaOf(whole) && sharedArea(part, whole) >= inside * areaOf(part);
}

/** Those of a closer look between whom a box lies, as a look from far away sees one person in two who overlap; else none. */
export function blended<T extends Detection>({ box }: Detection, closer: readonly T[]): T[] {
  const both = closer.filter((one) => iou(one.box, box) >= BLEND_IOU);
  return both.length > 1 ? both : [];
}
