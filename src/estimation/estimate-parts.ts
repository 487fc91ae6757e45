/*
 * Parts of a video, each estimated as a video of its own: people are followed, and references drawn, within a part. Frames keep the
 * video's numbers and times. What lies outside is not estimated; of what lies before a part only a little is decoded, where the video's
 * format allows it (media/entry.ts), and what lies behind the last part is not read.
 */
import { GlposeError } from '../errors.js';
import type { Frame } from '../media/frame.js';
import type { FrameSource } from '../media/frames.js';
import { isOver, isWithin, nextStart, type TimeRange } from '../postprocessing/time-ranges.js';
import type { Explanation, FramePoses } from '../types.js';
import { estimateVideo } from './estimate.js';
import { checkEstimateOptions, type EstimateOptions } from './estimate-options.js';
import type { Memo, VideoMemo } from './memo.js';
import type { Model } from './model.js';

/** Bytes of a part's frames that are kept in memory between the two passes, as openFrames keeps those of short videos. */
const KEPT_BYTES = 256 << 20;

/**
 * Estimates the poses of everyone in parts of a video; without ranges, in all of it. Tracks of different parts have different
 * numbers, except where the boxes come with numbers of their own.
 * @param ranges in any order; what overlaps or adjoins is one part
 * @param options.name of the video, for messages
 * @yields as estimateVideo
 * @throws as estimateVideo; INPUT where no frame lies in the ranges, or where they have seconds and the frames none
 */
export async function* estimateParts(
  source: FrameSource,
  model: Model,
  ranges: readonly TimeRange[],
  options: EstimateOptions & { name?: string } = {},
): AsyncGenerator<FramePoses, void, undefined> {
  checkEstimateOptions(source, model, options);
  if (ranges.length === 0) return yield* estimateVideo(source, model, options);
  const { name = 'the video' } = options;
  let before: Part | null = null;
  let [freeId, found, surveyed] = [0, 0, 0];
  for (;;) {
    const part: Part = new Part(name, source, ranges, before?.behind ?? null);
    const numbering = new Numbering(options);
    const { every = 1, only } = options;
    const inPart: EstimateOptions = {
      ...options,
      ...numbering.options(part),
      every: 1,
      only: (frame) => (frame + part.first) % every === 0 && only?.(frame + part.first) !== false,
      memo: options.memo && memoFrom(options.memo, surveyed),
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
    surveyed += part.length;
    if (part.isLast) break;
    before = part;
  }
  await options.memo?.looks.end();
  await options.memo?.poses.end();
  if (found > 0) return;
  const remedy = 'Give --from and --to in seconds, h:mm:ss, or frames as in 300f.';
  throw new GlposeError('INPUT', `${name} has no frame between --from and --to`, remedy);
}

/** The next run of frames that lie in the ranges, as a source of its own whose frames count from 0. */
class Part {
  /** Of the video; known once a pass has begun to give frames. */
  first = 0;
  /** Frames; known after a pass. */
  length = 0;
  /** The frame behind the last, as the video has it; known after a pass. */
  behind: Pick<Frame, 'index' | 'timeSeconds'> | null = null;
  /** Whether nothing of the ranges follows; known after a pass. */
  isLast = false;
  readonly source: FrameSource;
  private known = false;
  private kept: Frame[] | null = [];

  /** @param start the frame behind the part before; null for the first part */
  constructor(
    private readonly name: string,
    private readonly video: FrameSource,
    private readonly ranges: readonly TimeRange[],
    private readonly start: Part['behind'],
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
    const from = this.known ? { frame: this.first } : nextStart(this.ranges, this.start);
    for await (const frame of this.video.frames(from)) {
      const { index, timeSeconds, data } = frame;
      if (index < from.frame) continue;
      if (timeSeconds === null && this.ranges.some(hasSeconds)) throw timeless(this.name);
      if (!isWithin(this.ranges, index, timeSeconds)) {
        this.isLast = isOver(this.ranges, index, timeSeconds);
        this.behind = { index, timeSeconds };
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
      yield own;
    }
    this.length = count;
    this.known = true;
  }
}

const hasSeconds = (range: TimeRange): boolean =>
  [range.from, range.to].some((moment) => moment !== null && 'seconds' in moment);

function timeless(name: string): GlposeError {
  const problem = `the frames of ${name} have no times, so that --from and --to in seconds mean nothing`;
  return new GlposeError(
    'INPUT',
    problem,
    'Folders of images have none: give frames, as in 300f, or frames a second (--fps).',
  );
}

/** The same memory, of a part's frames: those of all parts are numbered in one go. The end of a part is not that of the video. */
function memoFrom(memo: VideoMemo, first: number): VideoMemo {
  const from = <T>(all: Memo<T>): Memo<T> => ({
    kept: (frame) => all.kept(first + frame),
    of: (frame, compute) => all.of(first + frame, compute),
    end: async () => {},
  });
  return { looks: from(memo.looks), poses: from(memo.poses) };
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
      if (!Array.isArray(some)) return some; // estimateVideo says so
      this.lacking ||= some.some((one: T | null) => one?.trackId === undefined);
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
