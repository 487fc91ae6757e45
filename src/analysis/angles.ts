/*
 * Joint and segment angles in the picture's plane, in degrees. Definitions and signs: docs/movement-analysis.md.
 *
 *   segment   a vector between two points
 *   facing    +1: the person looks to the picture's right, −1: to its left; null: towards the camera or away from it
 */
import { piecesOf } from '../postprocessing/butterworth.js';
import { median } from '../postprocessing/hampel.js';
import type { Path, Points } from './points.js';

export type Facing = 1 | -1 | null;

/** An angle over time. */
export interface AngleSeries {
  /** `right_knee`, `left_thigh` … */
  name: string;
  kind: 'joint' | 'segment';
  /** T degrees; NaN where a point is missing. */
  degrees: Float64Array;
}

type Segment = readonly [from: string, to: string];

interface JointAngle {
  name: string;
  /** The angle leads from the proximal to the distal segment. */
  proximal: Segment;
  distal: Segment;
  /** Of the turn clockwise in the picture, where the person faces right. */
  sign: 1 | -1;
  /** Degrees that are taken off. */
  neutral: number;
  /** The middle of the joint's range: of the turns that differ by 360°, the one about here is meant. Null: any is possible. */
  middle: number | null;
}

const TRUNK_DOWN: Segment = ['mid_shoulders', 'mid_hips'];

function sides(of: (side: string) => JointAngle): JointAngle[] {
  return ['right', 'left'].map(of);
}

/** Flexion is positive; 0 is the anatomical position: straight knees and elbows, arms hanging, feet at right angles to the shank. */
const JOINT_ANGLES: readonly JointAngle[] = [
  ...sides((side) => ({
    name: `${side}_ankle`, proximal: [`${side}_knee`, `${side}_ankle`], distal: [`${side}_heel`, `${side}_big_toe`],
    sign: -1, neutral: 90, middle: 90,
  })),
  ...sides((side) => ({
    name: `${side}_knee`, proximal: [`${side}_hip`, `${side}_knee`], distal: [`${side}_knee`, `${side}_ankle`],
    sign: 1, neutral: 0, middle: 70,
  })),
  ...sides((side) => ({
    name: `${side}_hip`, proximal: TRUNK_DOWN, distal: [`${side}_hip`, `${side}_knee`],
    sign: -1, neutral: 0, middle: 55,
  })),
  ...sides((side) => ({
    name: `${side}_shoulder`, proximal: TRUNK_DOWN, distal: [`${side}_shoulder`, `${side}_elbow`],
    sign: -1, neutral: 0, middle: null,
  })),
  ...sides((side) => ({
    name: `${side}_elbow`, proximal: [`${side}_shoulder`, `${side}_elbow`], distal: [`${side}_elbow`, `${side}_wrist`],
    sign: -1, neutral: 0, middle: 70,
  })),
  { name: 'neck', proximal: ['mid_hips', 'mid_shoulders'], distal: ['neck', 'head'], sign: 1, neutral: 0, middle: 0 },
]; // prettier-ignore

/** From the distal to the proximal end: 90° is upright. */
const SEGMENT_ANGLES: readonly { name: string; segment: Segment }[] = [
  ...['right', 'left'].flatMap((side): { name: string; segment: Segment }[] => [
    { name: `${side}_foot`, segment: [`${side}_heel`, `${side}_big_toe`] },
    { name: `${side}_shank`, segment: [`${side}_ankle`, `${side}_knee`] },
    { name: `${side}_thigh`, segment: [`${side}_knee`, `${side}_hip`] },
    { name: `${side}_upper_arm`, segment: [`${side}_elbow`, `${side}_shoulder`] },
    { name: `${side}_forearm`, segment: [`${side}_wrist`, `${side}_elbow`] },
  ]),
  { name: 'trunk', segment: ['mid_hips', 'mid_shoulders'] },
  { name: 'head', segment: ['neck', 'head'] },
  { name: 'pelvis', segment: ['right_hip', 'left_hip'] },
  { name: 'shoulders', segment: ['right_shoulder', 'left_shoulder'] },
];

