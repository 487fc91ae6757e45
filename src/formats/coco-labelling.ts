import { COCO_JOINTS, LIMBS } from '../joints.js';
import type { CocoAnnotation } from './coco-results.js';
import { extentOf, stemOf, type LabelledFrame, type LabelledPose, type PoseSequence } from './pose-sequence.js';

/** A COCO keypoints document for labelling tools: frames of several videos, with poses as a start. */
export interface LabellingDocument {
  images: {
    id: number;
    /** `<video>/<frame>.jpg` */
    file_name: string;
    width: number;
    height: number;
  }[];
  annotations: Omit<CocoAnnotation, 'score' | 'scores'>[];
  categories: { id: 1; name: 'person'; supercategory: 'person'; keypoints: string[]; skeleton: number[][] }[];
}

/** A frame, and the size of its picture. */
export interface FrameForLabelling {
  sequence: PoseSequence;
  frame: LabelledFrame;
  width: number;
  height: number;
}

/** Scores from which a joint is proposed as visible; below, as hidden (COCO's flag 1). */
const VISIBLE = 0.2;

/** The name of a frame's picture, in the folder of all pictures. */
export function labellingName({ name }: PoseSequence, frame: LabelledFrame): string {
  return `${name}/${stemOf(frame.name)}.jpg`;
}

/**
 * The document. Its keypoints are COCO's, then those of the results beyond them (neck, head top), so that nothing that the
 * results know is lost; joints are found by their names when it comes back.
 */
export function labellingDocument(frames: readonly FrameForLabelling[]): LabellingDocument {
  const more = new Set(frames.flatMap(({ sequence }) => sequence.joints.filter((joint) => !isCoco(joint))));
  const keypoints = [...COCO_JOINTS, ...more];
  const annotations: LabellingDocument['annotations'] = [];
  const images = frames.map(({ sequence, frame, width, height }, i) => {
    const places = keypoints.map((joint) => sequence.joints.indexOf(joint));
    for (const [place, person] of frame.people.entries()) {
      annotations.push({ id: annotations.length + 1, image_id: i + 1, ...annotation(person, place, places) });
    }
    return { id: i + 1, file_name: labellingName(sequence, frame), width, height };
  });
  const place = new Map(keypoints.map((joint, i) => [joint, i + 1]));
  const skeleton = LIMBS.filter(([from, to]) => place.has(from) && place.has(to)).map(([from, to]) => [
    place.get(from)!,
    place.get(to)!,
  ]);
  return {
    images,
    annotations,
    categories: [{ id: 1, name: 'person', supercategory: 'person', keypoints, skeleton }],
  };
}

function isCoco(joint: string): boolean {
  return (COCO_JOINTS as readonly string[]).includes(joint);
}

function annotation(
  person: LabelledPose,
  place: number,
  places: readonly number[],
): Omit<LabellingDocument['annotations'][0], 'id' | 'image_id'> {
  const { joints, boxScore = 1, trackId } = person;
  const keypoints = places.flatMap((k) => {
    if (k < 0 || Number.isNaN(joints[3 * k])) return [0, 0, 0];
    return [joints[3 * k], joints[3 * k + 1], joints[3 * k + 2] >= VISIBLE * boxScore ? 2 : 1];
  });
  const { x, y, width, height } = person.box ?? extentOf(joints) ?? { x: 0, y: 0, width: 0, height: 0 };
  return {
    category_id: 1,
    keypoints,
    num_keypoints: keypoints.filter((flag, i) => i % 3 === 2 && flag > 0).length,
    bbox: [x, y, width, height],
    area: width * height,
    iscrowd: 0,
    track_id: trackId ?? place,
  };
}
