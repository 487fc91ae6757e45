import type { Box } from '../types.js';
import { scaled, type CutOut, type CutOutFrame } from './cut-outs.js';
import type { Random } from './random.js';
import { PASTE } from './severities.js';
import type { Patch } from './viewpoint.js';

/** Somebody who is pasted over a sample's frames and moves past its person. */
export interface Passer {
  /** COCO joints in each frame, in the view, x and y alternating; NaN where nobody knows. */
  joints: readonly Float32Array[];
  /** The frame with them in it; the patch itself stays as it is. */
  over(patch: Patch, frame: number): Patch;
}

/**
 * Draws who passes, how large, where and how fast (severities.ts), beside or before the person whose sample it is.
 * @param boxes the person's in each frame, in the view; the key's in the middle
 */
export async function drawPasser(cutOuts: readonly CutOut[], boxes: readonly Box[], random: Random): Promise<Passer> {
  const cutOut = cutOuts[random.integer(0, cutOuts.length)];
  const first = random.integer(0, Math.max(1, cutOut.frames.length - boxes.length + 1));
  const flip = random.chance(0.5);
  const key = (boxes.length - 1) / 2;
  const size = Math.max(boxes[key].width, boxes[key].height);
  const scale = (size * random.uniform(...PASTE.height)) / cutOut.height;
  const side = random.chance(0.5) ? 1 : -1;
  const away = side * random.uniform(...PASTE.away);
  const speed = size * random.uniform(-PASTE.speed, PASTE.speed);
  const lower = size * random.uniform(-PASTE.lower, PASTE.lower);

  const frames: (CutOutFrame & { left: number; top: number })[] = [];
  let width = 0; // of the first frame's: the way does not shake with the arms
  for (const [place, box] of boxes.entries()) {
    const source = cutOut.frames[Math.min(first + place, cutOut.frames.length - 1)];
    const frame = await scaled(source, scale, flip);
    width ||= frame.width;
    const middle = box.x + box.width / 2 + away * ((boxes[key].width + width) / 2) + speed * (place - key);
    const left = Math.round(middle - frame.width / 2);
    const top = Math.round(box.y + box.height + lower - frame.height);
    frames.push({ ...frame, left, top });
  }
  return {
    joints: frames.map(({ joints, left, top }) => joints.map((value, i) => value + (i % 2 === 0 ? left : top))),
    over: (patch, place) => pasted(patch, frames[place]),
  };
}

/** The patch with somebody in it, whose pixels begin at (left, top) of the view. */
export function pasted(
  patch: Patch,
  { rgba, width, height, left, top }: CutOutFrame & { left: number; top: number },
): Patch {
  const data = patch.data.slice();
  const [x0, y0] = [left - patch.x, top - patch.y].map(Math.round);
  for (let row = Math.max(0, -y0); row < Math.min(height, patch.height - y0); row++) {
    for (let column = Math.max(0, -x0); column < Math.min(width, patch.width - x0); column++) {
      const from = 4 * (row * width + column);
      const to = 3 * ((y0 + row) * patch.width + x0 + column);
      const share = rgba[from + 3] / 255;
      for (let c = 0; c < 3; c++) data[to + c] += Math.round(share * (rgba[from + c] - data[to + c]));
    }
  }
  return { ...patch, data };
}
