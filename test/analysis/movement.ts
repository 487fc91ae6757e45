import type { FramePoses, VideoPoses } from '../../src/types.js';

/** Angles in degrees of a body seen from the side that looks right, as docs/movement-analysis.md defines them. */
export interface BodyAngles {
  /** The trunk against the horizontal, anticlockwise: 90 upright, below 90 bent forward. */
  trunk: number;
  hip: number;
  knee: number;
  ankle: number;
  shoulder: number;
  elbow: number;
  neck: number;
}

export const STANDING: BodyAngles = { trunk: 90, hip: 0, knee: 0, ankle: 0, shoulder: 0, elbow: 0, neck: 0 };

/** Pixels. */
export const LENGTHS = { trunk: 115.2, thigh: 98, shank: 98.4, foot: 50, upperArm: 70, forearm: 60, head: 50 };
/** By Drillis and Contini's shares, trunk, thigh and shank above belong to a body this high. */
export const BODY_HEIGHT = 400;

export const JOINTS = [
  'neck', 'head_top', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip',
  'left_knee', 'right_knee', 'left_ankle', 'right_ankle', 'left_heel', 'right_heel', 'left_big_toe', 'right_big_toe',
]; // prettier-ignore

type Place = [x: number, y: number];

/** From a point, so far in a direction in degrees (0 right, 90 up). */
function from([x, y]: Place, degrees: number, length: number): Place {
  const a = (degrees * Math.PI) / 180;
  return [x + length * Math.cos(a), y - length * Math.sin(a)];
}

/** The places of all joints by their names, hips at `hips`. Built from the angles' own meaning, limb by limb, not from glpose's formulas. */
export function bodyAt(hips: Place, left: BodyAngles, right: BodyAngles = left): Map<string, Place> {
  const places = new Map<string, Place>();
  const shoulders = from(hips, left.trunk, LENGTHS.trunk);
  places.set('neck', shoulders);
  places.set('head_top', from(shoulders, left.trunk - left.neck, LENGTHS.head));
  for (const [side, angles] of Object.entries({ left, right })) {
    const down = angles.trunk - 180; // the direction in which the trunk hangs
    places.set(`${side}_hip`, hips);
    places.set(`${side}_shoulder`, shoulders);
    const thigh = down + angles.hip; // forwards is anticlockwise for who looks right
    const knee = from(hips, thigh, LENGTHS.thigh);
    const shank = thigh - angles.knee; // the knee bends backwards
    const ankle = from(knee, shank, LENGTHS.shank);
    const foot = shank + 90 + angles.ankle; // toes up
    places.set(`${side}_knee`, knee);
    places.set(`${side}_ankle`, ankle);
    places.set(`${side}_heel`, ankle);
    places.set(`${side}_big_toe`, from(ankle, foot, LENGTHS.foot));
    const upperArm = down + angles.shoulder;
    const elbow = from(shoulders, upperArm, LENGTHS.upperArm);
    places.set(`${side}_elbow`, elbow);
    places.set(`${side}_wrist`, from(elbow, upperArm + angles.elbow, LENGTHS.forearm));
  }
  return places;
}

/** A video of one person, one set of places a frame; null where the person is not there. */
export function videoOf(
  bodies: readonly (Map<string, Place> | null)[],
  fps = 50,
  mirror = false,
): VideoPoses<FramePoses[]> {
  const frames = bodies.map((places, index): FramePoses => {
    const joints = JOINTS.map((name) => {
      const [x, y] = places?.get(name) ?? [NaN, NaN];
      return { x: mirror ? 999 - x : x, y, score: 0.9 };
    });
    const xs = joints.map(({ x }) => x);
    const ys = joints.map(({ y }) => y);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const box = { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
    const people = places ? [{ trackId: 7, box, boxScore: 0.8, score: 0.72, joints }] : [];
    return { index, name: String(index), timeSeconds: index / fps, people };
  });
  return { name: 'generated', width: 1000, height: 800, fps, joints: JOINTS, frames };
}
