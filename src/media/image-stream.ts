import { GlposeError } from '../errors.js';
import type { Image } from '../types.js';
import { checkSize } from './frame-size.js';

/** Size of every image of a stream, pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/**
 * Images out of raw bytes, such as what `ffmpeg -f rawvideo -pix_fmt rgb24 -` writes to a pipe: RGB, 8 bits, row by row.
 * @param bytes in pieces of any length (`process.stdin`, a child's stdout)
 * @yields an image as soon as its last byte is there; each has its own buffer
 * @throws INPUT where the bytes end in the middle of an image: most often, the size is not the stream's
 */
export async function* imageStream(
  bytes: AsyncIterable<Uint8Array>,
  { width, height }: ImageSize,
): AsyncGenerator<Image, void, undefined> {
  checkSize('the stream', width, height);
  const size = width * height * 3;
  let image = new Uint8Array(size);
  let filled = 0;
  let count = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length;) {
      const some = piece.subarray(at, at + size - filled);
      image.set(some, filled);
      at += some.length;
      filled += some.length;
      if (filled < size) continue;
      yield { width, height, data: image };
      image = new Uint8Array(size);
      filled = 0;
      count++;
    }
  }
  if (filled > 0) {
    const problem = `the stream ends in the middle of image ${count}: ${filled} of ${size} bytes`;
    throw new GlposeError('INPUT', problem, `Check that its images are ${width}×${height} and rgb24.`);
  }
}
