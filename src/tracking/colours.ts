import type { Box, Image } from '../types.js';

/** Parts of a person's box: trunk and legs; left, top, right, bottom as shares of it. */
const PARTS = [
  [0.3, 0.2, 0.7, 0.45],
  [0.3, 0.55, 0.7, 0.85],
] as const;
/** Points a side at which each is looked at. */
const POINTS = 8;

/** Mean red, green and blue of a person's trunk and legs, 0–1: what tells them apart, roughly, when they come back. */
export function coloursOf({ width, height, data }: Image, box: Box): Float32Array {
  const colours = new Float32Array(3 * PARTS.length);
  for (const [part, [left, top, right, bottom]] of PARTS.entries()) {
    for (let row = 0; row < POINTS; row++) {
      for (let column = 0; column < POINTS; column++) {
        const x = box.x + box.width * (left + ((column + 0.5) / POINTS) * (right - left));
        const y = box.y + box.height * (top + ((row + 0.5) / POINTS) * (bottom - top));
        const at = 3 * (clamp(y, height) * width + clamp(x, width));
        for (let c = 0; c < 3; c++) colours[3 * part + c] += data[at + c] / 255 / POINTS ** 2;
      }
    }
  }
  return colours;
}

function clamp(place: number, size: number): number {
  return Math.min(size - 1, Math.max(0, Math.floor(place)));
}
