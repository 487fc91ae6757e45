import { LIMBS } from '../joints.js';
import type { FramePoses, Joint, PersonPose } from '../types.js';
import {
  drawDisc,
  drawLine,
  drawNumber,
  drawRectangle,
  drawRing,
  sizeOfNumber,
  type Canvas,
  type Colour,
} from './canvas.js';

export interface OverlayOptions {
  /** Joint names, the order of every person's joints. */
  joints: readonly string[];
  /** Joints with a lower score are not drawn. */
  minScore: number;
  /** Writes the track's number over the head of each person of whom something is drawn. */
  labels: boolean;
  /** Draws the person boxes, too. Default false. */
  boxes?: boolean;
  /** Width of limbs in pixels; by default it follows the person's size. */
  limbWidth?: number;
}

export const OVERLAY_DEFAULTS = { minScore: 0.2, labels: true };

/**
 * Draws the people of one frame into its picture. A track keeps its colour; the left side of the body is lighter, the right
 * darker; joints that were derived from others are hollow and their limbs fainter. Line widths follow the person's size.
 * @param canvas the frame's pixels, drawn on in place
 */
export function drawPoses(canvas: Canvas, frame: FramePoses, options: OverlayOptions): void {
  for (const person of frame.people) {
    if (options.boxes) drawBox(canvas, person, limbRadius(person, options));
    drawPerson(canvas, person, options);
  }
  if (!options.labels) return;
  for (const person of frame.people) drawLabel(canvas, person, options); // last, so that no limb hides a number
}

/** The colour of a track: well separated ones, the same for the same number in every video and picture. */
export function colourOfTrack(trackId: number): Colour {
  return PALETTE[((trackId % PALETTE.length) + PALETTE.length) % PALETTE.length];
}

/** Neighbours in this list, which are often in one picture, differ most. */
const PALETTE: readonly Colour[] = [
  [255, 66, 66], [47, 160, 255], [60, 210, 75], [255, 150, 20], [190, 90, 255], [0, 210, 210],
  [255, 105, 190], [230, 220, 40], [110, 125, 255], [175, 130, 80], [150, 220, 0], [255, 150, 130],
]; // prettier-ignore

const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

/** Opacity of what the network did not see itself. */
const FAINT = 0.45;

function drawPerson(canvas: Canvas, person: PersonPose, options: OverlayOptions): void {
  const { joints, minScore } = options;
  const colour = colourOfTrack(person.trackId);
  const radius = limbRadius(person, options);
  const shown = new Map<string, Joint>();
  for (const [i, joint] of person.joints.entries()) {
    if (joint !== null && joint.score >= minScore) shown.set(joints[i], joint);
  }
  for (const [from, to] of LIMBS) {
    const [a, b] = [shown.get(from), shown.get(to)];
    if (a === undefined || b === undefined) continue;
    const faint = a.estimated === true || b.estimated === true;
    const paint = { colour: shaded(colour, `${from} ${to}`), opacity: faint ? FAINT : 0.9 };
    drawLine(canvas, [a.x, a.y], [b.x, b.y], faint ? radius * 0.7 : radius, paint);
  }
  for (const [name, { x, y, estimated }] of shown) {
    const size = radius * 1.6;
    if (estimated === true) {
      drawRing(canvas, [x, y], size, Math.max(1, radius * 0.7), { colour, opacity: 0.8 });
    } else {
      drawDisc(canvas, [x, y], size, { colour: BLACK, opacity: 0.5 });
      drawDisc(canvas, [x, y], size - Math.min(1, size / 3), { colour: shaded(colour, name), opacity: 1 });
    }
  }
}

function drawBox(canvas: Canvas, { box, trackId }: PersonPose, radius: number): void {
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  const paint = { colour: colourOfTrack(trackId), opacity: 0.6 };
  const corners = [[left, top], [right, top], [right, bottom], [left, bottom]] as const; // prettier-ignore
  corners.forEach((corner, i) => drawLine(canvas, corner, corners[(i + 1) % 4], radius / 2, paint));
}

/** Half the width of a person's limbs, in pixels. */
function limbRadius({ box }: PersonPose, { limbWidth }: OverlayOptions): number {
  if (limbWidth !== undefined) return limbWidth / 2;
  const size = Math.sqrt(Math.max(0, box.width * box.height));
  return Math.min(8, Math.max(1, size / 80));
}

/** The left side lighter, the right side darker; limbs that join both sides and the middle as they are. */
function shaded(colour: Colour, names: string): Colour {
  const left = names.includes('left_');
  const right = names.includes('right_');
  if (left === right) return colour;
  return left ? mixed(colour, WHITE, 0.45) : mixed(colour, BLACK, 0.25);
}

function mixed(a: Colour, b: Colour, share: number): Colour {
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])];
}

/** The track's number on a plate in its colour, over the head or, at the picture's top edge, as high as it goes. */
function drawLabel(canvas: Canvas, person: PersonPose, options: OverlayOptions): void {
  const { minScore } = options;
  const { box, trackId } = person;
  const ys = person.joints.filter((joint) => joint !== null && joint.score >= minScore).map((joint) => joint!.y);
  if (ys.length === 0 && !options.boxes) return; // the number of what?
  const top = Math.min(box.y, ...ys);
  const centre = box.x + box.width / 2;
  if (!Number.isFinite(top + centre)) return;
  const scale = Math.round(Math.min(5, Math.max(2, limbRadius(person, options))));
  const { width, height } = sizeOfNumber(trackId, scale);
  const x = Math.round(inside(centre - width / 2, scale, canvas.width - width - scale));
  const y = Math.round(inside(top - height - 3 * scale, scale, canvas.height - height - scale));
  drawRectangle(canvas, [x - scale, y - scale], width + 2 * scale, height + 2 * scale, {
    colour: colourOfTrack(trackId),
    opacity: 0.85,
  });
  drawNumber(canvas, trackId, [x, y], scale, { colour: BLACK, opacity: 1 });
}

function inside(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
