/*
 * The flip test: everyone is looked at in the mirror, too, and the maps of both looks are averaged, as by HRNet's code and mmpose.
 * Legend: W columns of a crop   w of a map   s = W / w its stride; cell x lies at the crop's pixel s·x.
 *
 * A crop's pixel i comes to W − 1 − i, so that a place x of its maps comes to x' = w − 1/s − x. Turned back column by column it would lie most
 * of a cell too far left: HRNet's code (SHIFT_HEATMAP) and mmpose (shift_heatmap) move it one column to the right, j' → w − j'. The 1/s that is left over they
 * let be; places that a net gives relative to cells are corrected by it.
 */
import type { OwnPoseConfig } from '../bundle/config.js';
import { turned, unturned, type CellTransform } from '../geometry/window.js';
import { COCO_JOINTS, mirrored } from '../joints.js';
import type { Outputs } from '../onnx/outputs.js';
import type { PersonWindow } from '../types.js';

/** The same person's window in the mirror, with the coarse pose as it appears there. @param columns W */
export function inMirror({ window, coarsePose, inFront }: PersonWindow, columns: number): PersonWindow {
  const order = mirrorOrder(COCO_JOINTS);
  const pixel = window.width / columns;
  const mirrored = coarsePose?.slice();
  for (const [q, other] of order.entries()) {
    const [x, y] = coarsePose?.subarray(2 * other, 2 * other + 2) ?? [];
    const way = unturned(window.turn, x - window.centreX, y - window.centreY);
    const there = turned(window.turn, -pixel - way.x, way.y);
    mirrored?.set([window.centreX + there.x, window.centreY + there.y], 2 * q);
  }
  return { window, coarsePose: mirrored, inFront, mirrored: true };
}

/** Mirrors planes in place. @param planes [.., columns] */
export function mirrorRows(planes: Float32Array, columns: number): void {
  for (let start = 0; start < planes.length; start += columns) planes.subarray(start, start + columns).reverse();
}

/** By joint, which one it is in the mirror. */
export function mirrorOrder(joints: readonly string[]): number[] {
  return joints.map((name, k) => {
    const other = joints.indexOf(mirrored(name));
    return other < 0 ? k : other;
  });
}

/** The same from pairs of indices, of K joints. */
export function orderOfPairs(pairs: readonly (readonly [number, number])[], K: number): number[] {
  const order = Array.from({ length: K }, (_, k) => k);
  for (const [a, b] of pairs) [order[a], order[b]] = [b, a];
  return order;
}

/**
 * Maps of a mirrored crop as maps of the crop.
 * @param maps [C, h, w]
 * @param order channel c comes from channel order[c], [C]
 */
export function turnedBack(maps: Float32Array, w: number, order: readonly number[]): Float32Array {
  const plane = maps.length / order.length;
  const result = new Float32Array(maps.length);
  for (const [c, from] of order.entries()) {
    for (let row = 0; row < plane; row += w) {
      const source = maps.subarray(from * plane + row, from * plane + row + w);
      const target = result.subarray(c * plane + row, c * plane + row + w);
      for (let x = 1; x < w; x++) target[x] = source[w - x];
      target[0] = source[w - 1]; // nothing comes from beyond the edge: as HRNet's code has it
    }
  }
  return result;
}

/**
 * The same of places relative to their cells.
 * @param maps [2Q, h, w] y and x by turns, in cells
 * @param order of the Q joints
 * @param stride s
 */
function placesTurnedBack(maps: Float32Array, w: number, order: readonly number[], stride: number): Float32Array {
  const result = turnedBack(maps, w, order.flatMap((from) => [2 * from, 2 * from + 1])); // prettier-ignore
  const plane = maps.length / (2 * order.length);
  for (const c of order.keys()) {
    const x = result.subarray((2 * c + 1) * plane, (2 * c + 2) * plane);
    for (let i = 0; i < plane; i++) x[i] = -x[i] - 1 / stride;
  }
  return result;
}

/**
 * The outputs of a mirrored crop as those of the crop, in memory of their own.
 * @param outputs [1, …] each
 * @param columns W
 */
export function outputsTurnedBack(outputs: Outputs, config: OwnPoseConfig, columns: number): Outputs {
  const order = mirrorOrder(config.joints);
  const turn = (name: string, turned: (data: Float32Array, w: number) => Float32Array): Outputs => {
    const { dims, data } = outputs[name];
    return { [name]: { dims, data: turned(data, dims[3]) } };
  };
  if (config.kind === 'heatmaps') return turn(config.output, (data, w) => turnedBack(data, w, order));
  const { heatmap, offset, regress, center } = config.outputs;
  const places = (data: Float32Array, w: number): Float32Array => placesTurnedBack(data, w, order, columns / w);
  return {
    ...turn(heatmap, (data, w) => turnedBack(data, w, order)),
    ...turn(center, (data, w) => turnedBack(data, w, [0])),
    ...turn(offset, places),
    ...turn(regress, places),
  };
}

/** The mean of maps of one shape. */
export function averaged(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => (value + b[i]) / 2);
}

/** What `betweenGrids` gives, for the grids of two mirrored windows. @param w, stride of the grid that is mapped to */
export function transformInMirror({ scale, shiftX, shiftY }: CellTransform, w: number, stride: number): CellTransform {
  return { scale, shiftX: (w - 1 / stride) * (1 - scale) - shiftX, shiftY };
}
