/* How what stands still moves in the picture, because the camera does: a place p in one frame lies at scale · p + (x, y) in another. */
import type { Box, Detection } from '../types.js';

export interface Motion {
  /** Larger than 1 where the camera comes nearer. */
  scale: number;
  /** Pixels. */
  x: number;
  y: number;
}

/** The camera stands. */
export const STILL: Motion = { scale: 1, x: 0, y: 0 };

/** One motion, then another. */
export function followedBy(first: Motion, second: Motion): Motion {
  return {
    scale: second.scale * first.scale,
    x: second.scale * first.x + second.x,
    y: second.scale * first.y + second.y,
  };
}

/** The way back. */
export function reversed({ scale, x, y }: Motion): Motion {
  return { scale: 1 / scale, x: -x / scale, y: -y / scale };
}

/** Where a box lies after a motion. */
export function movedBox({ x, y, width, height }: Box, motion: Motion): Box {
  const { scale } = motion;
  return { x: scale * x + motion.x, y: scale * y + motion.y, width: scale * width, height: scale * height };
}

/** Someone who moved with the picture. The same object where the camera stood. */
export function moved<T extends Detection>(person: T, motion: Motion): T {
  if (motion.scale === 1 && motion.x === 0 && motion.y === 0) return person;
  const { box, coarsePose } = person;
  const place = (value: number, i: number): number => motion.scale * value + (i % 2 === 0 ? motion.x : motion.y);
  return { ...person, box: movedBox(box, motion), ...(coarsePose && { coarsePose: coarsePose.map(place) }) };
}
