/*
 * How the camera moves from frame to frame: the shift, and the scale, under which most of the picture's well marked points look as in an earlier frame,
 * the anchor (Gauss-Newton on a pyramid with Tukey's weights, for which whatever goes elsewhere is an outlier; where people are known to be does not
 * count at all). An anchor serves as long as it fits, so that errors do not add up, and only what makes the frames more alike is a motion: a camera
 * that stands moves by nothing.
 */
import { followedBy, reversed, STILL, type Motion } from '../geometry/motion.js';
import type { Box, Image } from '../types.js';
import type { Frame } from './frame.js';

/** Cells a side of the grey copies that are compared, coarse to fine. */
const SIDES = [24, 48, 96] as const;
const FINE = SIDES[2];
/** Pixels a side that a cell of the finest is the mean of, where a frame has no small copy. */
const SAMPLES = 2;
/** Points are taken from so many parts a side, the best marked ones, so many of each: nothing is more than its share of the picture. */
const PARTS = 12;
const POINTS = 4;
/**
 * Where fewer of the parts in which nobody is known have any point, what is marked may be people of whom nobody knows yet, before a plain wall: of the
 * camera nothing is known. Seen in real footage: 107 and more of all 144.
 */
const LEAST_PARTS = 1 / 3;
/** Levels of grey a cell by which the brightness changes at a well marked point. */
const MARKED = 6;
/** Fewer points say nothing. */
const FEWEST = 60;
/** Brightness may be off by noise, in levels of grey, and by so many cells' slope; what is off by so many times that does not belong. */
const NOISE = 6;
const OFF = 0.4;
const OUTLIER = 2.5;
/** Likeness with the anchor from which on a motion is believed; the anchor serves for the next frame, too; nothing has moved far. */
const BELIEVED = 0.45;
const SERVES = 0.8;
const SURE = 0.85;
/**
 * A motion counts by which the frames are more alike than without: by so much, and so much more for every cell that it moves the picture's edge; and which moves
 * it at all. Where a picture has hardly anything but lines along the way, it looks the same wherever it is.
 */
const GAIN = 0.01;
const LEAST = 0.1;
/** An anchor serves as far as this, as a share of the picture. */
const REACH = 0.2;
/** Steps towards the best fit on each copy; shorter ones, in cells of the finest, end it. */
const ROUNDS = 6;
const ENOUGH = 0.02;
/** Cells of the coarsest copy, to each side, in which the picture is looked for where it is not about where it was. */
const SEARCH = 5;

/** [side, side] */
type Grey = Float32Array;

/** Well marked points of an anchor. */
interface Points {
  side: number;
  /** From the picture's middle, in cells. */
  x: Float32Array;
  y: Float32Array;
  /** Levels of grey, and a cell. */
  value: Float32Array;
  slopeX: Float32Array;
  slopeY: Float32Array;
  /** How far the brightness may be off. */
  tolerance: Float32Array;
}

/** Where an anchor's picture lies in a frame, in cells of the finest copy about its middle, and by how much it is lighter. */
interface Fit extends Motion {
  lighter: number;
}

interface Alignment {
  fit: Fit;
  /** 0–1, see `likenessOf`. */
  likeness: number;
  /** Whether it lies elsewhere than in the frame before. */
  moves: boolean;
}

const SAME: Fit = { ...STILL, lighter: 0 };

export class CameraPath {
  /** From the first frame of the scene to each, those not forgotten. */
  private readonly path = new Map<number, Motion>();
  private last: Motion = STILL;
  private size = { width: 0, height: 0 };
  /** By copy. */
  private points: Points[] = [];
  /** From the first frame of the scene to the anchor. */
  private anchored: Motion = STILL;
  /** Of the frame before. */
  private fit: Fit = SAME;

  /**
   * Takes the next frame.
   * @param image null where it could not be read
   * @param people where they were not long ago
   */
  next(
    index: number,
    image: (Image & Pick<Frame, 'small'>) | null,
    newScene: boolean,
    people: readonly Box[] = [],
  ): void {
    if (image) this.last = this.follow(image, newScene, people);
    this.path.set(index, this.last);
  }

  /** How what stands moved in the picture from one frame to another, earlier or later, of the same scene. */
  between(from: number, to: number): Motion {
    const [before, after] = [this.path.get(from), this.path.get(to)];
    return before && after && before !== after ? followedBy(reversed(before), after) : STILL;
  }

  forget(index: number): void {
    this.path.delete(index);
  }