const DEGREES = 180 / Math.PI;

/**
 * The joint angles of a person, those whose points the layout has. Without a facing they have no sign: the turn between both
 * segments, 0–180° (for ankles less 90°).
 */
export function jointAngles(points: Points, facing: Facing): AngleSeries[] {
  return JOINT_ANGLES.flatMap(({ name, proximal, distal, sign, neutral, middle }) => {
    const [a, b] = [vector(points, proximal), vector(points, distal)];
    if (!a || !b) return [];
    const turns = a.x.map((_, t) => turn(a.x[t], a.y[t], b.x[t], b.y[t]));
    const signed = turns.map((value) => (facing === null ? Math.abs(value) : facing * sign * value));
    const whole = facing === null ? signed : unwrapped(signed, middle);
    return [{ name, kind: 'joint', degrees: whole.map((value) => value - neutral) }];
  });
}

/** The angles of segments against the picture's horizontal, anticlockwise, which do not wrap from frame to frame. */
export function segmentAngles(points: Points): AngleSeries[] {
  return SEGMENT_ANGLES.flatMap(({ name, segment }) => {
    const along = vector(points, segment);
    if (!along) return [];
    const degrees = unwrapped(
      along.x.map((x, t) => Math.atan2(-along.y[t], x) * DEGREES),
      null,
    );
    return [{ name, kind: 'segment', degrees }];
  });
}

function vector(points: Points, [from, to]: Segment): Path | null {
  const [a, b] = [points.get(from), points.get(to)];
  return a && b ? { x: b.x.map((x, t) => x - a.x[t]), y: b.y.map((y, t) => y - a.y[t]) } : null;
}

/** Degrees from one vector to another, clockwise as seen in the picture, in (−180, 180]. */
export function turn(ax: number, ay: number, bx: number, by: number): number {
  return Math.atan2(ax * by - ay * bx, ax * bx + ay * by) * DEGREES;
}

/** The same direction, within 180° of another. */
function around(degrees: number, middle: number): number {
  return degrees - 360 * Math.round((degrees - middle) / 360);
}

/**
 * Every value within 180° of the one before it, so that nothing wraps in the middle of a movement.
 * @param middle about which the middle value of every run without gaps lies; null: runs go on from one another, and the middle
 * value of all lies about 0
 */
export function unwrapped(degrees: Float64Array, middle: number | null): Float64Array {
  const continued = Float64Array.from(degrees);
  let last = 0;
  for (const [start, end] of piecesOf(degrees)) {
    for (let t = start; t < end; t++) last = continued[t] = around(degrees[t], last);
    if (middle !== null) moveAbout(continued.subarray(start, end), middle);
  }
  if (middle === null) moveAbout(continued, 0);
  return continued;
}

/** Adds full turns to all values, so that the middle one lies within 180° of a place. */
function moveAbout(degrees: Float64Array, place: number): void {
  const turns = 360 * Math.round((median(degrees.filter((value) => !Number.isNaN(value))) - place) / 360);
  for (let t = 0; t < degrees.length; t++) degrees[t] -= turns;
}

/** Degrees beyond which a bend tells no more: limbs that point at the camera turn by anything. */
const MOST_BEND = 45;
/** Degrees that knees and elbows must be bent on average for their bend to tell where a person looks. */
const CLEAR_BEND = 4;

/**
 * Where a person looks, from the joints that bend one way only: knees backwards, elbows forwards. Null where both ways are about
 * as likely: seen from the front or from behind.
 */
export function facingOf(points: Points): Facing {
  let [sum, count] = [0, 0];
  for (const { name, degrees } of jointAngles(points, 1)) {
    if (!/_(knee|elbow)$/.test(name)) continue;
    for (const value of degrees) {
      if (Number.isNaN(value)) continue;
      sum += Math.max(-MOST_BEND, Math.min(MOST_BEND, around(value, 0)));
      count++;
    }
  }
  const mean = sum / count;
  return Math.abs(mean) >= CLEAR_BEND ? (mean > 0 ? 1 : -1) : null;
}
