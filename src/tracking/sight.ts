/* A person in one frame, and what two such sights say of the frames between and beyond them. */
import type { Detection } from '../types.js';
import { centreOf, iou } from '../geometry/boxes.js';
import { poseSimilarity } from '../geometry/same-person.js';

/** A person in a frame, seen or filled in. */
export interface Sight extends Detection {
  frame: number;
  /** True where the person was looked for and not seen. */
  interpolated?: boolean;
}

/** Poses so alike, once laid over one another, or boxes, need no look in between. */
const CALM_POSE = 0.6;
const CALM_BOX = 0.5;
/** A longer step, as a share of √(box area), does need one. */
const CALM_STEP = 0.5;

/** The same person, moved by so many pixels. */
export function shifted({ box, score, coarsePose }: Detection, dx: number, dy: number): Detection {
  return {
    box: { ...box, x: box.x + dx, y: box.y + dy },
    score,
    ...(coarsePose && { coarsePose: coarsePose.map((value, i) => value + (i % 2 === 0 ? dx : dy)) }),
  };
}

/** Whether a straight line between two sights says well enough where the person is in between. */
export function isCalm(a: Sight, b: Sight): boolean {
  const [from, to] = [centreOf(a.box), centreOf(b.box)];
  const size = Math.sqrt(b.box.width * b.box.height);
  if (Math.hypot(to.x - from.x, to.y - from.y) > CALM_STEP * size) return false;
  if (!a.coarsePose || !b.coarsePose) return iou(a.box, b.box) >= CALM_BOX;
  return poseSimilarity(shifted(a, to.x - from.x, to.y - from.y).coarsePose!, b.coarsePose, size * size) >= CALM_POSE;
}

/** The straight line between two sights. */
export function between(a: Sight, b: Sight, frame: number): Sight {
  const share = (frame - a.frame) / (b.frame - a.frame);
  const mix = (from: number, to: number): number => from + share * (to - from);
  const box = {
    x: mix(a.box.x, b.box.x),
    y: mix(a.box.y, b.box.y),
    width: mix(a.box.width, b.box.width),
    height: mix(a.box.height, b.box.height),
  };
  const sight: Sight = { frame, box, score: Math.min(a.score, b.score) };
  if (a.coarsePose && b.coarsePose) sight.coarsePose = a.coarsePose.map((value, i) => mix(value, b.coarsePose![i]));
  return sight;
}

/** The frame half-way. */
export function middle(a: Sight, b: Sight): number {
  return (a.frame + b.frame) >> 1;
}
