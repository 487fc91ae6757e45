import { GlposeError } from '../errors.js';

/**
 * The low-pass filter of movement analysis (Winter, Biomechanics and Motor Control of Human Movement, 2009, ch. 3.4): a
 * Butterworth filter that runs forwards and backwards, so that nothing is shifted in time.
 */
export interface ButterworthOptions {
  /** Hz: where both passes together let 1/√2 of the amplitude through. */
  cutoff: number;
  /** Of both passes together: even, 2–12. */
  order: number;
}

export const BUTTERWORTH_DEFAULTS: ButterworthOptions = { cutoff: 6, order: 4 };

/** One section of the cascade: b0 + b1 z⁻¹ + b2 z⁻² over 1 + a1 z⁻¹ + a2 z⁻². */
interface Section {
  b0: number;
  b1: number;
  b2: number;
  a1: number;
  a2: number;
}

/**
 * Filters evenly spaced samples without shifting them in time.
 * @param samples T values; NaN where there is none. What lies between two gaps is filtered by itself
 * @param rate samples a second
 * @returns T values, NaN where they were
 * @throws USAGE where the cut-off is not below half the rate, or the order is odd
 */
export function butterworth(samples: Float64Array, rate: number, options: ButterworthOptions): Float64Array {
  const sections = sectionsOf(rate, options);
  const pad = Math.max(3 * (options.order / 2 + 1), Math.ceil(rate / options.cutoff));
  const filtered = Float64Array.from(samples);
  for (const [start, end] of piecesOf(samples)) {
    filtered.set(bothWays(samples.subarray(start, end), sections, pad), start);
  }
  return filtered;
}

/** @throws USAGE where options cannot be met at a rate */
export function checkButterworth(rate: number, { cutoff, order }: ButterworthOptions): void {
  if (!(order >= 2 && order <= 12 && order % 2 === 0)) {
    throw new GlposeError('USAGE', `a Butterworth filter of order ${order}`, 'Give an even order from 2 to 12.');
  }
  if (!(cutoff > 0 && cutoff < rate / 2)) {
    const problem = `a cut-off of ${cutoff} Hz at ${Number(rate.toFixed(3))} frames a second`;
    throw new GlposeError('USAGE', problem, 'It must lie above 0 and below half the frames a second.');
  }
}

/**
 * The cascade of one pass, by the bilinear transform. Two passes of order p at w_c let 1/(1 + (w/w_c)^2p) through, which is
 * 1/√2 at w_c (√2 − 1)^(1/2p): w_c is raised by as much (Winter's correction; 1.25 for order 4).
 */
function sectionsOf(rate: number, options: ButterworthOptions): Section[] {
  checkButterworth(rate, options);
  const p = options.order / 2;
  const k = Math.tan((Math.PI * options.cutoff) / rate) / (Math.SQRT2 - 1) ** (1 / (2 * p));
  const sections: Section[] = [];
  for (let pair = 0; pair < Math.floor(p / 2); pair++) {
    const damping = 2 * Math.sin((Math.PI * (2 * pair + 1)) / (2 * p));
    const scale = 1 / (1 + damping * k + k * k);
    const b0 = k * k * scale;
    sections.push({ b0, b1: 2 * b0, b2: b0, a1: 2 * (k * k - 1) * scale, a2: (1 - damping * k + k * k) * scale });
  }
  if (p % 2 === 1) sections.push({ b0: k / (1 + k), b1: k / (1 + k), b2: 0, a1: (k - 1) / (k + 1), a2: 0 });
  return sections;
}

/** Start and end (exclusive) of every run of samples that are there. */
export function piecesOf(samples: Float64Array): [start: number, end: number][] {
  const pieces: [number, number][] = [];
  for (let i = 0; i < samples.length; i++) {
    if (Number.isNaN(samples[i])) continue;
    const last = pieces.at(-1);
    if (last && last[1] === i) last[1]++;
    else pieces.push([i, i + 1]);
  }
  return pieces;
}

/** The ends are continued, turned about themselves, so that the filter has settled where the samples begin. */
function bothWays(samples: Float64Array, sections: readonly Section[], longestPad: number): Float64Array {
  const last = samples.length - 1;
  const pad = Math.min(longestPad, last);
  let padded: Float64Array = new Float64Array(samples.length + 2 * pad);
  padded.set(samples, pad);
  for (let i = 1; i <= pad; i++) {
    padded[pad - i] = 2 * samples[0] - samples[i];
    padded[pad + last + i] = 2 * samples[last] - samples[last - i];
  }
  for (let pass = 0; pass < 2; pass++) {
    for (const section of sections) padded = onePass(padded, section);
    padded.reverse();
  }
  return padded.subarray(pad, pad + samples.length);
}

/** Direct form II transposed, begun as if the first sample had always been there. */
function onePass(samples: Float64Array, { b0, b1, b2, a1, a2 }: Section): Float64Array {
  const filtered = new Float64Array(samples.length);
  let second = (b2 - a2) * samples[0];
  let first = (b1 - a1) * samples[0] + second;
  for (let i = 0; i < samples.length; i++) {
    const value = b0 * samples[i] + first;
    first = b1 * samples[i] - a1 * value + second;
    second = b2 * samples[i] - a2 * value;
    filtered[i] = value;
  }
  return filtered;
}
