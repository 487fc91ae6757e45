import type { FrameSource } from './frames.js';
import type { Detection } from './detect.js';
import type { Crop, Image } from './extract.js';
import { CandidateDraw } from './candidates.js';
import type { FrameLog } from './frame-log.js';
import { inOrder } from './in-order.js';
import { Sightings } from './sightings.js';
import { Tracker, type Sighting } from './track.js';
import { windowOf, type Window } from './window.js';

/** A detection drawn to be a global reference: where it was, and its crop. */
export interface DrawnCandidate {
  frame: number;
  /** Its index among the frame's sightings. */
  person: number;
  window: Window;
  crop: Crop;
}

/** What the first pass over a video finds: who is where in every frame, and who may stand for whom. */
export interface Survey {
  sightings: Sightings;
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
  /** Takes the crop of one that is none any more. */
  giveBack(crop: Crop): void;
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
  log?: FrameLog<readonly GivenDetection[]>;
  onFrame?(): void;
}

/** Who was seen in a frame, and who in earlier ones after all. */
export type Sighted = ReturnType<Tracker['next']>;

/** Candidates should be well visible; less certain ones serve only where too few are. */
const GOOD_CANDIDATE = 0.6;

/** Follows people from frame to frame and draws candidates among them, one frame after another. */
export class Surveyor {
  private readonly tracker: Tracker;
  private readonly draw: CandidateDraw<DrawnCandidate>;

  constructor(private readonly options: SurveyOptions) {
    this.tracker = new Tracker(options);
    this.draw = new CandidateDraw(options.m, options.seed, ({ crop }) => options.giveBack(crop));
  }

  /**
   * The next frame and who was detected in it.
   * @param image null where the frame could not be read
   * @returns the sightings of this frame, and those of earlier frames that a track which was found again fills in
   */
  async next(index: number, image: Image | null, detections: readonly GivenDetection[]): Promise<Sighted> {
    const sighted = this.link(index, detections);
    if (this.options.m > 0 && image !== null) await this.offer(index, image, sighted.seen);
    return sighted;
  }

  /** The candidates drawn from the frames so far, by frame, then person. */
  candidates(): DrawnCandidate[] {
    return this.draw.drawn().sort((a, b) => a.frame - b.frame || a.person - b.person);
  }

  private link(index: number, detections: readonly GivenDetection[]): Sighted {
    if (detections.length > 0 && detections.every((detection) => detection.trackId !== undefined)) {
      return {
        seen: detections.map(({ box, score, trackId }) => ({ box, score, trackId: trackId! })),
        filled: new Map(),
      };
    }
    return this.tracker.next(index, detections);
  }

  private async offer(frame: number, image: Image, sightings: readonly Sighting[]): Promise<void> {
    const { aspect, cut } = this.options;
    for (const [person, { box, score }] of sightings.entries()) {
      await this.draw.offer(score >= GOOD_CANDIDATE, async () => {
        const window = windowOf(box, aspect);
        return { frame, person, window, crop: await cut(image, window) };
      });
    }
  }
}

/** The first pass: detects people in every frame, links them over time, draws the candidates. */
export async function surveyVideo(source: FrameSource, options: SurveyOptions): Promise<Survey> {
  const surveyor = new Surveyor(options);
  const sightings = new Sightings(options.patience);
  const detected = inOrder(source.frames(), options.atOnce, async (frame) => {
    const image = frame.data === null ? null : { ...frame, data: frame.data };
    const detect = async (): Promise<readonly GivenDetection[]> => (image === null ? [] : options.detect(image));
    return { image, detections: await (options.log?.of(frame.index, detect) ?? detect()) };
  });
  for await (const { image, detections } of detected) {
    const { seen, filled } = await surveyor.next(sightings.frames, image, detections);
    sightings.push(seen);
    for (const [frame, some] of filled) sightings.fill(frame, some);
    options.onFrame?.();
  }
  await options.log?.end();
  return { sightings, candidates: surveyor.candidates() };
}
