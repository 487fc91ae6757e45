import { toImage } from '../geometry/window.js';
import type { Joint, Window } from '../types.js';

/**
 * MoveNet's own decoding: the joints of the person in the middle of the window, not of the neighbour who looks sharper.
 * Legend: h×w cells at stride 4   Q joints (17, COCO)   pairs of channels are (y, x).
 */
export interface MoveNetMaps {
  h: number;
  w: number;
  /** [Q, h, w], 0–1 */
  heatmap: Float32Array;
  /** [2Q, h, w] joint minus cell, in cells. */
  offset: Float32Array;
  /** [2Q, h, w] joint minus the person's centre cell, in cells. */
  regress: Float32Array;
  /** [1, h, w] logits */
  center: Float32Array;
}

/** Softens the inverse-distance weights, in cells; the value is MoveNet's. */
export const DISTANCE_OFFSET = 1.8;

/**
 * Person: the cell that maximises σ(center) / (distance to the window's middle + 1.8). Joint: the cell that maximises
 * heat map / (distance to where the person's cell expects the joint + 1.8), plus that cell's offset.
 * @returns Q joints in image pixels; score = the heat map's value at the chosen cell
 */
export function decodeMoveNetPose(maps: MoveNetMaps, window: Window): Joint[] {
  const { h, w } = maps;
  const plane = h * w;
  const person = argmaxNear(h / 2, w / 2, h, w, (cell) => 1 / (1 + Math.exp(-maps.center[cell])));
  const personRow = Math.floor(person / w);
  const personColumn = person % w;
  const joints: Joint[] = [];
  for (let q = 0; q < maps.heatmap.length / plane; q++) {
    const row = personRow + maps.regress[2 * q * plane + person];
    const column = personColumn + maps.regress[(2 * q + 1) * plane + person];
    const heat = maps.heatmap.subarray(q * plane, (q + 1) * plane);
    const cell = argmaxNear(row, column, h, w, (index) => heat[index]);
    const y = Math.floor(cell / w) + maps.offset[2 * q * plane + cell];
    const x = (cell % w) + maps.offset[(2 * q + 1) * plane + cell];
    joints.push({ ...toImage(window, w, x, y), score: heat[cell] });
  }
  return joints;
}

/** The cell with the largest value / (distance to (row, column) + 1.8); the first of equals. */
function argmaxNear(row: number, column: number, h: number, w: number, value: (cell: number) => number): number {
  let best = -Infinity;
  let bestCell = 0;
  for (let cell = 0, y = 0; y < h; y++) {
    for (let x = 0; x < w; x++, cell++) {
      const weighted = value(cell) / (Math.hypot(y - row, x - column) + DISTANCE_OFFSET);
      if (weighted > best) {
        best = weighted;
        bestCell = cell;
      }
    }
  }
  return bestCell;
}
