import path from 'node:path';
import { fittedName } from '../media/video-names.js';
import type { Joint, PersonPose, VideoPoses } from '../types.js';
import { foundJoint } from './found-joint.js';

/** One frame's file, as OpenPose's `--write_json` makes it (format version 1.3). */
export interface OpenPoseDocument {
  version: 1.3;
  people: OpenPosePerson[];
}

export interface OpenPosePerson {
  person_id: [number];
  /** 25 × (x, y, score), pixels; 0, 0, 0 where a joint was not found. */
  pose_keypoints_2d: number[];
  face_keypoints_2d: [];
  hand_left_keypoints_2d: [];
  hand_right_keypoints_2d: [];
  pose_keypoints_3d: [];
  face_keypoints_3d: [];
  hand_left_keypoints_3d: [];
  hand_right_keypoints_3d: [];
}

/** A joint's name, or the two between which OpenPose defines it; null for the feet, which glpose does not give. */
type Source = string | readonly [string, string] | null;

/** BODY_25 in its order. Its neck is the middle of the shoulders: not PoseTrack's, which lies higher. */
const BODY_25: readonly Source[] = [
  'nose', ['left_shoulder', 'right_shoulder'],
  'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
  ['left_hip', 'right_hip'], 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle',
  'right_eye', 'left_eye', 'right_ear', 'left_ear',
  null, null, null, null, null, null,
]; // prettier-ignore

const ENDING = '_keypoints.json';

/**
 * The OpenPose form of one video's poses: a file a frame, people or not.
 * @yields file names as OpenPose gives them (`<video>_000000000012_keypoints.json`, or `<image>_keypoints.json`)
 */
export function* writeOpenPose(video: VideoPoses): Generator<{ name: string; document: OpenPoseDocument }> {
  const pathOf = (name: string): number => video.joints.indexOf(name);
  const taken = new Set<string>();
  for (const { index, name, people } of video.frames) {
    const inVideo = path.extname(name) === '';
    const stem = inVideo ? `${video.name}_${String(index).padStart(12, '0')}` : path.parse(name).name;
    const unique = taken.has(stem) ? name : stem; // a.png and a.jpg may lie in one folder
    taken.add(unique);
    yield {
      name: `${fittedName(unique, ENDING.length)}${ENDING}`,
      document: { version: 1.3, people: people.map((person) => toPerson(person, pathOf)) },
    };
  }
}

function toPerson(person: PersonPose, pathOf: (name: string) => number): OpenPosePerson {
  const joint = (name: string): Joint | null => foundJoint(person, pathOf(name));
  const keypoints = BODY_25.flatMap((source) => {
    if (source === null) return [0, 0, 0];
    const found = typeof source === 'string' ? joint(source) : middle(joint(source[0]), joint(source[1]));
    return found ? [found.x, found.y, found.score] : [0, 0, 0];
  });
  return {
    person_id: [person.trackId],
    pose_keypoints_2d: keypoints,
    face_keypoints_2d: [],
    hand_left_keypoints_2d: [],
    hand_right_keypoints_2d: [],
    pose_keypoints_3d: [],
    face_keypoints_3d: [],
    hand_left_keypoints_3d: [],
    hand_right_keypoints_3d: [],
  };
}

/** As certain as the less certain of the two. */
function middle(a: Joint | null, b: Joint | null): Joint | null {
  return a && b ? { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, score: Math.min(a.score, b.score) } : null;
}
