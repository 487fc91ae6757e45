import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import type { Frame, FrameReader } from './frame.js';
import { openImage } from './image-file.js';
import type { ImageFolder } from './inputs.js';
import { inOrder } from '../concurrency/in-order.js';

/** Images decoded at the same time: sharp decodes outside the event loop, and two keep it busy. */
const IN_FLIGHT = 2;

/**
 * Opens a folder of images as a video. An image that cannot be read becomes a frame without data.
 * Throws INPUT where no image can be read.
 */
export async function openImages(input: ImageFolder): Promise<FrameReader> {
  const { width, height } = await firstSize(input);
  return {
    width,
    height,
    fps: null,
    frameCount: input.files.length,
    async *read(signal, warnings, from) {
      async function* files(): AsyncGenerator<{ name: string; index: number }> {
        for (let index = from; index < input.files.length; index++) {
          signal?.throwIfAborted();
          yield { name: input.files[index], index };
        }
      }
      for await (const frame of inOrder(files(), IN_FLIGHT, (file) => readImage(input.path, file.name, file.index))) {
        if (frame.problem !== '') warnings.add(frame.problem);
        yield frame;
      }
    },
  };
}

async function firstSize(input: ImageFolder): Promise<{ width: number; height: number }> {
  let reason = 'it is empty';
  for (const name of input.files) {
    try {
      return await openImage(path.join(input.path, name));
    } catch (thrown) {
      reason = `${name}: ${messageOf(thrown)}`;
    }
  }
  throw new GlposeError(
    'INPUT',
    `none of the ${input.files.length} images in ${input.path} can be read (last: ${reason})`,
    'Check that the images open in a viewer.',
  );
}

async function readImage(folder: string, name: string, index: number): Promise<Frame> {
  try {
    const { image } = await openImage(path.join(folder, name));
    const { data, info } = await image
      .autoOrient()
      .flatten({ background: 'black' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { index, name, width: info.width, height: info.height, data, problem: '', timeSeconds: null };
  } catch (thrown) {
    const problem = `${name} cannot be read: ${messageOf(thrown)}`;
    return { index, name, width: 0, height: 0, data: null, problem, timeSeconds: null };
  }
}
