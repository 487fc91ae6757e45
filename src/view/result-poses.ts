import { videoPosesOf } from '../formats/video-poses.js';
import { openFrames } from '../media/frames.js';
import type { VideoInput } from '../media/inputs.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { framePlaces } from './frame-match.js';
import type { ResultSequence } from './results.js';
import { sizeOf } from './view.js';

/**
 * Results as `estimateVideo` gave them. Frames have their times where the file says them; else the video does for all (frames a
 * second), which is opened only where something is missing.
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
  if (fps !== undefined) for (const frame of poses.frames) frame.timeSeconds = null;
  if (fps === undefined && timed) poses.fps = meanRate(poses.frames);
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
