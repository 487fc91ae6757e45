import { openFrames, type FrameSource } from '../media/frames.js';
import type { Frame } from '../media/frame.js';
import type { VideoInput } from '../media/inputs.js';

export interface ClipOptions {
  video: VideoInput;
  /** Frames of the video to use; Infinity for all. */
  frames: number;
  signal: AbortSignal;
}

/** The first frames of a video as a source of their own. */
export async function openClip({ video, frames, signal }: ClipOptions): Promise<FrameSource> {
  return firstOf(await openFrames(video, { signal }), frames);
}

/** The first `count` frames of a source, which it takes over. */
export function firstOf(source: FrameSource, count: number): FrameSource {
  async function* first(): AsyncGenerator<Frame> {
    let left = count;
    for await (const frame of source.frames()) {
      yield frame;
      if (--left === 0) return;
    }
  }
  const { width, height, fps, warnings } = source;
  const frameCount = source.frameCount === null ? null : Math.min(count, source.frameCount);
  const close = (): Promise<void> => source.close();
  return { width, height, fps, warnings, frameCount, frames: first, close, [Symbol.asyncDispose]: close };
}
