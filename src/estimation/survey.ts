import type { Frame } from '../media/frame.js';
import type { FrameSource } from '../media/frames.js';
import { CameraPath } from '../media/camera-path.js';
import { SceneCuts } from '../media/scene-cuts.js';
import type { Box, Detection, Image, Window } from '../types.js';
import { inOrder } from '../concurrency/in-order.js';
import { knownOf, PLACE_INPUT, pixelsOf, scalesOf, searchingScales } from '../detection/scales.js';
import { windowOf } from '../geometry/window.js';
import { coloursOf } from '../tracking/colours.js';
import { PATIENCE, Tracker, type TrackedBox } from '../tracking/track.js';
import { TrackedBoxes } from '../tracking/tracked-boxes.js';
import { CandidateDraw, type DrawnCandidate } from './candidates.js';
import type { Crop } from './crop-net.js';
import { isReadable, type ReadableFrame } from './neighbourhood.js';

/** What the first pass over a video finds: who is where in every frame, and who may stand for whom. */
export interface Survey {
  trackedBoxes: TrackedBoxes;
  /** By frame, then person. */
  candidates: DrawnCandidate[];
}

/** A detection, with a track id where the boxes' source knows it. */
export type GivenDetection = Detection & { trackId?: number };

/** Who says who is in a frame: a detector, a caller, a file of boxes. */
export interface PeopleSource {
  /** Everyone. @param scales to look at, ascending, where it can choose */
  everyone(frame: ReadableFrame, scales: readonly number[]): Promise<readonly GivenDetection[]>;
  /** People at a place of a frame, where one can look for them. */
  near?(frame: ReadableFrame, place: Box): Promise<readonly Detection[]>;
  /** Looks at places that are worth it between two looks at everything. */
  readonly mostLooks?: number;
  /** After the last question about a frame; frames end in order. */
  end?(frame: number): Promise<void>;
}

export interface SurveyOptions {
  people: PeopleSource;
  /** Frames from one in which everyone is detected to the next. Default: EVERY_SECONDS. */
  detectEvery?: number;
  /** A scale instead of those that the people need. */
  detectSize?: number;
  /** Cuts the crop of a candidate. */
  cut(image: Image, window: Window): Promise<Crop>;
  /** Frees the crop of a candidate that a later one replaced. */
  release(crop: Crop): void;
  /** Width / height of windows. */
  aspect: number;
  /** Detections under this score start no track. */
  startScore: number;
  /** How surely a pose is seen of someone detected, 0–1: by it, people are told from things that stand about. */
  poseScore?(frame: ReadableFrame, person: Detection): Promise<number>;
  /** Whether a person whom the detector misses is looked for, and filled in. */
  fillGaps: boolean;
  /** Candidates to draw over the whole video; 0 where the model has no global branch. */
  m: number;
  seed: number;
  onFrame?(): void;
}

/** Seconds from one key frame to the next, and frames at most. */
const EVERY_SECONDS = 0.25;
const MOST_EVERY = 10;
/** Seconds after which newcomers of usual sizes, and of any size, are looked for again. */
const SEARCH_SECONDS = 0.5;
const WIDE_SEARCH_SECONDS = 4;
/** Frames a second where a source does not say. */
const USUAL_FPS = 25;
/** Frames in which people may still be looked for: for PATIENCE, and no more bytes or frames than so. */
const KEPT_BYTES = 128 << 20;
const KEPT_FRAMES = 128;
/** Key frames under way at a time. A constant: the scales of each depend on who was found in those before. */
const AHEAD = 4;
/** Seconds from a frame to the next, at least: time stamps may stand still or go back. */
const LEAST_STEP = 1e-3;
/** Looks at one place that whoever is unclear between two key frames takes: in the middle, and on both sides of it. */
const LOOKS_UNCLEAR = 3;
/** Candidates should be well visible; less certain ones serve only where too few are. */
const GOOD_CANDIDATE = 0.6;

/** Some frames; everyone is looked for in the last that can be read, the key frame. */
export interface Span {
  frames: Frame[];
  key: ReadableFrame | null;
  /** Whether its first frame shows something else than the frame before. */
  newScene: boolean;
  /** Spans of the scene before it. */
  place: number;
  /** Whether newcomers are looked for whose size differs from that of the people known, or who have any size. */
  search: 'no' | 'usual' | 'wide';
}

/** Follows people through the frames and draws candidates among them. */
export class Surveyor {
  private readonly tracker: Tracker;
  private readonly camera = new CameraPath();
  private readonly draw: CandidateDraw<DrawnCandidate>;
  /** Frames that can still be looked at; null where they could not be read. */
  private readonly images = new Map<number, ReadableFrame | null>();
  private bytes = 0;
  /** Seconds of frames not forgotten; they grow. */
  private readonly times = new Map<number, number>();
  private last = -1;
  private key = 0;
  /** Boxes that were given with track ids, by frame. */
  private readonly given = new Map<number, TrackedBox[]>();

