import { toImage } from '../geometry/window.js';
import type { Joint, Window } from '../types.js';

/** A place that a heat map offers for its joint; in image pixels, the score is the heat map's value there. */
export type Peak = Pick<Joint, 'x' | 'y' | 'score'>;

/** Lower ones are noise. */
const LOWEST = 0.02;
/** Of a heat map, at most. */
const MOST = 12;

/**
 * The local maxima of a heat map: cells that are the highest of the 3×3 around them, the first of equals in row order.
 * @param heat [h, w]
 * @param toPlace where in the image the joint lies, of a cell
 * @returns by descending score
 */
export function peaksOf(
  heat: Float32Array,
  h: number,
  w: number,
  toPlace: (row: number, column: number) => { x: number; y: number },
): Peak[] {
  const found: { row: number; column: number; score: number }[] = [];
  for (let row = 0, cell = 0; row < h; row++) {
    for (let column = 0; column < w; column++, cell++) {
      const score = heat[cell];
      if (score >= LOWEST && isHighest(heat, h, w, row, column)) found.push({ row, column, score });
    }
  }
  found.sort((a, b) => b.score - a.score);
  return found.slice(0, MOST).map(({ row, column, score }) => ({ ...toPlace(row, column), score }));
}

function isHighest(heat: Float32Array, h: number, w: number, row: number, column: number): boolean {
  const value = heat[row * w + column];
  for (let y = Math.max(0, row - 1); y <= Math.min(h - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(w - 1, column + 1); x++) {
      const other = heat[y * w + x];
      if (other > value || (other === value && y * w + x < row * w + column)) return false;
    }
  }
  return true;
}

/**
 * The peaks of plain heat maps [K, h, w] over a window. The highest of each is the decoded joint; the others are refined by a
 * quarter of a cell (native/kernels/decode), however that was.
 * @param joints as decoded
 */
export function heatmapPeaks(
  heatmaps: Float32Array,
  joints: readonly Joint[],
  window: Window,
  h: number,
  w: number,
): Peak[][] {
  return joints.map((joint, k) => {
    const heat = heatmaps.subarray(k * h * w, (k + 1) * h * w);
    const [, ...others] = peaksOf(heat, h, w, (row, column) => {
      const { x, y } = quarterStep(heat, h, w, row, column);
      return toImage(window, w, x, y);
    });
    return joint.score >= LOWEST ? [joint, ...others] : [];
  });
}

/** A quarter of a cell towards the higher neighbour on either axis; not at the map's edge. */
function quarterStep(heat: Float32Array, h: number, w: number, y: number, x: number): { x: number; y: number } {
  if (!(x > 1 && x < w - 1 && y > 1 && y < h - 1)) return { x, y };
  const at = y * w + x;
  return {
    x: x + 0.25 * Math.sign(heat[at + 1] - heat[at - 1]),
    y: y + 0.25 * Math.sign(heat[at + w] - heat[at - w]),
  };
}
