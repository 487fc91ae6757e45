import type { Explanation } from './pipeline/estimator.js';

/** An axis-aligned box in image pixels: top-left corner (x, y) and size. May reach outside the image. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One joint in image pixels. `score` is the estimator's confidence, 0 where the joint was not found. */
export interface Joint {
  x: number;
  y: number;
  score: number;
  /** True where the place was derived from other joints, not seen by the network (neck and head top of COCO nets). */
  estimated?: boolean;
}

/** One person in one frame. */
export interface PersonPose {
  /** The same number for the same person over a video's frames; unique within a video, from 0. */
  trackId: number;
  /** The detector's (or the user's) box, not the enlarged window. */
  box: Box;
  /** The box's detection score, 0–1. */
  boxScore: number;
  /** The pose's score: mean joint score × box score. */
  score: number;
  /** One entry per name in `VideoPoses.joints`, in that order; null where the net does not give that joint. */
  joints: (Joint | null)[];
  /** What the pose was made from, where it was asked for. */
  explanation?: Explanation;
}

/** Everything found in one frame. */
export interface FramePoses {
  /** 0-based place in the video or sorted frame folder. */
  index: number;
  /** File name of the frame in a folder, or its number as text in a video. */
  name: string;
  /** Seconds after the first frame, by the video's time stamps; null where there are none (folders of images, streams). */
  timeSeconds: number | null;
  people: PersonPose[];
}

/** Frames in order: an array, or what is read from a disk each time it is gone through. */
export interface FrameList extends Iterable<FramePoses> {
  readonly length: number;
}

/** The result for one video, whatever it came from. */
export interface VideoPoses<Frames extends FrameList = FrameList> {
  /** The video's file name without extension, or the folder's name. */
  name: string;
  width: number;
  height: number;
  /** Mean frames a second; null where unknown (folders of images). */
  fps: number | null;
  /** Joint names (see joints.ts), the order of every `PersonPose.joints`. */
  joints: readonly string[];
  frames: Frames;
}
