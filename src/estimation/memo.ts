import type { Detection } from '../types.js';
import type { EstimatedPose } from './estimator.js';

/** Remembers what was computed for each frame of a video; frames are asked for about in order, several at a time. */
export interface Memo<T> {
  /** A frame's value: the remembered one, else what `compute` gives. Throws what `compute` throws. */
  of(frame: number, compute: () => Promise<T>): Promise<T>;
  /** After the last frame. */
  end(): Promise<void>;
}

/** The only two things of a video that take long: what the networks say of each frame. */
export interface VideoMemo {
  readonly detections: Memo<readonly Detection[]>;
  readonly poses: Memo<readonly EstimatedPose[]>;
}
