import type { Box, Detection } from '../types.js';
import { longerSide } from '../geometry/boxes.js';
import { similarity } from '../geometry/same-person.js';
import { colourDifference } from './colours.js';

/** Similarity under which nobody is where they were expected. */
const LOWEST_SIMILARITY = 0.15;
/** What speaks against a pair: a size e times the other, and colours that have nothing in common. */
const SIZE_PENALTY = 0.5;
const COLOUR_PENALTY = 0.8;
/** Difference of the colours of two sights from which they show different clothes. */
export const OTHER_COLOURS = 0.35;

/** Somebody followed: where and as what they were seen last. */
export interface Followed {
  last: { box: Box };
  /** The last time that nobody was in the way. */
  clear: { box: Box };
  /** As seen then, see colours.ts; null where nobody knows. */
  colours: Float32Array | null;
}

/**
 * How far a detection looks like someone followed: box and coarse pose against where they are expected, less for another size
 * and for other colours, as when one of two who cross is hidden and the other one is the only person near.
 * @param place where they are expected
 * @param colours of the detection
 * @returns up to 1; below 0 where more speaks against it than for it
 */
export function likeness(
  followed: Followed,
  place: Detection,
  detection: Detection,
  colours: Float32Array | null,
): number {
  const difference = colours && followed.colours ? colourDifference(colours, followed.colours) : 0;
  const growth = Math.log(sizeRatio(followed, detection.box));
  const alike = similarity(place, detection);
  return alike < LOWEST_SIMILARITY ? -Infinity : alike - SIZE_PENALTY * growth - COLOUR_PENALTY * difference;
}

/** How many times larger than somebody followed a box is, or smaller: than they were last, or when nobody was in the way. */
export function sizeRatio({ last, clear }: Followed, box: Box): number {
  const ratios = [clear, last].map((seen) => longerSide(box) / longerSide(seen.box));
  return Math.min(...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
}
