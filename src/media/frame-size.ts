import { GlposeError } from '../errors.js';

/** Frames beyond these limits are damage or an attack, not footage. */
export const MAX_SIDE = 16384;
export const MAX_PIXELS = 100_000_000;

/** Throws INPUT where a frame of `file` is larger than anything filmed, in pixels. */
export function checkSize(file: string, width: number, height: number): void {
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw new GlposeError(
      'INPUT',
      `${file} is ${width}×${height} pixels; at most ${MAX_SIDE} a side and ${MAX_PIXELS / 1e6} million in all are read`,
      'Scale it down first.',
    );
  }
}