  private follow(image: Image & Pick<Frame, 'small'>, newScene: boolean, people: readonly Box[]): Motion {
    const { width, height } = image;
    const copies = copiesOf(image);
    const hidden = coveredBy(people, image);
    const isOther = newScene || width !== this.size.width || height !== this.size.height;
    this.size = { width, height };
    if (isOther) return this.anchor(copies, hidden, STILL);
    const { fit, likeness, moves } = this.align(copies, hidden);
    if (likeness < BELIEVED) return this.anchor(copies, hidden, this.last);
    const now = moves ? followedBy(this.anchored, this.inPixels(fit)) : this.last;
    this.fit = fit;
    const isFar = Math.hypot(fit.x, fit.y) > REACH * FINE || Math.abs(Math.log(fit.scale)) > REACH;
    return likeness < SERVES || isFar ? this.anchor(copies, hidden, now) : now;
  }

  private anchor(copies: readonly Grey[], hidden: Uint8Array, motion: Motion): Motion {
    this.points = copies.map((copy, level) => pointsOf(copy, SIDES[level], hidden));
    this.fit = SAME;
    return (this.anchored = motion);
  }

  /** Where the anchor's picture lies in a frame: as in the frame before, unless it is more alike elsewhere, or larger or smaller. */
  private align(copies: readonly Grey[], hidden: Uint8Array): Alignment {
    const { points } = this;
    const aligned = (fit: Fit, moves: boolean): Alignment => ({
      fit,
      likeness: likenessOf(points[2], copies[2], fit, hidden),
      moves,
    });
    const same = relit(points[2], copies[2], this.fit, hidden);
    let best = aligned(same, false);
    if (best.likeness === 0) return best;
    const consider = (start: Fit, level: number, scales: boolean): void => {
      const other = aligned(refined(points, copies, start, { level, scales, hidden }), true);
      const cells = distance(other.fit, best.fit);
      if (cells >= LEAST && other.likeness > best.likeness + GAIN * (1 + cells)) best = other;
    };
    consider(same, best.likeness < SURE ? 1 : 2, false);
    if (best.likeness < SERVES) consider(searched(points[0], copies[0], same, hidden), 0, false);
    consider(best.fit, best.likeness < SURE ? 1 : 2, true);
    return best;
  }

  private inPixels({ scale, x, y }: Fit): Motion {
    const { width, height } = this.size;
    const shift = (size: number, cells: number): number => (size / 2) * (1 - scale) + (cells * size) / FINE;
    return { scale, x: shift(width, x), y: shift(height, y) };
  }
}

/** How far apart two fits are at the picture's edge, in cells. */
function distance(a: Fit, b: Fit): number {
  return Math.hypot(a.x - b.x, a.y - b.y) + (Math.abs(a.scale - b.scale) * FINE) / 2;
}

/** Grey copies of a frame, coarse to fine. */
function copiesOf(image: Image & Pick<Frame, 'small'>): Grey[] {
  const fine = image.small?.width === FINE && image.small.height === FINE ? Float32Array.from(image.small.data) : sampled(image); // prettier-ignore
  const middle = halved(fine, FINE);
  return [halved(middle, FINE / 2), middle, fine];
}

/** The green of an image, each cell the mean of a few pixels. */
function sampled({ width, height, data }: Image): Grey {
  const cells = new Float32Array(FINE * FINE);
  const samples = FINE * SAMPLES;
  const columns = Int32Array.from({ length: samples }, (_, i) => 3 * Math.floor(((i + 0.5) * width) / samples) + 1);
  for (let row = 0; row < samples; row++) {
    const start = 3 * width * Math.floor(((row + 0.5) * height) / samples);
    const cell = FINE * Math.floor(row / SAMPLES);
    for (let column = 0; column < samples; column++)
      cells[cell + Math.floor(column / SAMPLES)] += data[start + columns[column]];
  }
  for (let cell = 0; cell < cells.length; cell++) cells[cell] /= SAMPLES ** 2;
  return cells;
}

/** @returns [side / 2, side / 2] */
function halved(grey: Grey, side: number): Grey {
  const half = side / 2;
  const cells = new Float32Array(half * half);
  for (let row = 0; row < half; row++) {
    for (let column = 0; column < half; column++) {
      const at = 2 * row * side + 2 * column;
      cells[row * half + column] = (grey[at] + grey[at + 1] + grey[at + side] + grey[at + side + 1]) / 4;
    }
  }
  return cells;
}

