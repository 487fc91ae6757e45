/*
 * Who is plainer to see than a person, and overlaps with them, is painted over in their crop, so that the extractor does not look at the plainer
 * one instead. Where the others' bodies are is known by their coarse poses alone: capsules about the bones. Where the person's own bones
 * are about as near, the picture stays.
 */
import { iou } from '../geometry/boxes.js';
import { inWindow } from '../geometry/window.js';
import { COCO_JOINTS } from '../joints.js';
import type { Box, Detection, PersonWindow, Window } from '../types.js';
import { inMirror } from './mirror.js';

/** IoU of two boxes from which one person may be taken for the other. */
const OVERLAP = 0.05;

/** Bones by their ends, and half their breadth in lengths of the trunk. With 0.8 and 1.25 times as much, fewer joints are right. */
const BONES: readonly (readonly [number, number, number])[] = (
  [
    ['nose', 'nose', 0.28],
    ['left_shoulder', 'right_shoulder', 0.18],
    ['left_shoulder', 'left_hip', 0.2],
    ['right_shoulder', 'right_hip', 0.2],
    ['left_shoulder', 'right_hip', 0.2],
    ['right_shoulder', 'left_hip', 0.2],
    ['left_hip', 'right_hip', 0.2],
    ['left_shoulder', 'left_elbow', 0.16],
    ['right_shoulder', 'right_elbow', 0.16],
    ['left_elbow', 'left_wrist', 0.13],
    ['right_elbow', 'right_wrist', 0.13],
    ['left_wrist', 'left_wrist', 0.18],
    ['right_wrist', 'right_wrist', 0.18],
    ['left_hip', 'left_knee', 0.2],
    ['right_hip', 'right_knee', 0.2],
    ['left_knee', 'left_ankle', 0.15],
    ['right_knee', 'right_ankle', 0.15],
    ['left_ankle', 'left_ankle', 0.2],
    ['right_ankle', 'right_ankle', 0.2],
  ] as const
).map(([a, b, breadth]) => [COCO_JOINTS.indexOf(a), COCO_JOINTS.indexOf(b), breadth]);
/** How much nearer a pixel must be to others' bones than to the person's own, in radii, to be painted over. */
const NEARER = 2;
/** Of people who bend towards the camera: the shortest trunk, as a share of the joints' extent. */
const SHORTEST_TRUNK = 0.2;

/** Whether one may be taken for the other. */
export function overlap(a: Box, b: Box): boolean {
  return iou(a, b) >= OVERLAP;
}

/**
 * Everyone with those in front of them, as far as anybody can tell: whose boxes overlap theirs and have higher scores. Who has no coarse
 * pose is in nobody's way, and sees everyone.
 */
export function withThoseInFront<T extends Detection & PersonWindow>(people: readonly T[]): T[] {
  return people.map((person) => {
    const plainer = people.filter(({ box, score }) => score > person.score && overlap(box, person.box));
    const inFront = plainer.flatMap(({ coarsePose }) => coarsePose ?? []);
    return person.coarsePose && inFront.length > 0 ? { ...person, inFront } : person;
  });
}

/** A bone with flesh about it, in pixels of a crop. */
interface Capsule {
  x: number;
  y: number;
  /** To the other end. */
  dx: number;
  dy: number;
  radius: number;
}

/**
 * Paints over those in front of the person, in the mean colour of the rest.
 * @param crop [3, height, width] of the person's window, not mirrored; changed in place
 */
export function paintOver(crop: Float32Array, width: number, person: PersonWindow): void {
  const { window, inFront, coarsePose } = person.mirrored ? { ...person, ...inMirror(person, width) } : person;
  if (!inFront || !coarsePose) return;
  const pixels = crop.length / 3;
  const size = { width, height: pixels / width };
  const own = nearness(capsules(coarsePose, window, size), size);
  const covered: number[] = [];
  for (const [i, distance] of nearness(
    inFront.flatMap((pose) => capsules(pose, window, size)),
    size,
  ).entries())
    if (distance < 1 && NEARER ** 2 * distance < own[i]) covered.push(i);
  if (covered.length === 0 || covered.length === pixels) return;
  for (let c = 0; c < 3; c++) {
    const plane = crop.subarray(c * pixels, (c + 1) * pixels);
    const all = plane.reduce((total, value) => total + value, 0);
    const gone = covered.reduce((total, i) => total + plane[i], 0);
    const mean = (all - gone) / (pixels - covered.length);
    for (const i of covered) plane[i] = mean;
  }
}

function capsules(pose: Float32Array, window: Window, { width, height }: { width: number; height: number }): Capsule[] {
  const at = (q: number): { x: number; y: number } => {
    const { x, y } = inWindow(window, pose[2 * q], pose[2 * q + 1]);
    return { x: x * width, y: y * height };
  };
  const trunk = trunkOf(pose) * (width / window.width);
  return BONES.flatMap(([a, b, breadth]) => {
    const [from, to] = [at(a), at(b)];
    const isKnown = !Number.isNaN(from.x + from.y + to.x + to.y);
    return isKnown ? [{ ...from, dx: to.x - from.x, dy: to.y - from.y, radius: breadth * trunk }] : [];
  });
}

/** From between the shoulders to between the hips; 0 of a pose without joints. */
function trunkOf(pose: Float32Array): number {
  const known = COCO_JOINTS.flatMap((_, q) => (Number.isNaN(pose[2 * q]) ? [] : [{ x: pose[2 * q], y: pose[2 * q + 1] }])); // prettier-ignore
  if (known.length === 0) return 0;
  const range = (values: number[]): number => Math.max(...values) - Math.min(...values);
  const extent = Math.max(range(known.map(({ x }) => x)), range(known.map(({ y }) => y)));
  const [ls, rs, lh, rh] = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'].map((name) =>
    (COCO_JOINTS as readonly string[]).indexOf(name),
  );
  const between = (i: number): number =>
    (pose[2 * ls + i] + pose[2 * rs + i] - pose[2 * lh + i] - pose[2 * rh + i]) / 2;
  return Math.max(Math.hypot(between(0), between(1)) || 0, SHORTEST_TRUNK * extent);
}

/** Each pixel's squared distance to the nearest bone, in its radii; Infinity beyond all of them. [height × width] */
function nearness(bones: readonly Capsule[], { width, height }: { width: number; height: number }): Float32Array {
  const nearest = new Float32Array(width * height).fill(Infinity);
  for (const { x, y, dx, dy, radius } of bones) {
    const length = dx * dx + dy * dy;
    const top = Math.max(0, Math.ceil(Math.min(y, y + dy) - radius));
    const bottom = Math.min(height - 1, Math.floor(Math.max(y, y + dy) + radius));
    const left = Math.max(0, Math.ceil(Math.min(x, x + dx) - radius));
    const right = Math.min(width - 1, Math.floor(Math.max(x, x + dx) + radius));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const along = length > 0 ? ((column - x) * dx + (row - y) * dy) / length : 0;
        const share = Math.min(1, Math.max(0, along));
        const [ox, oy] = [column - x - share * dx, row - y - share * dy];
        const distance = (ox * ox + oy * oy) / (radius * radius);
        const i = row * width + column;
        if (distance < nearest[i]) nearest[i] = distance;
      }
    }
  }
  return nearest;
}
