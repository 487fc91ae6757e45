/*
 * Of people who were in one another's way, the numbers may be exchanged afterwards. How each looked before, with nobody in the way, tells whose is whose.
 */
import { distanceBetween, longerSide } from '../geometry/boxes.js';
import { colourDifference } from './colours.js';
import type { Sight } from './sight.js';

/** How somebody looked. */
export interface Look {
  sight: Sight;
  /** See colours.ts. */
  colours: Float32Array;
  /** Nobody was in the way; else it is how they were seen first. */
  isPlain: boolean;
}

/**
 * Whose colours differ by less may be one person. Measured in plain sight, a second or two apart: of one person 0.03, in nine of ten pairs up to 0.10; of two
 * 0.35, in nine of ten 0.20 and more.
 */
export const SAME_COLOURS = 0.15;
/** What of the difference must be gained, so that two exchange their numbers. */
const LEAST_GAIN = 0.15;
/** Nobody leaps farther from one frame to the next, in lengths of the box's longer side: both ways together. */
const LONGEST_LEAP = 0.5;

/**
 * What is gained where somebody has another one's number: how much less the colours differ from that one's than from their own.
 * @param now colours of who has the number of `own`, with nobody in the way
 * @param otherNow the same of the other one; null where they are not seen
 * @param isPlain whether nobody is in the other one's way; else their colours can only speak against it
 * @returns 0 where they should keep their numbers
 */
export function gainOf(
  own: Look,
  other: Look,
  now: Float32Array,
  otherNow: Float32Array | null,
  isPlain: boolean,
): number {
  const difference = colourDifference(now, other.colours);
  if (difference >= SAME_COLOURS) return 0;
  const gain = colourDifference(now, own.colours) - difference;
  const theirs = otherNow ? colourDifference(otherNow, other.colours) - colourDifference(otherNow, own.colours) : 0;
  const both = gain + (isPlain ? theirs : Math.min(0, theirs));
  return both > LEAST_GAIN ? both : 0;
}

/**
 * The frame after which one was taken for the other: where their ways exchanged are the shortest.
 * @param a, b by frame
 * @param start, end frames between which it was
 * @returns null where they would have to leap
 */
export function turnOf(
  a: ReadonlyMap<number, Sight>,
  b: ReadonlyMap<number, Sight>,
  start: number,
  end: number,
): number | null {
  const seen = (sights: ReadonlyMap<number, Sight>, from: number, step: 1 | -1): Sight | undefined => {
    for (let frame = from; frame >= start && frame <= end; frame += step)
      if (sights.has(frame)) return sights.get(frame);
    return undefined;
  };
  const way = (from?: Sight, to?: Sight): number =>
    from && to ? distanceBetween(from.box, to.box) / longerSide(to.box) : 0;
  let turn: number | null = null;
  let least = LONGEST_LEAP;
  for (let frame = start; frame < end; frame++) {
    const [fromA, fromB] = [seen(a, frame, -1), seen(b, frame, -1)];
    const [toA, toB] = [seen(a, frame + 1, 1), seen(b, frame + 1, 1)];
    const leap = way(fromA, toB) + way(fromB, toA) - way(fromA, toA) - way(fromB, toB);
    if (leap < least) [turn, least] = [frame, leap];
  }
  return turn;
}
