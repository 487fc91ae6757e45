import { iou, longerSide } from '../geometry/boxes.js';
import { isCutOff } from '../geometry/cut-off.js';
import type { Box } from '../types.js';

/*
 * At which scales a frame is looked at. A scale is the length, in the detector's input, of the frame's longer side. The
 * detector knows people from about 64 to 300 pixels of its input (recall by height: docs/accuracy.md), and a scale costs four
 * times as much as the next smaller one: people who are known are looked for where they suit, and newcomers of other sizes
 * every now and then.
 */

/** Heights in the input, in pixels, at which people are found best; beyond them, another scale serves better. */
export const GOOD_HEIGHT = { least: 64, most: 300 };
/** Where the smallest people known are smaller, still smaller ones are looked for, too. */
const SMALL_HEIGHT = 40;
/** Beyond, only parts of people are found, and taken for people. */
const LARGEST_FOUND = 320;
/** Whoever is larger where they were seen last may be too large for a scale by now, coming nearer: a coarser one is looked at, too. */
const GROWING = 200;
/** Smaller people are missed more often: so often at half of the good height; measured: at 44 pixels by one in six, at 28 by one in two. */
const MISSED_AT_HALF = 0.4;
/**
 * People who overlap are told apart only at so many times the height: of those 64 to 140 pixels high on labelled stills, a third is missed, of others
 * one in ten.
 */
const OVERLAPPING = 2.5;
/** Boxes that share so much (IoU). */
const OVERLAP = 0.1;
/** What is spent on someone missed, in looks at one place: in this frame, and where they went, came back, and who else they may be. */
const LOOKS_MISSED = 6;
/** A look at one place: pixels a side of the detector's input. */
export const PLACE_INPUT = 160;
/**
 * The scale for people larger than the frame, of whom the detector, which has learnt whole people, misses one in three at the next: the frame
 * lies in the middle of LEAST_INPUT pixels, with room around for what it cuts off.
 */
const BEYOND = 128;
export const LEAST_INPUT = 256;
/** Whom the frame cuts off is missed so often without that room. */
const MISSED_CUT_OFF = 0.3;
/** The largest scale whose cost a frame without known people is worth. */
const USUAL = 512;
const WIDE = 1024;
const LARGEST = 2048;
/** Frames are enlarged no further than so. */
const ENLARGEMENT = 2;

/** The scales for frames of a size, ascending: 128, 256, 512, … up to twice the frame, 2048 at most. */
export function scalesFor(longerSide: number): number[] {
  const scales = [BEYOND, LEAST_INPUT];
  while (scales.at(-1)! * 2 <= Math.min(LARGEST, longerSide * ENLARGEMENT)) scales.push(scales.at(-1)! * 2);
  return scales;
}

/** Somebody known. */
export interface Known {
  /** The longer side of the box, in pixels of the frame. */
  height: number;
  /** Whether their box shares much with somebody else's. */
  overlaps: boolean;
}

/** People as scales are chosen for them: who overlaps whom is told by their boxes. */
export function knownOf(boxes: readonly Box[]): Known[] {
  return boxes.map((box) => ({
    height: longerSide(box),
    overlaps: boxes.some((other) => other !== box && iou(other, box) >= OVERLAP),
  }));
}

/**
 * The scales at which the people known are found at the least cost: whoever is missed is looked for at their place, which
 * costs as much as PLACE_INPUT² pixels of the input, several times. So a few rather small people are worth no finer scale,
 * many are.
 * @returns ascending; the usual ones where nobody is known
 */
export function scalesOf(people: readonly Known[], frame: { width: number; height: number }): number[] {
  const longest = Math.max(frame.width, frame.height);
  const all = scalesFor(longest);
  if (people.length === 0) return all.filter((scale) => scale <= USUAL);
  const scales = people.some(({ height }) => isCutOff(height, frame)) ? all : all.slice(1);
  const inInput = (height: number, scale: number): number => (height * scale) / longest;
  const missedAt = ({ height, overlaps }: Known, scale: number): number =>
    Math.max(
      missedShare(inInput(height, scale), overlaps),
      scale > BEYOND && isCutOff(height, frame) ? MISSED_CUT_OFF : 0,
    );
  let best = scales;
  let least = Infinity;
  for (let subset = 1; subset < 1 << scales.length; subset++) {
    const some = scales.filter((_, i) => subset & (1 << i));
    // Of who is too large, a scale sees parts and takes them for people: only the smallest scale cannot help it.
    if (some[0] > scales[0] && people.some(({ height }) => inInput(height, some[0]) > GROWING)) continue;
    const missed = people.reduce((total, one) => total + Math.min(...some.map((scale) => missedAt(one, scale))), 0);
    const cost = pixelsOf(some, frame) + missed * LOOKS_MISSED * PLACE_INPUT ** 2;
    if (cost < least) [best, least] = [some, cost];
  }
  return best;
}

/** How often someone of a height, in pixels of the input, is missed, 0–1. */
function missedShare(height: number, overlaps: boolean): number {
  if (height > LARGEST_FOUND) return 1;
  const least = GOOD_HEIGHT.least * (overlaps ? OVERLAPPING : 1);
  return Math.min(1, MISSED_AT_HALF * Math.max(0, least / height - 1));
}

/** Pixels of the detector's input, which its time is in proportion to, for a frame at some scales. */
export function pixelsOf(scales: readonly number[], { width, height }: { width: number; height: number }): number {
  const longerSide = Math.max(width, height);
  const pixels = (width * height) / longerSide ** 2;
  return scales.reduce((total, scale) => total + pixels * Math.max(scale, LEAST_INPUT) ** 2, 0);
}

/**
 * The scales at which newcomers are looked for, beside those of the people known.
 * @param wide whether newcomers of any size: up to 1024, and beyond where the smallest people known are small even there
 */
export function searchingScales(
  people: readonly Known[],
  frame: { width: number; height: number },
  wide: boolean,
): number[] {
  const longest = Math.max(frame.width, frame.height);
  const known = people.length > 0 ? scalesOf(people, frame) : [];
  const smallest = Math.min(...people.map(({ height }) => height));
  return scalesFor(longest).filter((scale) => {
    if (scale <= USUAL || known.includes(scale)) return true;
    return wide && (scale <= WIDE || (smallest * scale) / 2 / longest < SMALL_HEIGHT);
  });
}
