import type { Turn } from '../geometry/window.js';
import type { Box, Detection } from '../types.js';
import type { EstimatedPose } from './estimator.js';

/** What the detector said of a part of a frame. */
export interface Look {
  part: Box;
  /** Of the part in the detector's input, pixels. */
  longerSide: number;
  /** Of the window in which the part was looked at. */
  turn: Turn;
  detections: readonly Detection[];
}

/** Remembers what was computed for each frame of a video; frames are asked for about in order, several at a time. */
export interface Memo<T> {
  /** What is remembered of a frame. */
  kept(frame: number): Promise<T | undefined>;
  /** A frame's value: the remembered one, else what `compute` gives. Throws what `compute` throws. */
  of(frame: number, compute: () => Promise<T>): Promise<T>;
  /** After the last frame. */
  end(): Promise<void>;
}

/** The only two things of a video that take long: what the networks say of each frame. */
export interface VideoMemo {
  readonly looks: Memo<readonly Look[]>;
  readonly poses: Memo<readonly (EstimatedPose | null)[]>;
}
