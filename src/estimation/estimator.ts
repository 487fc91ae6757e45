import type { Box, Explanation, Image, Joint, PersonWindow, Window } from '../types.js';
import type { DrawnCandidate } from './candidates.js';
import { toImage } from '../geometry/window.js';

/** A pose as an estimator gives it. */
export interface EstimatedPose {
  /** One entry per name in the estimator's `joints`; null where it does not give that joint. */
  joints: (Joint | null)[];
  /** Present where it was asked for. */
  explanation?: Explanation;
}

/** A frame and the people in it. */
export interface Scene extends Image {
  /** The frame's place in the video. */
  index: number;
  people: ScenePerson[];
}

export interface ScenePerson extends PersonWindow {
  trackId: number;
  box: Box;
  /** The box's, 0–1. */
  score: number;
}

export interface SceneOptions {
  /** Also say what each pose was made from. */
  explain?: boolean;
  /** OKS of two coarse poses from which their boxes show one person; 1: never. Default: `POSE_NMS`. */
  poseNms?: number;
  /** Whether joints of people who overlap are given out over all of them. Default: true. */
  shareOut?: boolean;
  /** Whether the extractor's own joints have a say beside the head's, and joints are moved by the bundle's offsets. Default: true. */
  agreement?: boolean;
  /** Whether nothing of it is needed again: for frames out of their order. */
  once?: boolean;
}

/** A way from windows to poses. */
export interface Estimator {
  readonly joints: readonly string[];
  /** Neighbouring frames it looks at on either side of the key. */
  readonly k: number;
  /** Candidates it wants drawn from the whole video. */
  readonly m: number;
  /**
   * Takes the candidates of the video that comes next; what it remembers of the video before is freed.
   * @param signal drops what waits to be computed for that video; its reason is thrown
   */
  begin(candidates: readonly DrawnCandidate[], signal?: AbortSignal): Promise<void>;
  /**
   * Poses of the people of one key frame. Keys come in order; several may be under way at a time.
   * @param around 2k+1 frames, the key in the middle
   * @returns one of each person; null of somebody whom another box shows, too
   */
  estimate(around: readonly Scene[], options?: SceneOptions): Promise<(EstimatedPose | null)[]>;
  /**
   * What the extractor by itself sees of one person in one frame, out of order: its own joints. Absent, or undefined, where it gives features
   * only.
   */
  glimpse?(scene: Scene, person: ScenePerson): Promise<readonly Joint[] | undefined>;
  /** No key before this frame is under way or comes any more. */
  passed(frame: number): Promise<void>;
}

/**
 * Joints of one person in image pixels.
 * @param places [K, 3]: x, y in cells of a map `columns` wide, score
 */
export function toJoints(places: Float32Array, window: Window, columns: number): Joint[] {
  return Array.from({ length: places.length / 3 }, (_, joint) => ({
    ...toImage(window, columns, places[3 * joint], places[3 * joint + 1]),
    score: places[3 * joint + 2],
  }));
}
