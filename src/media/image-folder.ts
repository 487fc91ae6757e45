import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { plainBytes, type Frame, type FrameReader } from './frame.js';
import { openImage } from './image-file.js';
import type { ImageFolder } from './inputs.js';
import { inOrder } from '../concurrency/in-order.js';

/** Images decoded at the same time: sharp decodes outside the event loop, and two keep it busy. */
const IN_FLIGHT = 2;

/**
 * Opens a folder of images as a video. An image that cannot be read becomes a frame without data.
 * Throws INPUT where no image can be read, when opened or at the end of the reading.
 * @param fps frames a second; null: frames have no times
 */
export async function openImages(input: ImageFolder, fps: number | null): Promise<FrameReader> {
  const { width, height } = await firstSize(input);
  return {
    width,
    height,
    fps,
    frameCount: input.files.length,
    async *read(signal, warnings, from) {
      async function* files(): AsyncGenerator<{ name: string; index: number }> {
        for (let index = from.frame; index < input.files.length; index++) {
          signal?.throwIfAborted();
          yield { name: input.files[index], index };
        }
      }
      const several: string[] = [];
      let readable = 0;
      let problem = '';
      for await (const { frame: timeless, pictures } of inOrder(files(), IN_FLIGHT, (file) =>
        readImage(input.path, file.name, file.index),
      )) {
        const frame = { ...timeless, timeSeconds: fps && timeless.index / fps };
        if (frame.problem !== '') warnings.add((problem = frame.problem));
        else readable++;
        if (pictures > 1) several.push(`${frame.name}: ${pictures}`);
        yield frame;
      }
      if (readable === 0) throw noneReadable(input, problem);
      if (several.length > 0) {
        const some = several.slice(0, NAMED).join(', ') + (several.length > NAMED ? ', …' : '');
        warnings.add(`of files with several pictures the first is read: ${several.length} (${some})`);
      }
    },
  };
}

/** How many files with several pictures are named. */
const NAMED = 3;

async function firstSize(input: ImageFolder): Promise<{ width: number; height: number }> {
  let reason = 'it is empty';
  for (const name of input.files) {
    try {
      return await openImage(path.join(input.path, name));
    } catch (thrown) {
      reason = `${name}: ${messageOf(thrown)}`;
    }
  }
  throw noneReadable(input, reason);
}

function noneReadable({ files, path: folder }: ImageFolder, reason: string): GlposeError {
  const problem = `none of the ${files.length} images in ${folder} can be read (last: ${reason})`;
  return new GlposeError('INPUT', problem, 'Check that the images open in a viewer.');
}

async function readImage(folder: string, name: string, index: number): Promise<{ frame: Frame; pictures: number }> {
  try {
    const { image, pictures } = await openImage(path.join(folder, name));
    const { data, info } = await image
      .autoOrient()
      .flatten({ background: 'black' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    return { frame: { index, name, width, height, data: plainBytes(data), problem: '', timeSeconds: null }, pictures };
  } catch (thrown) {
    const problem = `${name} cannot be read: ${messageOf(thrown)}`;
    return { frame: { index, name, width: 0, height: 0, data: null, problem, timeSeconds: null }, pictures: 0 };
  }
}
