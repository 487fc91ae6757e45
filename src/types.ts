/** An RGB image, [height, width, 3], 8 bits. */
export interface Image {
  width: number;
  height: number;
  data: Uint8Array;
}

/** An axis-aligned box in image pixels: top-left corner (x, y) and size. May reach outside the image. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of an image that the extractor sees: centre and size in image pixels, in the input's aspect ratio. */
export interface Window {
  centreX: number;
  centreY: number;
  /** Along its own rows. */
  width: number;
  height: number;
  /** Quarter turns, clockwise, by which it is turned about its centre: with 1, its top lies at the image's right. Default: 0. */
  turn?: 0 | 1 | 2 | 3;
}

/** A person's window, and who is meant in it. */
export interface PersonWindow {
  window: Window;
  /** COCO joints in image pixels, x and y alternating (17 × 2), as in `Detection`; absent where nobody has said. */
  coarsePose?: Float32Array;
  /** Coarse poses, as in the image, of those who are in front of the person: they are painted over in the crop. */
  inFront?: readonly Float32Array[];
  /** Whether the crop is mirrored, and the coarse pose with it; the window is not, nor are others. */
  mirrored?: boolean;
}

/** A person found in one frame, in image pixels. */
export interface Detection {
  box: Box;
  /** 0–1 */
  score: number;
  /**
   * A coarse pose, COCO joints in order, x and y alternating (17 × 2): it tells this person from those who overlap with it. Absent
   * for foreign boxes.
   */
  coarsePose?: Float32Array;
}

/** One joint in image pixels. `score` is the estimator's confidence, 0 where the joint was not found. */
export interface Joint {
  x: number;
  y: number;
  score: number;
  /** True where the place was derived from other joints, not seen by the network (neck and head top of COCO nets). */
  estimated?: boolean;
  /** True where nothing in the picture speaks for the joint, or what does is another person's: it is hidden about there. */
  occluded?: boolean;
}

/** One person in one frame. */
export interface PersonPose {
  /** The same number for the same person over a video's frames; unique within a video, from 0. */
  trackId: number;
  /** The detector's (or the user's) box, not the enlarged window. */
  box: Box;
  /** The box's detection score, 0–1. */
  boxScore: number;
  /** True where the person was looked for and not seen, and the box lies between those of the frames around. */
  interpolated?: boolean;
  /** The pose's score: mean joint score × box score. */
  score: number;
  /** One entry per name in `VideoPoses.joints`, in that order; null where the net does not give that joint. */
  joints: (Joint | null)[];
  /** What the pose was made from, where it was asked for. */
  explanation?: Explanation;
}

/** What a pose was made from, for those who want to know why it is what it is. */
export interface Explanation {
  /** The key's window. */
  window: Window;
  /** The other maps that were joined with the key's, in the order of Eq. 4; empty for single-frame poses. */
  references: Reference[];
  /** [K, h, w] heat maps H of the estimator's own joints, over the window. */
  heatmaps: Float32Array;
  /** [h, w] M of Eq. 5, its mean over the channels: where the key overlooked something. Absent without enhancement. */
  mask?: Float32Array;
  /** Size of the maps. */
  width: number;
  height: number;
}

/** One joined map: where it was cut from, and its weight (W_l or W_g; the mean over the channels). */
export interface Reference {
  kind: 'local' | 'global';
  frame: number;
  window: Window;
  weight: number;
}

/** Everything found in one frame. */
export interface FramePoses {
  /** 0-based place in the video or sorted frame folder. */
  index: number;
  /** File name of the frame in a folder, or its number as text in a video. */
  name: string;
  /** Seconds after the first frame, by the video's time stamps; null where there are none (folders of images, streams). */
  timeSeconds: number | null;
  /** In pixels, where it is known; images of a folder may differ in size. */
  width?: number;
  height?: number;
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
