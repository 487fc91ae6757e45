import path from 'node:path';
import type { FrameList, FramePoses } from '../types.js';

/**
 * A frame's file name as result files give it: frames of a folder keep theirs; those of a video are numbered.
 * @param digits of the number
 * @param first the number of a video's first frame
 */
export function frameFileName(frame: FramePoses, digits: number, first: 0 | 1): string {
  return path.extname(frame.name) === '' ? `${String(frame.index + first).padStart(digits, '0')}.jpg` : frame.name;
}

/** The number in each frame's file name where every name is a different number, else the frames' places, from 0. */
export function frameNumbers(frames: FrameList): number[] {
  const numbers: number[] = [];
  const places: number[] = [];
  for (const frame of frames) {
    const { name } = path.parse(frameFileName(frame, 6, 0));
    numbers.push(/^\d{1,12}$/.test(name) ? Number(name) : NaN);
    places.push(frame.index);
  }
  const usable = !numbers.some(Number.isNaN) && new Set(numbers).size === numbers.length;
  return usable ? numbers : places;
}

/** A frame's time as result files give it: seconds to a microsecond; nothing where it has none. */
export function timeOf({ timeSeconds }: FramePoses): { time?: number } {
  return timeSeconds === null ? {} : { time: Number(timeSeconds.toFixed(6)) };
}