/** [FINE, FINE], 1 in the cells that boxes touch. */
function coveredBy(boxes: readonly Box[], size: { width: number; height: number }): Uint8Array {
  const covered = new Uint8Array(FINE * FINE);
  const cell = (place: number, pixels: number): number =>
    Math.min(FINE - 1, Math.max(0, Math.floor((place * FINE) / pixels)));
  for (const { x, y, width, height } of boxes) {
    const [left, right] = [cell(x, size.width), cell(x + width, size.width)];
    for (let row = cell(y, size.height); row <= cell(y + height, size.height); row++)
      covered.fill(1, row * FINE + left, row * FINE + right + 1);
  }
  return covered;
}

/** The best marked points of every part of a picture where nobody is; none where they are in too few parts. */
function pointsOf(grey: Grey, side: number, hidden: Uint8Array): Points {
  const slopeX = (at: number): number => (grey[at + 1] - grey[at - 1]) / 2;
  const slopeY = (at: number): number => (grey[at + side] - grey[at - side]) / 2;
  const cells = side / Math.min(PARTS, side / 4);
  const chosen: number[] = [];
  let [marked, visible] = [0, 0];
  const best = new Float32Array(POINTS);
  const places = new Int32Array(POINTS);
  for (let top = 0; top < side; top += cells) {
    for (let left = 0; left < side; left += cells) {
      best.fill(MARKED);
      places.fill(-1);
      let isVisible = false;
      for (let row = Math.max(1, top); row < Math.min(side - 1, top + cells); row++) {
        for (let column = Math.max(1, left); column < Math.min(side - 1, left + cells); column++) {
          if (isHidden(hidden, side, column, row)) continue;
          isVisible = true;
          const at = row * side + column;
          const slope = Math.hypot(slopeX(at), slopeY(at));
          let rank = POINTS;
          while (rank > 0 && slope > best[rank - 1]) rank--;
          if (rank === POINTS) continue;
          best.copyWithin(rank + 1, rank, POINTS - 1);
          places.copyWithin(rank + 1, rank, POINTS - 1);
          [best[rank], places[rank]] = [slope, at];
        }
      }
      if (isVisible) visible++;
      if (places[0] >= 0) marked++;
      chosen.push(...places.filter((at) => at >= 0));
    }
  }
  if (marked < LEAST_PARTS * visible) chosen.length = 0;
  const of = (value: (at: number) => number): Float32Array => Float32Array.from(chosen, value);
  const middle = (side - 1) / 2;
  return {
    side,
    x: of((at) => (at % side) - middle),
    y: of((at) => Math.floor(at / side) - middle),
    value: of((at) => grey[at]),
    slopeX: of(slopeX),
    slopeY: of(slopeY),
    tolerance: of((at) => NOISE + OFF * Math.hypot(slopeX(at), slopeY(at))),
  };
}

function isHidden(hidden: Uint8Array, side: number, column: number, row: number): boolean {
  const cells = FINE / side;
  return hidden[Math.floor((row + 0.5) * cells) * FINE + Math.floor((column + 0.5) * cells)] === 1;
}

/** How much lighter a frame is than it should be where the anchor's points lie; NaN beyond the frame, and where somebody is. */
function errorsOf(points: Points, grey: Grey, { scale, lighter, ...shift }: Fit, hidden: Uint8Array): Float32Array {
  const { side, x, y, value } = points;
  const errors = new Float32Array(x.length).fill(NaN);
  const middle = (side - 1) / 2;
  const [shiftX, shiftY] = [(shift.x * side) / FINE + middle, (shift.y * side) / FINE + middle];
  for (let i = 0; i < x.length; i++) {
    const [column, row] = [scale * x[i] + shiftX, scale * y[i] + shiftY];
    if (!(column >= 0 && row >= 0 && column < side - 1 && row < side - 1)) continue;
    const [left, top] = [Math.floor(column), Math.floor(row)];
    if (isHidden(hidden, side, left, top)) continue;
    const [right, down] = [column - left, row - top];
    const at = top * side + left;
    const upper = grey[at] + right * (grey[at + 1] - grey[at]);
    const lower = grey[at + side] + right * (grey[at + side + 1] - grey[at + side]);
    errors[i] = upper + down * (lower - upper) - value[i] - lighter;
  }
  return errors;
}

/** Tukey's biweight of an error: 1 for none, 0 from OUTLIER tolerances on, and where there is none to tell. */
function weightOf(error: number, tolerance: number): number {
  const far = error / (OUTLIER * tolerance);
  return Math.abs(far) < 1 ? (1 - far * far) ** 2 : 0;
}

