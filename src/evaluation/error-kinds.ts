/*
 * What kind of mistake every joint is (after Ruggero Ronchi & Perona, ICCV 2017, with head sizes for OKS): distances in
 * head sizes of the person whose joint it is.
 */
import { mirrored, POSETRACK17_JOINTS } from '../joints.js';
import { HEAD_THRESHOLD, headSize } from './head-assignment.js';
import type { ScoredFrame } from './posetrack.js';

/** Of an annotated joint; the first that applies. */
export const ERROR_KINDS = {
  correct: 'within half a head size',
  inversion: 'on the same person’s joint of the other side, and nearer to it than to its own',
  swap: 'on the same joint (or its mirror image) of another person, and nearer to it than to its own',
  jitter: 'within one head size',
  miss: 'farther off, or not predicted at all',
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

/** Of one joint over all frames. */
export type ErrorCounts = Record<ErrorKind | 'falsePositive', number>;

/** Beyond this many head sizes a joint is missed, not off. */
const JITTER = 1;

const K = POSETRACK17_JOINTS.length;
const MIRROR = POSETRACK17_JOINTS.map((joint) => (POSETRACK17_JOINTS as readonly string[]).indexOf(mirrored(joint)));

/** Counts per joint, in POSETRACK17_JOINTS order. A false positive is a predicted joint that no annotated one answers to. */
export function errorKinds(frames: readonly ScoredFrame[]): ErrorCounts[] {
  const counts = POSETRACK17_JOINTS.map((): ErrorCounts => ({
    correct: 0,
    inversion: 0,
    swap: 0,
    jitter: 0,
    miss: 0,
    falsePositive: 0,
  }));
  for (const frame of frames) {
    frame.annotated.forEach(({ joints }, g) => {
      for (let k = 0; k < K; k++) if (!Number.isNaN(joints[k * 3])) counts[k][kindOf(frame, g, k)]++;
    });
    for (const { k } of falsePositives(frame)) counts[k].falsePositive++;
  }
  return counts;
}

/** The kind of annotated person g's joint k, which must be there. */
export function kindOf(frame: ScoredFrame, g: number, k: number): ErrorKind {
  const { annotated, predicted, predictionOf, distances } = frame;
  const p = predictionOf[g];
  const own = p < 0 ? Infinity : distances[(p * annotated.length + g) * K + k];
  if (own <= HEAD_THRESHOLD) return 'correct';
  if (own === Infinity) return 'miss';
  const [x, y] = [predicted[p].joints[k * 3], predicted[p].joints[k * 3 + 1]];
  const toJoint = (person: number, joint: number): number => {
    const { joints } = annotated[person];
    return Math.hypot(joints[joint * 3] - x, joints[joint * 3 + 1] - y) / headSize(annotated[person]);
  };
  const isOn = (person: number, joint: number): boolean => {
    const distance = toJoint(person, joint); // NaN where that joint is not annotated: never on it
    return distance <= HEAD_THRESHOLD && distance < own;
  };
  if (MIRROR[k] !== k && isOn(g, MIRROR[k])) return 'inversion';
  if (annotated.some((_, other) => other !== g && (isOn(other, k) || isOn(other, MIRROR[k])))) return 'swap';
  return own <= JITTER ? 'jitter' : 'miss';
}

/** Predicted joints of people that stand for nobody, or that their person does not have. */
export function falsePositives({ annotated, predicted, annotationOf }: ScoredFrame): { p: number; k: number }[] {
  return predicted.flatMap(({ joints }, p) => {
    const g = annotationOf[p];
    const wrong: { p: number; k: number }[] = [];
    for (let k = 0; k < K; k++) {
      if (Number.isNaN(joints[k * 3])) continue;
      if (g < 0 || Number.isNaN(annotated[g].joints[k * 3])) wrong.push({ p, k });
    }
    return wrong;
  });
}
