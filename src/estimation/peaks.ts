import { toImage } from '../geometry/window.js';
import type { Joint, Window } from '../types.js';

/** A place that a heat map offers for its joint; in image pixels, the score is the heat map's value there. */
export type Peak = Pick<Joint, 'x' | 'y' | 'score'>;

/**
 * What the heat maps of a window offer for its joints, in image pixels, by descending score.
 * @param found [K, 12, 3] as `Addon.peaks` gives them
 * @param joints K
 * @param columns of the maps
 */
export function toPeaks(found: Float32Array, joints: number, window: Window, columns: number): Peak[][] {
  const each = found.length / joints;
  return Array.from({ length: joints }, (_, k) => {
    const peaks: Peak[] = [];
    for (let at = k * each; at < (k + 1) * each && found[at + 2] > 0; at += 3) {
      peaks.push({ ...toImage(window, columns, found[at], found[at + 1]), score: found[at + 2] });
    }
    return peaks;
  });
}

/**
 * The same of plain heat maps: the highest of each is the decoded joint; the others are refined by a quarter of a cell, however that was.
 * @param joints as decoded
 */
export function heatmapPeaks(found: Float32Array, joints: readonly Joint[], window: Window, columns: number): Peak[][] {
  return toPeaks(found, joints.length, window, columns).map(([first, ...others], k) =>
    first ? [joints[k], ...others] : [],
  );
}
