import type { Box, Image } from '../types.js';

/** Parts of a person's box: trunk and legs; left, top, right, bottom as shares of it. */
const PARTS = [
  [0.3, 0.2, 0.7, 0.45],
  [0.3, 0.55, 0.7, 0.85],
] as const;
/** Points a side at which each is looked at. */
const POINTS = 8;
/** How the light is distributed, and two differences of colours, red and green, blue and yellow, from −0.4 to 0.4: bins of each histogram. */
const BINS = 16;
const CHANNELS = 3;
const CHROMA = 0.4;

/**
 * The colours of a person's trunk and legs, which tell people apart: for each part the histograms of three channels. A point counts for the
 * two bins it lies between.
 * @returns [parts, channels, bins]: roots of shares, the sum of whose squares is 1, so that `colourDifference` is 1 less the Bhattacharyya coefficient
 */
export function coloursOf({ width, height, data }: Image, box: Box): Float32Array {
  const shares = new Float32Array(PARTS.length * CHANNELS * BINS);
  const count = (channel: number, value: number): void => {
    const bin = Math.min(BINS - 1, Math.max(0, value * BINS - 0.5));
    const low = Math.floor(bin);
    shares[channel * BINS + low] += 1 - (bin - low);
    if (low + 1 < BINS) shares[channel * BINS + low + 1] += bin - low;
  };
  for (const [part, [left, top, right, bottom]] of PARTS.entries()) {
    for (let row = 0; row < POINTS; row++) {
      for (let column = 0; column < POINTS; column++) {
        const x = box.x + box.width * (left + ((column + 0.5) / POINTS) * (right - left));
        const y = box.y + box.height * (top + ((row + 0.5) / POINTS) * (bottom - top));
        const at = 3 * (clamp(y, height) * width + clamp(x, width));
        const [red, green, blue] = [data[at] / 255, data[at + 1] / 255, data[at + 2] / 255];
        count(part * CHANNELS, (red + green + blue) / 3);
        count(part * CHANNELS + 1, (red - green + CHROMA) / (2 * CHROMA));
        count(part * CHANNELS + 2, (blue - (red + green) / 2 + CHROMA) / (2 * CHROMA));
      }
    }
  }
  return shares.map((share) => Math.sqrt(share / (PARTS.length * CHANNELS * POINTS ** 2)));
}

/** How far the colours of two sights differ: 0 for the same, 1 where nothing is alike. */
export function colourDifference(a: Float32Array, b: Float32Array): number {
  return 1 - a.reduce((total, value, i) => total + value * b[i], 0);
}

function clamp(place: number, size: number): number {
  return Math.min(size - 1, Math.max(0, Math.floor(place)));
}
