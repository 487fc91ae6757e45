/* Who is pasted over the clips: people of COCO stills, and moving ones of DAVIS; joints are those labelled by hand. */
import path from 'node:path';
import { LIMB_JOINTS } from '../../dist/src/evaluation/quality/doubled.js';
import { readCutOuts } from '../../dist/src/features/cut-outs.js';
import { COCO_JOINTS } from '../../dist/src/joints.js';

/** What each list takes: nobody is pasted in test and in another one. */
const LISTS = {
  test: { split: 'validation', sequences: ['breakdance', 'dance-twirl'] },
  validation: { split: 'train', sequences: ['parkour'] },
  train: { split: 'train', sequences: ['parkour'] },
};

/**
 * Everyone who can be pasted, as src/features/cut-outs.ts has them.
 * @param data shared/data
 * @param list test or validation
 */
export function cutOuts(data, list) {
  const { split, sequences } = LISTS[list];
  const folders = sequences.map((name) => path.join(data, 'people/mattes', name));
  return readCutOuts([path.join(data, 'people/coco/person_keypoints.json'), ...folders], split);
}

/** The limb joints of a frame of a cut-out: 12 × (x, y), NaN where unknown. */
export function limbsOf({ joints }) {
  return LIMB_JOINTS.flatMap((name) => [...joints.subarray(2 * COCO_JOINTS.indexOf(name)).slice(0, 2)]);
}

/** Whether a frame of a cut-out, pasted at (left, top), covers a place. */
export function covers({ rgba, width, height, left, top }, x, y) {
  const [column, row] = [Math.round(x) - left, Math.round(y) - top];
  return column >= 0 && row >= 0 && column < width && row < height && rgba[4 * (row * width + column) + 3] > 127;
}
