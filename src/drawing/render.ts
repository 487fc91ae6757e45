import path from 'node:path';
import type { FrameSource } from '../media/frames.js';
import { makeFolderAtomically } from '../storage/atomic-folder.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { blurFaces } from './blur-faces.js';
import { writeImages, type Picture } from './image-writer.js';
import { drawPoses, OVERLAY_DEFAULTS, type OverlayOptions } from './overlay.js';
import { writeVideo, type TimedPicture } from './video-writer.js';

export interface RenderStyle extends Partial<Omit<OverlayOptions, 'joints'>> {
  /** `auto`: mp4 of videos, jpg of folders. */
  form: 'auto' | 'mp4' | 'png' | 'jpg';
  /** Makes the heads of all people found unrecognisable. Default false. */
  blurFaces?: boolean;
}

/** Frames a second of an mp4 of frames that come without a rate. */
const RATE_OF_FOLDERS = 25;

type Rated = Pick<FrameSource, 'fps'>;

function formOf({ fps }: Rated, { form }: RenderStyle): Exclude<RenderStyle['form'], 'auto'> {
  return form === 'auto' ? (fps === null ? 'jpg' : 'mp4') : form;
}

/** The file or folder of a video's pictures, relative to the folder of all results. */
export function renderPath(name: string, source: Rated, style: RenderStyle): string {
  return path.join('render', formOf(source, style) === 'mp4' ? `${name}.mp4` : name);
}

/**
 * Draws the skeletons into a video's frames: `render/<name>.mp4`, or image files in `render/<name>/`. Frames that were not
 * estimated (`--every`) are left out; one that could not be read is black in a video, and no file in a folder.
 * @returns the file or folder, relative to `out`
 */
export async function renderVideo(
  source: FrameSource,
  video: VideoPoses,
  out: string,
  style: RenderStyle,
  options: {
    every?: number;
    /** Whose faces are blurred: where only some people are drawn, everyone who was found. By default those who are drawn. */
    everyone?: VideoPoses;
    signal?: AbortSignal;
    onFrame?(event: { pass: string; people: number }): void;
  },
): Promise<string> {
  const form = formOf(source, style);
  const place = renderPath(video.name, source, style);
  const onFrame = (): void => options.onFrame?.({ pass: 'render', people: 0 });
  const pictures = drawn(source, video, options.everyone ?? video, style, options.every ?? 1, onFrame);
  if (form === 'mp4') {
    const fps = (source.fps ?? RATE_OF_FOLDERS) / (options.every ?? 1);
    const properties = { width: video.width, height: video.height, fps, signal: options.signal };
    await writeVideo(path.join(out, place), withEmpty(pictures, video), properties);
  } else {
    await makeFolderAtomically(path.join(out, place), (temporary) => writeImages(temporary, readable(pictures), form));
  }
  return place;
}

/** A frame that was estimated: drawn, or without a picture where it could not be read. */
type Drawn = Omit<Picture, 'data'> & { data: Uint8Array | null; timeSeconds: number | null };

async function* drawn(
  source: FrameSource,
  video: VideoPoses,
  everyone: VideoPoses,
  style: RenderStyle,
  every: number,
  onFrame: () => void,
): AsyncGenerator<Drawn, void, undefined> {
  const estimated = video.frames[Symbol.iterator](); // in the frames' order
  const found = everyone.frames[Symbol.iterator](); // the same frames
  let next = estimated.next();
  if (next.done) return;
  const clock = new PartsClock(every, source.fps ?? RATE_OF_FOLDERS);
  for await (const { index, name, width, height, data, timeSeconds } of source.frames({ frame: next.value.index })) {
    if (!next.done && next.value.index === index) {
      const poses: FramePoses = next.value;
      const all = found.next().value ?? poses;
      next = estimated.next();
      const shown = clock.shownAt(index, timeSeconds);
      if (data) {
        const canvas = { name, width, height, data, timeSeconds: shown }; // drawn in place: this pass's frames are ours alone
        if (style.blurFaces) blurFaces(canvas, all, video.joints);
        drawPoses(canvas, poses, { ...OVERLAY_DEFAULTS, ...style, joints: video.joints });
        yield canvas;
      } else yield { name, width, height, data: null, timeSeconds: shown };
    }
    onFrame();
    if (next.done) return; // what follows was not asked for
  }
}

/** When frames are shown: the first one at once, and the parts of a video one after another, without what lies between. */
class PartsClock {
  private before: { index: number; shown: number } | null = null;
  private shift = 0;

  constructor(
    private readonly every: number,
    private readonly fps: number,
  ) {}

  shownAt(index: number, timeSeconds: number | null): number | null {
    if (timeSeconds === null) return null;
    if (!this.before) this.shift = timeSeconds;
    else if (index - this.before.index > this.every)
      this.shift = timeSeconds - this.before.shown - this.every / this.fps;
    this.before = { index, shown: timeSeconds - this.shift };
    return this.before.shown;
  }
}

/** A black picture for each frame that could not be read, so that a video shows as many as there are. */
async function* withEmpty(frames: AsyncIterable<Drawn>, { width, height }: VideoPoses): AsyncGenerator<TimedPicture> {
  for await (const { data, ...frame } of frames)
    yield data ? { ...frame, data } : { ...frame, width, height, data: new Uint8Array(3 * width * height) };
}

async function* readable(frames: AsyncIterable<Drawn>): AsyncGenerator<Picture> {
  for await (const { data, ...frame } of frames) if (data) yield { ...frame, data };
}
