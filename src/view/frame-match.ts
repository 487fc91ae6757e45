import { GlposeError } from '../errors.js';
import { stemOf, type PoseSequence } from '../formats/pose-sequence.js';
import type { VideoInput } from '../pipeline/inputs.js';

/**
 * The place in the video of every frame of a sequence. Frames of a folder are found by name; frames of a video, and all frames where
 * the video is not given, by the number in their names where each has one, else by their order.
 * @throws INPUT where the folder is not the one that the poses came from
 */
export function framePlaces({ name, file, frames }: PoseSequence, video: VideoInput | null): number[] {
  const stems = frames.map((frame) => stemOf(frame.name));
  if (video?.kind === 'images') {
    const places = new Map(video.files.map((image, place) => [stemOf(image), place]));
    const found = stems.map((stem) => places.get(stem));
    const missing = found.indexOf(undefined);
    if (missing < 0) return found as number[];
    const problem = `${video.path} has no frame ${stems[missing]}, which ${file} has poses of (${name})`;
    throw new GlposeError('INPUT', problem, 'Give the folder of images that the poses were estimated on.');
  }
  const numbers = stems.map(Number);
  const usable = stems.every((stem) => /^\d{1,9}$/.test(stem)) && new Set(numbers).size === numbers.length;
  return usable ? numbers : frames.map((_, place) => place);
}
