import type { FramePoses, PersonPose } from '../types.js';
import type { Canvas } from './canvas.js';

const FACE = new Set(['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear']);

/** How much of the widest spread of face joints the head reaches beyond them. */
const BEYOND = 1.8;
/** A head's radius as shares of the body: of the nose's distance to the shoulders' middle, and of the box's shorter side. */
const OF_NECK = 0.75;
const OF_BOX = 0.12;
/** Blocks across a covered head: too few to tell a face by. */
const BLOCKS = 6;

/**
 * Makes the heads of a frame's people unrecognisable: a disc of coarse blocks, each of its mean colour. Every person found is
 * covered, at the top of the box where no face joint was found; people who were not found are not.
 * @param joints names, the order of every person's joints
 * @param canvas the frame's pixels, changed in place
 */
export function blurFaces(canvas: Canvas, { people }: FramePoses, joints: readonly string[]): void {
  for (const person of people) {
    const { x, y, radius } = headOf(person, joints);
    if (Number.isFinite(x + y + radius)) coarsen(canvas, x, y, radius);
  }
}

interface Disc {
  x: number;
  y: number;
  radius: number;
}

function headOf({ joints, box }: PersonPose, names: readonly string[]): Disc {
  const places = joints.flatMap((joint, i) => (joint && joint.score > 0 ? [{ ...joint, name: names[i] }] : []));
  const face = places.filter(({ name }) => FACE.has(name));
  const shorter = Math.min(box.width, box.height);
  if (face.length === 0) return { x: box.x + box.width / 2, y: box.y + shorter / 3, radius: shorter / 2 };
  const { x, y } = middle(face);
  const spread = Math.max(...face.map((joint) => Math.hypot(joint.x - x, joint.y - y)));
  const shoulders = places.filter(({ name }) => name === 'left_shoulder' || name === 'right_shoulder');
  const neck = shoulders.length === 2 ? middle(shoulders) : { x, y };
  const reach = Math.hypot(neck.x - x, neck.y - y);
  return { x, y, radius: Math.max(spread * BEYOND, reach * OF_NECK, shorter * OF_BOX) };
}

function middle(places: readonly { x: number; y: number }[]): { x: number; y: number } {
  const mean = (of: (place: { x: number; y: number }) => number): number =>
    places.reduce((total, place) => total + of(place), 0) / places.length;
  return { x: mean((place) => place.x), y: mean((place) => place.y) };
}

function coarsen({ width, height, data }: Canvas, x: number, y: number, radius: number): void {
  const side = Math.max(2, Math.ceil((2 * radius) / BLOCKS));
  const [left, top] = [Math.floor(x - radius), Math.floor(y - radius)];
  for (let row = top; row <= y + radius; row += side) {
    for (let column = left; column <= x + radius; column += side) {
      const inDisc: number[] = []; // places in `data`
      const sum = [0, 0, 0];
      for (let v = Math.max(0, row); v < Math.min(height, row + side); v++) {
        for (let u = Math.max(0, column); u < Math.min(width, column + side); u++) {
          if (Math.hypot(u - x, v - y) > radius) continue;
          const at = 3 * (v * width + u);
          inDisc.push(at);
          for (let c = 0; c < 3; c++) sum[c] += data[at + c];
        }
      }
      for (const at of inDisc) for (let c = 0; c < 3; c++) data[at + c] = Math.round(sum[c] / inDisc.length);
    }
  }
}
