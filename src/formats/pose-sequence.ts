import path from 'node:path';
import type { Box } from '../types.js';

/**
 * Poses from a file, annotated or predicted, in one form whatever the format. K is the number of joints of the
 * sequence's layout; coordinates are image pixels.
 */
export interface LabelledPose {
  /**
   * K × (x, y, c): c is the visibility flag of an annotation and the score of a prediction. x and y are NaN where the
   * joint is not annotated or not predicted.
   */
  joints: Float64Array;
  /** null where the file tracks nobody. */
  trackId: number | null;
  /** Head box of PoseTrack annotations; null where there is none. */
  headBox: Box | null;
  box: Box | null;
  /** What the score of each joint was multiplied by, where the file says (`bbox_score`). */
  boxScore?: number;
  /** Segment area in px² (COCO); null where the file gives none. */
  area: number | null;
  /** A COCO crowd region: matches any number of predictions, counts for none. */
  crowd: boolean;
  /** The pose's own score; null where the file gives none. */
  score: number | null;
}

export interface LabelledFrame {
  /** The frame's path as the file writes it. */
  name: string;
  /** COCO-family image id; null in other formats. */
  imageId: number | string | null;
  /** Seconds after the video's first frame, where the file says (`time`). */
  timeSeconds?: number;
  /** What the image is for, where a COCO file marks it (`split`): train, validation, test. */
  split?: string;
  /** False where the file says that nobody was annotated here on purpose (PoseTrack21 `is_labeled`). */
  labelled: boolean;
  /** Polygons (x, y alternating) in which nothing is scored. */
  ignoreRegions: Float64Array[];
  people: LabelledPose[];
  /** Entries in the file, also those without any joint list, which `people` leaves out. */
  listed: number;
}

/** A category of the COCO family. */
export interface Category {
  id: unknown;
  name: unknown;
}

export interface PoseSequence {
  /** The folder of the frames' names, or the file's name where frames have no folder. */
  name: string;
  /** The file it was read from. */
  file: string;
  /** The only sequence of its file: the file's name names it, too. */
  alone: boolean;
  /** The K joint names. */
  joints: readonly string[];
  /** Annotations of PoseTrack21: predicted joints count, like annotated ones, only where x > 0 and y > 0. */
  positiveOnly?: boolean;
  /** Annotations of the COCO family: the categories whose people are scored; absent where the file names none. */
  categories?: readonly Category[];
  /** In order of time. */
  frames: LabelledFrame[];
}

/** The frame's file name without folder and extension: `000012`. */
export function stemOf(frameName: string): string {
  return path.posix.parse(frameName.replaceAll('\\', '/')).name;
}

/** The innermost folder of a frame's path, '' where it has none. */
export function folderOf(frameName: string): string {
  return path.posix.basename(path.posix.dirname(`/${frameName.replaceAll('\\', '/')}`));
}

/** The extent of a pose's joints, K × (x, y, c); null where none is there. */
export function extentOf(joints: Float64Array): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < joints.length; i += 3) {
    if (Number.isNaN(joints[i]) || Number.isNaN(joints[i + 1])) continue;
    [left, right] = [Math.min(left, joints[i]), Math.max(right, joints[i])];
    [top, bottom] = [Math.min(top, joints[i + 1]), Math.max(bottom, joints[i + 1])];
  }
  return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * Sequences by the frames' folders, frames in order of their numbers (in the file's order where names are no numbers).
 * A file that lists no frame holds one sequence, called as the file.
 */
export function bySequence(frames: LabelledFrame[], file: string, joints: readonly string[]): PoseSequence[] {
  const fileName = path.parse(file).name;
  if (frames.length === 0) return [{ name: fileName, file, alone: true, joints, frames }];
  const groups = new Map<string, LabelledFrame[]>();
  for (const frame of frames) {
    const name = folderOf(frame.name) || fileName;
    const group = groups.get(name);
    if (group) group.push(frame);
    else groups.set(name, [frame]);
  }
  return [...groups].map(([name, group]) => ({ name, file, alone: groups.size === 1, joints, frames: inOrder(group) }));
}

function inOrder(frames: LabelledFrame[]): LabelledFrame[] {
  const numbered = frames.map((frame) => ({ frame, stem: stemOf(frame.name) }));
  if (!numbered.every(({ stem }) => /^\d+$/.test(stem))) return frames;
  return numbered.sort((a, b) => Number(a.stem) - Number(b.stem)).map(({ frame }) => frame);
}

/** x, y, c of one joint where the joint is absent. */
export const ABSENT = [NaN, NaN, 0] as const;

/** The same pose in another layout: joints are matched by name, those the source lacks are absent. */
export function inLayout(sequence: PoseSequence, joints: readonly string[]): PoseSequence {
  if (sequence.joints === joints || sequence.joints.join() === joints.join()) return sequence;
  const sources = joints.map((joint) => sequence.joints.indexOf(joint));
  const convert = (pose: LabelledPose): LabelledPose => {
    const converted = new Float64Array(joints.length * 3);
    for (let target = 0; target < sources.length; target++) {
      const source = sources[target];
      for (let i = 0; i < 3; i++) converted[target * 3 + i] = source < 0 ? ABSENT[i] : pose.joints[source * 3 + i];
    }
    return { ...pose, joints: converted };
  };
  const frames = sequence.frames.map((frame) => ({ ...frame, people: frame.people.map(convert) }));
  return { ...sequence, joints, frames };
}
