import { open, stat } from 'node:fs/promises';
import { GlposeError, messageOf } from '../errors.js';
import { checkSize } from './frame-size.js';
import type { VideoDecoder } from './decoding.js';
import type { FrameReader } from './frame.js';

/**
 * The way videos are decoded here: node-av (FFmpeg as an npm package) where it is installed, else the system's ffmpeg.
 * GLPOSE_DECODER=node-av or ffmpeg chooses one. Throws INPUT where there is none.
 */
export async function videoDecoder(): Promise<VideoDecoder> {
  const asked = process.env.GLPOSE_DECODER ?? '';
  const reasons: string[] = [];
  for (const [name, load] of Object.entries(WAYS)) {
    if (asked !== '' && asked !== name) continue;
    try {
      return await load();
    } catch (thrown) {
      reasons.push(`${name}: ${messageOf(thrown)}`);
    }
  }
  if (reasons.length === 0) {
    throw new GlposeError('USAGE', `GLPOSE_DECODER is "${asked}"`, `Set it to ${Object.keys(WAYS).join(' or ')}.`);
  }
  throw new GlposeError(
    'INPUT',
    `videos cannot be decoded here (${reasons.join('; ')})`,
    'Install the npm package node-av or the program ffmpeg, or give folders of images instead.',
  );
}

const WAYS: Record<VideoDecoder['name'], () => Promise<VideoDecoder>> = {
  'node-av': async () => (await import('./libav.js')).nodeAvDecoder(),
  ffmpeg: async () => (await import('./ffmpeg.js')).ffmpegDecoder(),
};

/** Opens a video file. Throws INPUT where it is not a video that can be decoded. */
export async function openVideo(file: string, signal?: AbortSignal): Promise<FrameReader> {
  if ((await sizeOf(file)) === 0) {
    throw new GlposeError('INPUT', `${file} is empty (0 bytes)`, 'Copy or record it again.');
  }
  const reader = await (await videoDecoder()).open(file, signal);
  checkSize(file, reader.width, reader.height);
  if (!(await isCutAvi(file))) return reader;
  return {
    ...reader,
    read(signal, warnings, ...how) {
      warnings.add('the file is shorter than its header says: it is cut off');
      return reader.read(signal, warnings, ...how);
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (thrown) {
    throw new GlposeError(
      'INPUT',
      `${file} cannot be read: ${messageOf(thrown)}`,
      'Check the path and its permissions.',
    );
  }
}

/** Whether a file is an AVI that is shorter than its first twelve bytes say. */
async function isCutAvi(file: string): Promise<boolean> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0);
  if (bytesRead < 12 || buffer.toString('latin1', 0, 4) !== 'RIFF') return false;
  return (await handle.stat()).size < buffer.readUInt32LE(4) + 8;
}