  /**
   * @param fps of the source, null where it does not say
   * @param once for streams, which are read once: people are given out as soon as they are seen, and not looked for in
   * earlier frames than the last `once`
   */
  constructor(
    private readonly options: SurveyOptions,
    private readonly fps: number | null,
    private readonly once?: number,
  ) {
    const { people, startScore, fillGaps, poseScore } = options;
    const image = (frame: number): ReadableFrame | null => this.images.get(frame) ?? null;
    this.tracker = new Tracker({
      startScore,
      fillGaps,
      hasty: once !== undefined,
      timeOf: (frame) => this.times.get(frame)!,
      near: (frame, box) => (people.near && image(frame) ? people.near(image(frame)!, box) : null),
      everyone: (frame) => (people.near && image(frame) ? this.everyone(image(frame)!) : null),
      mostLooks: people.mostLooks ?? 0,
      poseScore: poseScore && ((frame, person) => (image(frame) ? poseScore(image(frame)!, person) : null)),
      camera: (from, to) => this.camera.between(from, to),
      sizeOf: image,
      coloursOf: (frame, box) => (image(frame) ? coloursOf(image(frame)!, box) : null),
    });
    this.draw = new CandidateDraw(options.m, options.seed, ({ crop }) => options.release(crop));
  }

  /** Frames so far. */
  get frames(): number {
    return this.last + 1;
  }

  /** Frames before this one do not change any more. */
  get settled(): number {
    const now = this.times.get(this.last) ?? 0;
    let frame = this.frames;
    while (this.times.has(frame - 1) && now - this.times.get(frame - 1)! <= PATIENCE) frame--;
    return frame;
  }

  /** Who is in the key frame of a span; the scales that it is looked at with suit those known. */
  async detect({ key, search, place }: Span): Promise<readonly GivenDetection[]> {
    if (!key) return [];
    const { people, detectSize } = this.options;
    const known = place < AHEAD ? [] : knownOf(this.tracker.boxes());
    const scales = search === 'no' ? scalesOf(known, key) : searchingScales(known, key, search === 'wide');
    return people.everyone(key, detectSize ? [detectSize] : scales);
  }

  /** Takes the next frames, and who was detected in the last of them. */
  async next({ frames, key, newScene }: Span, detections: readonly GivenDetection[]): Promise<void> {
    const people = this.tracker.boxes();
    for (const frame of frames) {
      const { index, timeSeconds } = frame;
      this.camera.next(index, isReadable(frame) ? frame : null, newScene, people);
      const before = this.times.get(this.last) ?? -Infinity;
      this.times.set(index, Math.max(before + LEAST_STEP, timeSeconds ?? index / (this.fps ?? USUAL_FPS)));
      this.last = index;
      this.images.set(index, isReadable(frame) ? frame : null);
      this.bytes += pixelBytes(frame);
    }
    if (key) {
      if (detections.length > 0 && detections.every(({ trackId }) => trackId !== undefined)) {
        this.given.set(key.index, detections as TrackedBox[]);
        await this.offer(key, detections);
      } else await this.offer(key, await this.tracker.next(key.index, detections, newScene));
    } else if (this.once !== undefined) await this.tracker.glance(this.last);
    await this.dropImages();
    this.key = key?.index ?? this.key;
    for (const [index, image] of this.images) if (index < this.key) image?.rest?.();
  }

  /** Who is in a frame, as far as it is known by now. */
  at(frame: number): TrackedBox[] {
    return this.given.get(frame) ?? this.tracker.at(frame);
  }

  /** Forgets who is in frames before this one. */
  forget(frame: number): void {
    this.tracker.forget(frame);
    for (const given of this.given.keys()) if (given < frame) this.given.delete(given);
    const now = this.times.get(this.last)!;
    for (const [old, time] of this.times)
      if (old < frame && now - time > 2 * PATIENCE && old < this.key) {
        this.times.delete(old);
        this.camera.forget(old);
      }
  }

  /** After the last frame. */
  async end(): Promise<void> {
    this.tracker.endScene();
    for (const index of this.images.keys()) await this.drop(index);
  }

  /** The candidates drawn from the frames so far, by frame, then person. */
  candidates(): DrawnCandidate[] {
    return this.draw.drawn().sort((a, b) => a.frame - b.frame || a.person - b.person);
  }

  /** A look at all of a frame between two key frames. */
  private everyone(frame: ReadableFrame): { places: number; look(): Promise<readonly Detection[]> } {
    const { people, detectSize } = this.options;
    const scales = detectSize ? [detectSize] : scalesOf(knownOf(this.tracker.boxes()), frame);
    const pixels = people.mostLooks === 1 ? 0 : pixelsOf(scales, frame);
    return { places: pixels / PLACE_INPUT ** 2 / LOOKS_UNCLEAR, look: () => people.everyone(frame, scales) };
  }

