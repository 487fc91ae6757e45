/*
 * Parts of a video, each estimated as a video of its own: people are followed, and references drawn, within a part. Frames keep the
 * video's numbers and times. What lies outside is not estimated; what lies before a part is decoded on the way to it, twice where the
 * part's own frames are too many to be kept, and what lies behind the last part is not read.
 */
import { GlposeError } from '../errors.js';
import type { Frame } from '../media/frame.js';
import type { FrameSource } from '../media/frames.js';
import { isOver, isWithin, type TimeRange } from '../postprocessing/time-ranges.js';
import type { Explanation, FramePoses } from '../types.js';
import { estimateVideo, type EstimateOptions } from './estimate.js';
import type { Model } from './model.js';

/** Bytes of a part's frames that are kept in memory between the two passes, as openFrames keeps those of short videos. */
const KEPT_BYTES = 256 << 20;

/**
 * Estimates the poses of everyone in parts of a video; without ranges, in all of it. Tracks of different parts have different
 * numbers, except where the boxes come with numbers of their own.
 * @param ranges in any order; what overlaps or adjoins is one part
 * @yields as estimateVideo
 * @throws as estimateVideo; INPUT where no frame lies in the ranges
 */
export async function* estimateParts(
  source: FrameSource,
  model: Model,
  ranges: readonly TimeRange[],
  options: EstimateOptions = {},
): AsyncGenerator<FramePoses, void, undefined> {
  if (ranges.length === 0) return yield* estimateVideo(source, model, options);
  let [after, freeId, found] = [0, 0, 0];
  for (;;) {
    const part = new Part(source, ranges, after);
    const numbering = new Numbering(options);
    const { every = 1, only } = options;
    const inPart: EstimateOptions = {
      ...options,
      ...numbering.options(part),
      every: 1,
      only: (frame) => (frame + part.first) % every === 0 && only?.(frame + part.first) !== false,
      memo: after === 0 ? options.memo : undefined, // remembers one run of frames
    };
    let highest = -1;
    for await (const frame of estimateVideo(part.source, model, inPart)) {
      const people = frame.people.map((person) => {
        const trackId = numbering.given ? person.trackId : person.trackId + freeId;
        highest = Math.max(highest, trackId);
        const { explanation } = person;
        return { ...person, trackId, ...(explanation && { explanation: moved(explanation, part.first) }) };
      });
      found++;
      yield { ...frame, index: frame.index + part.first, people };
    }
    freeId = Math.max(freeId, highest + 1);
    if (part.isLast) break;
    after = part.end;
  }
  if (found > 0) return;
  const remedy = 'Give --from and --to in seconds, h:mm:ss, or frames as in 300f; folders of images have no seconds.';
  throw new GlposeError('INPUT', 'no frame lies between --from and --to', remedy);
}

/** The next run of frames that lie in the ranges, as a source of its own whose frames count from 0. */
class Part {
  /** Of the video; known once a pass has begun to give frames. */
  first = 0;
  /** The frame behind the last; known after a pass. */
  end = 0;
  /** Whether nothing of the ranges follows; known after a pass. */
  isLast = false;
  readonly source: FrameSource;
  private known = false;
  private kept: Frame[] | null = [];

  constructor(
    private readonly video: FrameSource,
    private readonly ranges: readonly TimeRange[],
    private readonly after: number,
  ) {
    const { width, height, fps } = video;
    this.source = {
      width,
      height,
      fps,
      frameCount: null,
      frames: () => (this.known && this.kept ? again(this.kept) : this.read()),
      get warnings() {
        return video.warnings;
      },
      close: () => Promise.resolve(), // the video is its opener's to close
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  private async *read(): AsyncGenerator<Frame, void, undefined> {
    let [count, bytes] = [0, 0];
    this.isLast = true;
    for await (const frame of this.video.frames(this.known ? this.first : this.after)) {
      const { index, timeSeconds, data } = frame;
      if (index < (this.known ? this.first : this.after)) continue;
      if (!isWithin(this.ranges, index, timeSeconds)) {
        this.isLast = isOver(this.ranges, index, timeSeconds);
        if (count > 0 || this.isLast) break;
        this.isLast = true;
        continue;
      }
      if (count === 0) this.first = index;
      const own = { ...frame, index: index - this.first };
      bytes += data?.length ?? 0;
      if (bytes > KEPT_BYTES) this.kept = null;
      if (!this.known) this.kept?.push(own);
      count++;
      this.end = index + 1;
      yield own;
    }
    this.known = true;
  }
}

async function* again(frames: readonly Frame[]): AsyncGenerator<Frame, void, undefined> {
  yield* frames;
}

/** Boxes and detectors of the caller's are asked with the video's numbers. */
class Numbering {
  /** Whether all boxes so far came with track numbers. */
  given = false;
  private lacking = false;

  constructor(private readonly asked: EstimateOptions) {}

  options(part: Part): Pick<EstimateOptions, 'boxes' | 'detect'> {
    const { boxes, detect } = this.asked;
    const note = <T extends { trackId?: number }>(some: readonly T[]): readonly T[] => {
      this.lacking ||= some.some(({ trackId }) => trackId === undefined);
      this.given = !this.lacking && (this.given || some.length > 0);
      return some;
    };
    return {
      boxes: boxes && { boxesOf: (frame) => note(boxes.boxesOf({ ...frame, index: frame.index + part.first })) },
      detect: detect && (async (frame) => note(await detect({ ...frame, index: frame.index + part.first }))),
    };
  }
}

function moved(explanation: Explanation, by: number): Explanation {
  const references = explanation.references.map((reference) => ({ ...reference, frame: reference.frame + by }));
  return { ...explanation, references };
}
