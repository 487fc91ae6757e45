import { inWindow, toImage } from '../geometry/window.js';
import { expectationWeight } from './expectation.js';
import { DISTANCE_OFFSET } from '../onnx/located-joints.js';
import type { WindowPose } from './one-joint-one-person.js';
import { peaksOf, type Peak } from './peaks.js';
import type { Joint, PersonWindow } from '../types.js';

/**
 * MoveNet's own decoding: the joints of the person who is meant, else of the one in the middle of the window; not of the
 * neighbour who looks sharper.
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

/** A place in the maps, in cells. */
interface Cell {
  row: number;
  column: number;
}

/**
 * Joint: the cell that maximises the heat map, weighted by how near it is to where the joint is expected, plus that cell's offset.
 * @param person whose coarse pose says where that is. Without one, and for joints of which it is NaN, MoveNet's own decoding: the person's cell expects the joints,
 * the one that maximises σ(center) / (distance to the window's middle + 1.8), and the weight is 1 / (distance + 1.8)
 * @param company whether to say what else the window offers
 * @returns Q joints in image pixels; score = the heat map's value at the chosen cell
 */
export function decodeMoveNetPose(maps: MoveNetMaps, person: PersonWindow, company: boolean): WindowPose {
  const { h, w } = maps;
  const plane = h * w;
  const { window, coarsePose } = person;
  const said = coarsePose && expectedCells(person, h, w);
  const own = said?.every(isKnown) ? [] : ownExpectation(maps);
  const expected = said?.map((cell, q) => (isKnown(cell) ? cell : own[q])) ?? own;
  const weightOf = (q: number): ((distance: number) => number) =>
    said && isKnown(said[q]) ? expectationWeight(h) : ownWeight;
  const joints: Joint[] = [];
  const peaks: Peak[][] = [];
  for (let q = 0; q < maps.heatmap.length / plane; q++) {
    const heat = maps.heatmap.subarray(q * plane, (q + 1) * plane);
    const cell = argmaxNear(expected[q], h, w, (index) => heat[index], weightOf(q));
    const toPlace = (row: number, column: number): { x: number; y: number } => {
      const at = row * w + column;
      const y = row + maps.offset[2 * q * plane + at];
      const x = column + maps.offset[(2 * q + 1) * plane + at];
      return toImage(window, w, x, y);
    };
    joints.push({ ...toPlace(Math.floor(cell / w), cell % w), score: heat[cell] });
    if (company) peaks.push(peaksOf(heat, h, w, toPlace));
  }
  if (!company) return { joints };
  return { joints, peaks, expected: expected.map(({ row, column }) => toImage(window, w, column, row)) };
}

/** Where a coarse pose lies in maps of its window. */
function expectedCells({ window, coarsePose }: PersonWindow, h: number, w: number): Cell[] {
  return Array.from({ length: coarsePose!.length / 2 }, (_, q) => {
    const { x, y } = inWindow(window, coarsePose![2 * q], coarsePose![2 * q + 1]);
    return { row: y * h, column: x * w };
  });
}

function isKnown({ row, column }: Cell): boolean {
  return !Number.isNaN(row + column);
}

/** Where the person in the middle of the window expects their joints. */
function ownExpectation({ h, w, center, regress }: MoveNetMaps): Cell[] {
  const plane = h * w;
  const middle = { row: h / 2, column: w / 2 };
  const person = argmaxNear(middle, h, w, (cell) => 1 / (1 + Math.exp(-center[cell])), ownWeight);
  return Array.from({ length: regress.length / plane / 2 }, (_, q) => ({
    row: Math.floor(person / w) + regress[2 * q * plane + person],
    column: (person % w) + regress[(2 * q + 1) * plane + person],
  }));
}

/** Of a cell at a distance in cells from where MoveNet expects a joint. */
function ownWeight(distance: number): number {
  return 1 / (distance + DISTANCE_OFFSET);
}

/** The cell with the largest value × weight(distance to a place); the first of equals. Weights are 1 at most. */
function argmaxNear(
  { row, column }: Cell,
  h: number,
  w: number,
  value: (cell: number) => number,
  weight: (distance: number) => number,
): number {
  let best = -Infinity;
  let bestCell = 0;
  for (let cell = 0, y = 0; y < h; y++) {
    for (let x = 0; x < w; x++, cell++) {
      const most = value(cell);
      if (most <= best) continue; // nearly all cells of a heat map
      const weighted = most * weight(Math.sqrt((y - row) ** 2 + (x - column) ** 2));
      if (weighted > best) {
        best = weighted;
        bestCell = cell;
      }
    }
  }
  return bestCell;
}
