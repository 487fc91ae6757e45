import { GlposeError } from '../errors.js';
import type { Image } from '../types.js';
import { checkSize } from './frame-size.js';

/**
 * Checks an image that a caller made: the addon reads exactly height × width × 3 bytes.
 * @param name names it in messages
 * @throws INPUT where its size and data do not agree
 */
export function checkImage(image: Image, name: string): void {
  const { width, height, data } = (image as Image | null) ?? ({} as Image);
  const remedy = 'An image is { width, height, data }: RGB, 8 bits a channel, row by row, no padding.';
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1) {
    throw new GlposeError('INPUT', `${name} is ${width}×${height} pixels`, remedy);
  }
  checkSize(name, width, height);
  if (!(data instanceof Uint8Array) || data.length !== width * height * 3) {
    const found = data instanceof Uint8Array ? `${data.length} bytes` : 'no Uint8Array';
    throw new GlposeError(
      'INPUT',
      `${name}: data has ${found}; ${width}×${height} needs ${width * height * 3}`,
      remedy,
    );
  }
}
