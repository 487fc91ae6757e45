import { LIMBS, POSETRACK18_JOINTS } from '../joints.js';
import type { PersonPose, VideoPoses } from '../types.js';
import { foundJoint } from './found-joint.js';
import { frameFileName, frameNumbers, timeOf } from './frame-names.js';
import { whole, type InPieces } from './json-pieces.js';

/** A PoseTrack18 document (also what PoseTrack21's tools read). Field names are the format's. */
export interface PoseTrack18Document {
  images: PoseTrack18Image[];
  annotations: PoseTrack18Annotation[];
  categories: PoseTrack18Category[];
}

export interface PoseTrack18Image {
  /** `images/<video>/<frame>.jpg`, or the real file's name for folders of frames. */
  file_name: string;
  id: number;
  frame_id: number;
  vid_id: string;
  nframes: number;
  is_labeled: boolean;
  width: number;
  height: number;
  /** Seconds after the video's first frame, by its time stamps; an addition of glpose's, absent where there are none. */
  time?: number;
}

export interface PoseTrack18Annotation {
  id: number;
  image_id: number;
  category_id: 1;
  track_id: number;
  /** 17 × (x, y, visibility), pixels; visibility is 1, 0 of a hidden joint, and all three are 0 where a joint was not found. */
  keypoints: number[];
  /** 17 × joint score × box score, by which published PoseTrack results rank joints; 0 where a joint was not found. */
  scores: number[];
  /** The pose's score. */
  score: number;
  /** x, y, width, height of the person's box, pixels. */
  bbox: number[];
  bbox_score: number;
  /** Present where the person was not seen in this frame, and the box lies between those of the frames around. */
  interpolated?: true;
}

export interface PoseTrack18Category {
  supercategory: 'person';
  id: 1;
  name: 'person';
  keypoints: string[];
  /** Pairs of 1-based places in `keypoints`, as in COCO. */
  skeleton: number[][];
  /** Keypoints whose places were derived from other joints, not seen by the network. */
  estimated_keypoints: string[];
}

/** Where a PoseTrack sequence comes from; the place is the leading digit of its ids. */
const SOURCES = ['', 'mpii', 'bonn', 'mpiinew'];

/** PoseTrack's own name of a joint: the neck is `head_bottom` there. */
export function posetrackName(joint: string): string {
  return joint === 'neck' ? 'head_bottom' : joint;
}

/**
 * The PoseTrack18 form of one video's poses: 17 slots a person, every frame listed, people or not, so that the
 * reference evaluator (poseval) reads it.
 *
 * Ids are PoseTrack's: image TVVVVVVFFFF (the kind and number in names like 000342_mpii_test, then four digits of frame;
 * 1 and 0 for other names), annotation = image × 100 + place in the frame (× 1000 and more where a frame holds over 99
 * people).
 */
export function writePoseTrack18(video: VideoPoses): PoseTrack18Document {
  return whole(poseTrack18Pieces(video));
}

/** The same document, made as it is gone through. */
export function poseTrack18Pieces(video: VideoPoses): InPieces<PoseTrack18Document> {
  const slots = POSETRACK18_JOINTS.map((joint) => video.joints.indexOf(joint));
  const numbers = frameNumbers(video.frames);
  const [, videoNumber, source] = /^(\d{1,6})_(mpii|bonn|mpiinew)(?:_|$)/.exec(video.name) ?? ['', '0', 'mpii'];
  const firstId = (SOURCES.indexOf(source) * 1_000_000 + Number(videoNumber)) * 10_000;
  let crowd = 0;
  for (const { people } of video.frames) crowd = Math.max(crowd, people.length);
  const peoplePerFrame = 10 ** Math.max(2, String(crowd).length);
  const estimated = new Set<string>();

  function* images(): Generator<PoseTrack18Image> {
    let place = 0;
    for (const frame of video.frames) {
      const id = firstId + numbers[place++];
      yield {
        file_name: `images/${video.name}/${frameFileName(frame, 6, 0)}`,
        id,
        frame_id: id,
        vid_id: videoNumber.padStart(6, '0'),
        nframes: video.frames.length,
        is_labeled: true,
        width: video.width,
        height: video.height,
        ...timeOf(frame),
      };
    }
  }
  function* annotations(): Generator<PoseTrack18Annotation> {
    let place = 0;
    for (const { people } of video.frames) {
      const id = firstId + numbers[place++];
      for (const [index, person] of people.entries())
        yield annotation(person, id * peoplePerFrame + index, id, slots, estimated);
    }
  }
  /** After the annotations, which tell what was estimated. */
  function* categories(): Generator<PoseTrack18Category> {
    yield category(estimated);
  }
  return { images: images(), annotations: annotations(), categories: categories() };
}

function annotation(
  person: PersonPose,
  id: number,
  imageId: number,
  slots: readonly number[],
  estimated: Set<string>,
): PoseTrack18Annotation {
  const keypoints: number[] = [];
  const scores: number[] = [];
  slots.forEach((source, slot) => {
    const joint = foundJoint(person, source);
    if (!joint) {
      keypoints.push(0, 0, 0);
      scores.push(0);
      return;
    }
    if (joint.estimated) estimated.add(posetrackName(POSETRACK18_JOINTS[slot]));
    keypoints.push(joint.x, joint.y, joint.occluded ? 0 : 1);
    scores.push(joint.score * person.boxScore);
  });
  const { x, y, width, height } = person.box;
  return {
    id,
    image_id: imageId,
    category_id: 1,
    track_id: person.trackId,
    keypoints,
    scores,
    score: person.score,
    bbox: [x, y, width, height],
    bbox_score: person.boxScore,
    ...(person.interpolated && { interpolated: true }),
  };
}

function category(estimated: Set<string>): PoseTrack18Category {
  const place = new Map<string, number>(POSETRACK18_JOINTS.map((joint, slot) => [joint, slot + 1]));
  return {
    supercategory: 'person',
    id: 1,
    name: 'person',
    keypoints: POSETRACK18_JOINTS.map(posetrackName),
    skeleton: LIMBS.map(([from, to]) => [place.get(from)!, place.get(to)!]),
    estimated_keypoints: [...estimated],
  };
}
