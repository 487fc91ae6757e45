import type { FramePoses, Joint, PersonPose, VideoPoses } from '../types.js';
import { extentOf, type LabelledPose, type PoseSequence } from './pose-sequence.js';
import { poseScore } from '../postprocessing/pose-score.js';

/** What a file of poses does not say itself. */
export interface VideoDetails {
  width: number;
  height: number;
  /** Place of every frame in the video, from 0. */
  places: readonly number[];
  /** Frames a second, for files whose frames have no times; null where unknown. */
  fps: number | null;
  /** Whether the frames are those of a video file: they are called by their numbers then, and keep their files' names else. */
  isVideo: boolean;
  /** Joints that were derived from others. */
  estimated?: readonly string[];
}

/**
 * Poses that were read from a file, as `estimateVideo` gives them. People without track numbers get their place in the frame. Joints have
 * their own scores, without the box's that PoseTrack files multiply them by; a joint whose file gives no score has 1.
 */
export function videoPosesOf(sequence: PoseSequence, details: VideoDetails): VideoPoses<FramePoses[]> {
  const { joints, frames } = sequence;
  const { width, height, places, fps, isVideo, estimated = [] } = details;
  const isEstimated = joints.map((name) => estimated.includes(name));
  return {
    name: sequence.name,
    width,
    height,
    fps,
    joints,
    frames: frames.map(({ name, timeSeconds, people }, i) => ({
      index: places[i],
      name: isVideo ? String(places[i]) : fileNameOf(name),
      timeSeconds: timeSeconds ?? null,
      people: people.map((person, place) => personOf(person, place, isEstimated)),
    })),
  };
}

function fileNameOf(name: string): string {
  return name.replaceAll('\\', '/').split('/').at(-1)!;
}

function personOf(person: LabelledPose, place: number, isEstimated: readonly boolean[]): PersonPose {
  const { trackId, box, boxScore = 1, score } = person;
  const joints = isEstimated.map((derived, k): Joint | null => {
    const [x, y, c] = person.joints.subarray(3 * k, 3 * k + 3);
    if (Number.isNaN(x) || Number.isNaN(y)) return null;
    const own = c < 0 ? 1 : boxScore > 0 ? c / boxScore : 0;
    return { x, y, score: Math.min(1, own), ...(derived ? { estimated: true } : {}) };
  });
  return {
    trackId: trackId ?? place,
    box: box ?? extentOf(person.joints) ?? { x: 0, y: 0, width: 0, height: 0 },
    boxScore,
    score: score ?? poseScore(joints, boxScore),
    joints,
  };
}