/** The mean weight of an anchor's points that can be told in a frame: 1 where all look the same, 0 where too few can be told. */
function likenessOf(points: Points, grey: Grey, fit: Fit, hidden: Uint8Array): number {
  const errors = errorsOf(points, grey, fit, hidden);
  let [total, count] = [0, 0];
  for (const [i, error] of errors.entries()) {
    if (Number.isNaN(error)) continue;
    total += weightOf(error, points.tolerance[i]);
    count++;
  }
  return count < FEWEST * (points.side / FINE) ? 0 : total / count;
}

/** A fit by which most of the anchor's points are as light in a frame as they should be. */
function relit(points: Points, grey: Grey, fit: Fit, hidden: Uint8Array): Fit {
  const errors = errorsOf(points, grey, fit, hidden)
    .filter((error) => !Number.isNaN(error))
    .sort();
  return errors.length > 0 ? { ...fit, lighter: fit.lighter + errors[errors.length >> 1] } : fit;
}

/** The most alike of the shifts by whole cells about a fit. */
function searched(points: Points, grey: Grey, start: Fit, hidden: Uint8Array): Fit {
  const cell = FINE / points.side;
  let [best, most] = [start, 0];
  for (let down = -SEARCH; down <= SEARCH; down++) {
    for (let right = -SEARCH; right <= SEARCH; right++) {
      const fit = { ...start, x: start.x + right * cell, y: start.y + down * cell };
      const likeness = likenessOf(points, grey, fit, hidden);
      if (likeness > most) [best, most] = [fit, likeness];
    }
  }
  return best;
}

/** A fit made better on one copy after the other, from a level on. @param scales whether its scale is, too */
function refined(
  levels: readonly Points[],
  copies: readonly Grey[],
  start: Fit,
  { level: first, scales, hidden }: { level: number; scales: boolean; hidden: Uint8Array },
): Fit {
  let fit = start;
  for (let level = first; level < levels.length; level++) {
    const cell = FINE / levels[level].side;
    for (let round = 0; round < ROUNDS; round++) {
      const step = stepOf(levels[level], errorsOf(levels[level], copies[level], fit, hidden), scales);
      if (!step) break;
      const before = fit;
      const [x, y, scale, lighter] = step;
      fit = { scale: fit.scale + scale, x: fit.x + x * cell, y: fit.y + y * cell, lighter: fit.lighter + lighter };
      if (distance(fit, before) < ENOUGH) break;
    }
  }
  return fit;
}

/** What is to be added to shift (cells), scale and brightness so that errors become least; null where they do not tell. */
function stepOf(points: Points, errors: Float32Array, scales: boolean): number[] | null {
  const { x, y, slopeX, slopeY, tolerance } = points;
  // Normal equations of slope · (shift + scale · place) − lighter = −error: their upper half, and the right side.
  const normal = new Float64Array(SIZE * (SIZE + 1));
  const row = new Float64Array(SIZE + 1);
  for (let i = 0; i < errors.length; i++) {
    const weight = weightOf(errors[i], tolerance[i]);
    if (weight === 0) continue;
    row[0] = slopeX[i];
    row[1] = slopeY[i];
    row[2] = scales ? slopeX[i] * x[i] + slopeY[i] * y[i] : 0;
    row[3] = -1;
    row[4] = -errors[i];
    for (let a = 0; a < SIZE; a++)
      for (let b = a; b <= SIZE; b++) normal[(SIZE + 1) * a + b] += weight * row[a] * row[b];
  }
  if (!scales) normal[(SIZE + 1) * 2 + 2] = 1;
  return solved(normal);
}

const SIZE = 4;

/** SIZE equations, of whose symmetric left side the upper half is given; null where they have no one answer. */
function solved(upper: Float64Array): number[] | null {
  const at = (row: number, column: number): number => (SIZE + 1) * row + column;
  for (let row = 0; row < SIZE; row++) {
    if (!(upper[at(row, row)] > 1e-6)) return null;
    for (let other = row + 1; other < SIZE; other++) {
      const share = upper[at(row, other)] / upper[at(row, row)];
      for (let column = other; column <= SIZE; column++) upper[at(other, column)] -= share * upper[at(row, column)];
    }
  }
  const answer = new Array<number>(SIZE).fill(0);
  for (let row = SIZE - 1; row >= 0; row--) {
    let value = upper[at(row, SIZE)];
    for (let column = row + 1; column < SIZE; column++) value -= upper[at(row, column)] * answer[column];
    answer[row] = value / upper[at(row, row)];
  }
  return answer;
}
