import { videoPosesOf } from '../formats/video-poses.js';
import { readRun } from '../run/record.js';
import { Warnings } from '../formats/warnings.js';
import { openFrames } from '../media/frames.js';
import type { VideoInput } from '../media/inputs.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { framePlaces } from './frame-match.js';
import { videoFinder } from './result-videos.js';
import { readResults, sizeOf, type ResultSequence } from './results.js';

/**
 * Results as `estimateVideo` gave them. Frames have the times that the file says; of files that say none, those at the video's mean
 * rate. The video is opened only where something is missing.
 * @param video the frames that the poses were estimated on; null where they are not there
 * @param fps frames a second that count instead of everything else
 * @throws INPUT where the video cannot be opened, or is not that of the results
 */
export async function resultPoses(
  sequence: ResultSequence,
  video: VideoInput | null,
  { fps, signal }: { fps?: number; signal?: AbortSignal } = {},
): Promise<VideoPoses<FramePoses[]>> {
  const timed = sequence.frames.every(({ timeSeconds }) => timeSeconds !== undefined);
  const places = framePlaces(sequence, video);
  const told = video && (!sequence.size || (!timed && fps === undefined)) ? await propertiesOf(video, signal) : null;
  const poses = videoPosesOf(sequence, {
    ...(sequence.size ?? sizeOf(sequence, told)),
    places,
    fps: fps ?? told?.fps ?? null,
    isVideo: video ? video.kind === 'video' : timed,
    estimated: sequence.estimated,
  });
  if (fps === undefined && timed) return { ...poses, fps: meanRate(poses.frames) };
  for (const frame of poses.frames) frame.timeSeconds = poses.fps === null ? null : frame.index / poses.fps;
  return poses;
}

async function propertiesOf(
  video: VideoInput,
  signal?: AbortSignal,
): Promise<{ width: number; height: number; fps: number | null }> {
  await using source = await openFrames(video, { signal });
  const { width, height, fps } = source;
  return { width, height, fps };
}

/** Frames a second by the times of the first and the last. */
function meanRate(frames: readonly FramePoses[]): number | null {
  const [first, last] = [frames[0], frames.at(-1)];
  const seconds = (last?.timeSeconds ?? 0) - (first?.timeSeconds ?? 0);
  return first && last && seconds > 0 ? (last.index - first.index) / seconds : null;
}

export interface ReadResultPosesOptions {
  /** Only the videos of these names. */
  names?: readonly string[];
  /** Where the videos are; by default where the run read them. */
  video?: string;
  /** Frames a second that count instead of all that is known. */
  fps?: number;
  /** Takes what was passed over. */
  warnings?: Warnings;
  signal?: AbortSignal;
}

/**
 * The poses in the output folder of a run, or in a file or folder of poses in any form that `glpose eval` reads, video by video.
 * @throws ANNOTATION naming the file, USAGE where there is no video of a name, INPUT where a video cannot be read
 */
export async function* readResultPoses(
  source: string,
  { names, video, fps, signal, warnings = new Warnings(true) }: ReadResultPosesOptions = {},
): AsyncGenerator<VideoPoses<FramePoses[]>, void, undefined> {
  const run = readRun(source);
  const sequences = [...readResults(source, warnings, names)];
  const videoOf = await videoFinder(video ?? true, run, source, sequences.length === 1);
  for (const sequence of sequences) {
    signal?.throwIfAborted();
    const isKnown = video !== undefined || run?.videos.has(sequence.name) === true;
    const found = isKnown ? await Promise.resolve(videoOf(sequence)).catch(absent) : null;
    yield resultPoses(sequence, found, { fps, signal });
  }

  /** A video that the run read may be gone; one that the caller named may not. */
  function absent(thrown: unknown): null {
    if (video !== undefined) throw thrown;
    return null;
  }
}
