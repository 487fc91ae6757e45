import { COCO_JOINTS } from '../joints.js';
import type { Random } from './random.js';
import { EXPECTED } from './severities.js';

/*
 * Where a sample's people are expected: coarse poses such as inference has of everyone, which are never exact. Made of the labels
 * and spoiled on purpose: what a head learns to believe must be as wrong as what it will be told.
 */

/** A coarse pose for every frame; null where nobody says who is meant. COCO joints, x and y alternating; NaN where unknown. */
export type CoarsePoses = (Float32Array | null)[];

/** The COCO joints among joints of other names: K × (x, y, …) → 17 × (x, y). */
export function toCoco(joints: Float64Array, names: readonly string[]): Float32Array {
  const coarse = new Float32Array(2 * COCO_JOINTS.length).fill(NaN);
  COCO_JOINTS.forEach((name, q) => {
    const from = 3 * names.indexOf(name);
    if (from >= 0) coarse.set(joints.subarray(from, from + 2), 2 * q);
  });
  return coarse;
}

/**
 * Spoils one person's poses over the frames (severities.ts): all of it is moved, and each joint; half of either stays over the
 * frames, as a track's does; some joints are far off, and sometimes nobody is told at all.
 * @param size of the person, in the poses' unit
 */
export function spoiled(poses: CoarsePoses, size: number, random: Random): CoarsePoses {
  if (random.chance(EXPECTED.unknownChance)) return poses.map(() => null);
  const joint = size * random.uniform(...EXPECTED.joint);
  const draw = (deviation: number): number => random.normal(deviation * Math.SQRT1_2);
  const drawPose = (): Float32Array => {
    const whole = [draw(size * EXPECTED.whole), draw(size * EXPECTED.whole)];
    return Float32Array.from({ length: 2 * COCO_JOINTS.length }, (_, i) => whole[i % 2] + draw(joint));
  };
  const lasting = drawPose();
  for (let q = 0; q < COCO_JOINTS.length; q++) {
    if (!random.chance(EXPECTED.astrayChance)) continue;
    lasting[2 * q] += random.normal(size * EXPECTED.astray);
    lasting[2 * q + 1] += random.normal(size * EXPECTED.astray);
  }
  return poses.map((pose) => {
    const passing = drawPose();
    return pose && pose.map((value, i) => value + lasting[i] + passing[i]);
  });
}
