/*
 * COCO keypoints, written in the two forms that its tools know: a document (images, annotations, categories), which
 * annotation and data-set tools open, and a list of results, which pycocotools' `loadRes` and COCO's server take.
 */
import { COCO_JOINTS } from '../joints.js';
import type { FramePoses, Joint, PersonPose, VideoPoses } from '../types.js';
import { foundJoint } from './found-joint.js';
import { frameFileName, frameNumbers, timeOf } from './frame-names.js';
import { whole, type InPieces } from './json-pieces.js';

/** One person of a COCO results file. */
export interface CocoResult {
  /** The number in the image's file name, or the frame's place in a video, from 0. */
  image_id: number;
  category_id: 1;
  /** 17 × (x, y, joint score), pixels; 0, 0, 0 where a joint was not found. */
  keypoints: number[];
  /** The pose's score. */
  score: number;
  /** x, y, width, height of the person's box, pixels. */
  bbox: number[];
  track_id: number;
  /** Present where the person was not seen in this frame, and the box lies between those of the frames around. */
  interpolated?: true;
}

/** One person of a COCO document. */
export interface CocoAnnotation extends CocoResult {
  id: number;
  /** Joints found. */
  num_keypoints: number;
  /**
   * 17 joint scores; the third value of a keypoint is COCO's visibility flag here: 2 where found, 1 where found but hidden or outside the
   * picture, else 0.
   */
  scores: number[];
  /** The box's, in px². */
  area: number;
  iscrowd: 0;
}

/** A COCO keypoints document. */
export interface CocoDocument {
  /** `time`: see `PoseTrack18Image`. */
  images: { id: number; file_name: string; width: number; height: number; time?: number }[];
  annotations: CocoAnnotation[];
  categories: { id: 1; name: 'person'; supercategory: 'person'; keypoints: string[]; skeleton: number[][] }[];
}

/** COCO's own skeleton, as 1-based places in COCO_JOINTS. */
const SKELETON = [
  [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9], [8, 10], [9, 11],
  [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
]; // prettier-ignore

/** The list of results of one video. */
export function writeCocoResults(video: VideoPoses): CocoResult[] {
  return [...cocoResults(video)];
}

/** The same list, made as it is gone through. */
export function* cocoResults(video: VideoPoses): Generator<CocoResult, void, undefined> {
  const places = COCO_JOINTS.map((joint) => video.joints.indexOf(joint));
  const numbers = frameNumbers(video.frames);
  let frame = 0;
  for (const { people } of video.frames) {
    for (const person of people) yield result(person, numbers[frame], places, ({ score }) => score);
    frame++;
  }
}

/** The document of one video; frames without people are listed, too. */
export function writeCoco(video: VideoPoses): CocoDocument {
  return whole(cocoPieces(video));
}

/** The same document, made as it is gone through. */
export function cocoPieces(video: VideoPoses): InPieces<CocoDocument> {
  const places = COCO_JOINTS.map((joint) => video.joints.indexOf(joint));
  const numbers = frameNumbers(video.frames);
  function* images(): Generator<CocoDocument['images'][0]> {
    let frame = 0;
    for (const each of video.frames) {
      const fileName = `${video.name}/${frameFileName(each, 6, 0)}`;
      const { width, height } = sizeOf(each, video);
      yield { id: numbers[frame++], file_name: fileName, width, height, ...timeOf(each) };
    }
  }
  function* annotations(): Generator<CocoAnnotation> {
    let [frame, id] = [0, 1];
    for (const each of video.frames) {
      const size = sizeOf(each, video);
      for (const person of each.people) {
        const scores = places.map((place) => foundJoint(person, place)?.score ?? 0);
        yield {
          id: id++,
          ...result(person, numbers[frame], places, (joint) => (isInside(joint, size) && !joint.occluded ? 2 : 1)),
          num_keypoints: scores.filter((score) => score > 0).length,
          scores,
          area: person.box.width * person.box.height,
          iscrowd: 0,
        };
      }
      frame++;
    }
  }
  return {
    images: images(),
    annotations: annotations(),
    categories: [{ id: 1, name: 'person', supercategory: 'person', keypoints: [...COCO_JOINTS], skeleton: SKELETON }],
  };
}

interface Size {
  width: number;
  height: number;
}

/** Of a frame, else that of the first one. */
function sizeOf({ width, height }: FramePoses, video: VideoPoses): Size {
  return width === undefined || height === undefined ? video : { width, height };
}

/** Whether a joint lies in the picture, whose first pixel's centre is at 0. */
function isInside({ x, y }: Joint, { width, height }: Size): boolean {
  return x >= -0.5 && y >= -0.5 && x < width - 0.5 && y < height - 0.5;
}

/** @param third a keypoint's third value */
function result(
  person: PersonPose,
  imageId: number,
  places: readonly number[],
  third: (joint: Joint) => number,
): CocoResult {
  const { box, score, trackId } = person;
  const keypoints = places.flatMap((place) => {
    const joint = foundJoint(person, place);
    return joint ? [joint.x, joint.y, third(joint)] : [0, 0, 0];
  });
  const bbox = [box.x, box.y, box.width, box.height];
  const entry: CocoResult = { image_id: imageId, category_id: 1, keypoints, score, bbox, track_id: trackId };
  return person.interpolated ? { ...entry, interpolated: true } : entry;
}
