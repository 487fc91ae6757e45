import { COCO_JOINTS } from '../../src/joints.js';
import type { FramePoses, PersonPose, VideoPoses } from '../../src/types.js';

/** The joints of the default bundle: COCO's, then neck and head top. */
export const JOINTS = [...COCO_JOINTS, 'neck', 'head_top'];

/** A person whose joint i lies at (left + i, top + 2 i) with score 0.5 + i / 100. */
export function person(trackId: number, left: number, top: number): PersonPose {
  return {
    trackId,
    box: { x: left, y: top, width: 40.5, height: 80.25 },
    boxScore: 0.5,
    score: 0.4,
    joints: JOINTS.map((name, i) => {
      const joint = { x: left + i, y: top + 2 * i, score: 0.5 + i / 100 };
      return name === 'neck' || name === 'head_top' ? { ...joint, estimated: true } : joint;
    }),
  };
}

/**
 * A video of three frames at 0, 0.1 and 3 seconds: two people (tracks 0 and 7), nobody, one of them with a joint the net does not give
 * (left_eye), one that it did not find (left_wrist) and one without a finite place (right_wrist).
 */
export function twoPeople(): VideoPoses<FramePoses[]> {
  const damaged = person(7, 300.125, 60);
  damaged.joints[JOINTS.indexOf('left_eye')] = null;
  damaged.joints[JOINTS.indexOf('left_wrist')]!.score = 0;
  damaged.joints[JOINTS.indexOf('right_wrist')]!.x = NaN;
  return {
    name: 'clip',
    width: 640,
    height: 480,
    fps: 10,
    joints: JOINTS,
    frames: [
      { index: 0, name: '0', timeSeconds: 0, people: [person(0, 100, 50), person(7, 300, 60)] },
      { index: 1, name: '1', timeSeconds: 0.1, people: [] },
      { index: 2, name: '2', timeSeconds: 3, people: [damaged] },
    ],
  };
}

/** The same as a folder of images with the given names. */
export function asFolder(names: [string, string, string]): VideoPoses {
  const video = twoPeople();
  return {
    ...video,
    fps: null,
    frames: video.frames.map((frame, i) => ({ ...frame, name: names[i], timeSeconds: null })),
  };
}
