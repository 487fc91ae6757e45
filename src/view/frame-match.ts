import path from 'node:path';
import { GlposeError } from '../errors.js';
import { stemOf, type PoseSequence } from '../formats/pose-sequence.js';
import type { VideoInput } from '../media/inputs.js';

/**
 * The place in the video of every frame of a sequence, from 0. Frames of a folder are found by their file's name, else by that name
 * without its extension (the pictures may have been converted). Frames of a video, and all frames where the video is not given, are
 * found by the number in their names where each has one, else by their order.
 * @throws INPUT where the folder is not the one that the poses came from
 */
export function framePlaces({ name, file, frames }: PoseSequence, video: VideoInput | null): number[] {
  if (video?.kind === 'images') {
    const names = new Map(video.files.map((image, place) => [fileNameOf(image), place]));
    const stems = new Map(video.files.map((image, place) => [stemOf(image), place]));
    return frames.map((frame) => {
      const place = names.get(fileNameOf(frame.name)) ?? stems.get(stemOf(frame.name));
      if (place !== undefined) return place;
      const problem = `${video.path} has no frame ${stemOf(frame.name)}, which ${file} has poses of (${name})`;
      throw new GlposeError('INPUT', problem, 'Give the folder of images that the poses were estimated on.');
    });
  }
  return numbersOf(frames.map((frame) => stemOf(frame.name))) ?? frames.map((_, place) => place);
}

/** Places by number; null where a name is no number, or two are the same. */
function numbersOf(stems: readonly string[]): number[] | null {
  if (!stems.every((stem) => /^\d{1,9}$/.test(stem))) return null;
  const numbers = stems.map(Number);
  if (new Set(numbers).size < numbers.length) return null;
  // PoseTrack17's names have eight digits and count from 1; whoever has a frame 0 counts from 0.
  const first = stems.every((stem) => stem.length === 8) && !numbers.includes(0) ? 1 : 0;
  return numbers.map((number) => number - first);
}

/** As stemOf, with the extension. */
function fileNameOf(frameName: string): string {
  return path.posix.basename(frameName.replaceAll('\\', '/'));
}