  /** Oldest first; those since the key frame before stay. */
  private async dropImages(): Promise<void> {
    const now = this.times.get(this.last)!;
    const most = this.options.people.near ? (this.once ?? KEPT_FRAMES) : 1;
    for (const index of this.images.keys()) {
      if (this.once === undefined && index >= this.key) break;
      if (this.bytes <= KEPT_BYTES && this.images.size <= most && now - this.times.get(index)! <= PATIENCE) break;
      await this.drop(index);
    }
  }

  private async drop(index: number): Promise<void> {
    const image = this.images.get(index);
    this.images.delete(index);
    if (image) this.bytes -= pixelBytes(image);
    image?.release?.();
    await this.options.people.end?.(index);
  }

  private async offer(frame: ReadableFrame, detections: readonly Detection[]): Promise<void> {
    if (this.options.m === 0) return;
    const { aspect, cut } = this.options;
    for (const [person, { box, score, coarsePose }] of detections.entries()) {
      await this.draw.offer(score >= GOOD_CANDIDATE, async () => {
        const window = windowOf(box, aspect);
        return { frame: frame.index, person, window, coarsePose, crop: await cut(frame, window) };
      });
    }
  }
}

function pixelBytes({ width, height }: Frame): number {
  return 3 * width * height;
}

/** The first pass: detects people, follows them over time, draws the candidates. */
export async function surveyVideo(source: FrameSource, options: SurveyOptions): Promise<Survey> {
  const { fps, width, height } = source;
  const surveyor = new Surveyor(options, fps);
  const trackedBoxes = new TrackedBoxes();
  const settle = (end: number): void => {
    while (trackedBoxes.frames < end) trackedBoxes.push(surveyor.at(trackedBoxes.frames));
    surveyor.forget(trackedBoxes.frames);
  };
  const every =
    options.detectEvery ?? Math.min(MOST_EVERY, Math.max(1, Math.round(EVERY_SECONDS * (fps ?? USUAL_FPS))));
  const ahead = Math.min(AHEAD, Math.max(1, Math.floor(KEPT_BYTES / (3 * width * height * every))));
  const detected = inOrder(spansOf(source.frames({}, true), every, fps), ahead, async (span) => ({
    span,
    detections: await surveyor.detect(span),
  }));
  for await (const { span, detections } of detected) {
    await surveyor.next(span, detections);
    settle(surveyor.settled);
    for (let i = 0; i < span.frames.length; i++) options.onFrame?.();
  }
  await surveyor.end();
  settle(surveyor.frames);
  return { trackedBoxes, candidates: surveyor.candidates() };
}

/** Frames in spans of `every`; shorter ones before and at the first frame of a scene, so that both are key frames. */
async function* spansOf(
  frames: AsyncIterable<Frame>,
  every: number,
  fps: number | null,
): AsyncGenerator<Span, void, undefined> {
  const cuts = new SceneCuts();
  const spans = new Spans(fps);
  let some: Frame[] = [];
  for await (const frame of frames) {
    const newScene = isReadable(frame) && cuts.next(frame);
    if (newScene && some.length > 0) {
      yield spans.next(some, false);
      some = [];
    }
    some.push(frame);
    if (newScene || some.length >= every) {
      yield spans.next(some, newScene);
      some = [];
    }
  }
  if (some.length > 0) yield spans.next(some, false);
}

/** The same where nobody waits for later frames: spans of one frame, every n-th of them with a key. */
export async function* liveSpansOf(
  frames: AsyncIterable<Frame>,
  every: number,
  fps: number | null,
): AsyncGenerator<Span, void, undefined> {
  const cuts = new SceneCuts();
  const spans = new Spans(fps);
  let since = 0;
  for await (const frame of frames) {
    const newScene = cuts.next(frame as ReadableFrame);
    since = newScene ? 0 : since + 1;
    if (since % every === 0) yield spans.next([frame], newScene);
    else yield { frames: [frame], key: null, newScene: false, place: 0, search: 'no' };
  }
}

/** Counts the spans of a scene, and when it is time to look for newcomers. */
class Spans {
  private searched = -Infinity;
  private searchedWide = -Infinity;
  private place = 0;

  constructor(private readonly fps: number | null) {}

  next(frames: Frame[], newScene: boolean): Span {
    const key = frames.findLast(isReadable) ?? null;
    const { timeSeconds, index } = frames.at(-1)!;
    const seconds = timeSeconds ?? index / (this.fps ?? USUAL_FPS);
    const isDue = (last: number, after: number): boolean => newScene || Math.abs(seconds - last) >= after;
    const search = isDue(this.searchedWide, WIDE_SEARCH_SECONDS) ? 'wide' : isDue(this.searched, SEARCH_SECONDS) ? 'usual' : 'no'; // prettier-ignore
    if (search !== 'no') this.searched = seconds;
    if (search === 'wide') this.searchedWide = seconds;
    this.place = newScene ? 0 : this.place + 1;
    return { frames, key, newScene, place: this.place, search };
  }
}
