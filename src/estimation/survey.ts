import type { FrameSource } from '../media/frames.js';
import type { Window, Image, Detection } from '../types.js';
import type { Crop } from './crop-net.js';
import { CandidateDraw, type DrawnCandidate } from './candidates.js';
import type { Memo } from './memo.js';
import { inOrder } from '../concurrency/in-order.js';
import { TrackedBoxes } from '../tracking/tracked-boxes.js';
import { Tracker, type TrackedBox } from '../tracking/track.js';
import { windowOf } from '../geometry/window.js';

/** What the first pass over a video finds: who is where in every frame, and who may stand for whom. */
export interface Survey {
  trackedBoxes: TrackedBoxes;
  /** By frame, then person. */
  candidates: DrawnCandidate[];
}

/** A detection, with a track id where the boxes' source knows it. */
export type GivenDetection = Detection & { trackId?: number };

export interface SurveyOptions {
  /** The people of one frame. */
  detect(frame: Image & { index: number; name: string }): Promise<readonly GivenDetection[]>;
  /** Cuts the crop of a candidate. */
  cut(image: Image, window: Window): Promise<Crop>;
  /** Frees the crop of a candidate that a later one replaced. */
  release(crop: Crop): void;
  /** Width / height of windows. */
  aspect: number;
  /** Detections under this score start no track. */
  startScore: number;
  /** A track outlives this many frames without a detection. */
  patience: number;
  /** Whether a person whom the detector misses for a few frames is looked for in between. */
  fillGaps: boolean;
  /** Candidates to draw over the whole video; 0 where the model has no global branch. */
  m: number;
  seed: number;
  /** Frames that are detected at a time. */
  atOnce: number;
  /** Has, or takes, each frame's detections. */
  log?: Memo<readonly GivenDetection[]>;
  onFrame?(): void;
}

/** Who was seen in a frame, and who in earlier ones after all. */
export type LinkedBoxes = ReturnType<Tracker['next']>;

/** Candidates should be well visible; less certain ones serve only where too few are. */
const GOOD_CANDIDATE = 0.6;

/** Follows people from frame to frame and draws candidates among them, one frame after another. */
export class Surveyor {
  private readonly tracker: Tracker;
  private readonly draw: CandidateDraw<DrawnCandidate>;

  constructor(private readonly options: SurveyOptions) {
    this.tracker = new Tracker(options);
    this.draw = new CandidateDraw(options.m, options.seed, ({ crop }) => options.release(crop));
  }

  /**
   * The next frame and who was detected in it.
   * @param image null where the frame could not be read
   * @returns the tracked boxes of this frame, and those of earlier frames that a track which was found again fills in
   */
  async next(index: number, image: Image | null, detections: readonly GivenDetection[]): Promise<LinkedBoxes> {
    const linked = this.link(index, detections);
    if (this.options.m > 0 && image !== null) await this.offer(index, image, linked.observed);
    return linked;
  }

  /** The candidates drawn from the frames so far, by frame, then person. */
  candidates(): DrawnCandidate[] {
    return this.draw.drawn().sort((a, b) => a.frame - b.frame || a.person - b.person);
  }

  private link(index: number, detections: readonly GivenDetection[]): LinkedBoxes {
    if (detections.length > 0 && detections.every((detection) => detection.trackId !== undefined)) {
      return {
        observed: detections.map(({ trackId, ...detection }) => ({ trackId: trackId!, ...detection })),
        interpolated: new Map(),
      };
    }
    return this.tracker.next(index, detections);
  }

  private async offer(frame: number, image: Image, trackedBoxes: readonly TrackedBox[]): Promise<void> {
    const { aspect, cut } = this.options;
    for (const [person, { box, score, coarsePose }] of trackedBoxes.entries()) {
      await this.draw.offer(score >= GOOD_CANDIDATE, async () => {
        const window = windowOf(box, aspect);
        return { frame, person, window, coarsePose, crop: await cut(image, window) };
      });
    }
  }
}

/** The first pass: detects people in every frame, links them over time, draws the candidates. */
export async function surveyVideo(source: FrameSource, options: SurveyOptions): Promise<Survey> {
  const surveyor = new Surveyor(options);
  const trackedBoxes = new TrackedBoxes(options.patience);
  const detected = inOrder(source.frames(), options.atOnce, async (frame) => {
    const image = frame.data === null ? null : { ...frame, data: frame.data };
    const detect = async (): Promise<readonly GivenDetection[]> => (image === null ? [] : options.detect(image));
    return { image, detections: await (options.log?.of(frame.index, detect) ?? detect()) };
  });
  for await (const { image, detections } of detected) {
    const { observed, interpolated } = await surveyor.next(trackedBoxes.frames, image, detections);
    trackedBoxes.push(observed);
    for (const [frame, some] of interpolated) trackedBoxes.fill(frame, some);
    options.onFrame?.();
  }
  await options.log?.end();
  return { trackedBoxes, candidates: surveyor.candidates() };
}
