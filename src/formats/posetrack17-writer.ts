import { POSETRACK17_JOINTS } from '../joints.js';
import type { PersonPose, VideoPoses } from '../types.js';
import { foundJoint } from './found-joint.js';
import { frameFileName } from './frame-names.js';
import { whole, type InPieces } from './json-pieces.js';

/** A PoseTrack17 document of predictions. Every value stands in a list of one: the format's heritage from MATLAB. */
export interface PoseTrack17Document {
  annolist: PoseTrack17Frame[];
}

export interface PoseTrack17Frame {
  /** `images/<video>/<frame>.jpg`, frames of eight digits from 1, or the real file's name for folders of frames. */
  image: [{ name: string }];
  /** The frame's place in the video, from 1. */
  imgnum: [number];
  annorect: PoseTrack17Person[];
}

export interface PoseTrack17Person {
  score: [number];
  track_id: [number];
  annopoints: [{ point: PoseTrack17Point[] }];
}

export interface PoseTrack17Point {
  /** Place in POSETRACK17_JOINTS. */
  id: [number];
  x: [number];
  y: [number];
  /** Joint score × box score, by which published PoseTrack results rank joints. */
  score: [number];
  /** 0 of a hidden joint. */
  is_visible: [number];
}

/** The PoseTrack17 form of one video's poses: every frame listed, people or not; joints that were not found left out. */
export function writePoseTrack17(video: VideoPoses): PoseTrack17Document {
  return whole(poseTrack17Pieces(video));
}

/** The same document, made as it is gone through. */
export function poseTrack17Pieces(video: VideoPoses): InPieces<PoseTrack17Document> {
  const places = POSETRACK17_JOINTS.map((joint) => video.joints.indexOf(joint));
  function* annolist(): Generator<PoseTrack17Frame> {
    for (const frame of video.frames) {
      yield {
        image: [{ name: `images/${video.name}/${frameFileName(frame, 8, 1)}` }],
        imgnum: [frame.index + 1],
        annorect: frame.people.map((person) => ({
          score: [person.score],
          track_id: [person.trackId],
          annopoints: [{ point: points(person, places) }],
        })),
      };
    }
  }
  return { annolist: annolist() };
}

function points(person: PersonPose, places: readonly number[]): PoseTrack17Point[] {
  return places.flatMap((place, id): PoseTrack17Point[] => {
    const joint = foundJoint(person, place);
    if (!joint) return [];
    const score = joint.score * person.boxScore;
    return [{ id: [id], x: [joint.x], y: [joint.y], score: [score], is_visible: [joint.occluded ? 0 : 1] }];
  });
}
