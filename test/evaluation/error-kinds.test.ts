import { errorKinds, kindOf } from '../../src/evaluation/error-kinds.js';
import { assignByHead } from '../../src/evaluation/head-assignment.js';
import type { ScoredFrame } from '../../src/evaluation/posetrack.js';
import type { LabelledPose } from '../../src/formats/pose-sequence.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';

const index = (name: (typeof POSETRACK17_JOINTS)[number]): number => POSETRACK17_JOINTS.indexOf(name);

/** Joint k at (x + 40k, 0); head size 10 px. */
function person(x: number): LabelledPose {
  const joints = Float64Array.from(POSETRACK17_JOINTS.flatMap((_, k) => [x + 40 * k, 0, 1]));
  const headBox = { x: 0, y: 0, width: 10, height: 40 / 3 };
  return { joints, trackId: null, headBox, box: null, area: null, crowd: false, score: null };
}

function frame(annotated: LabelledPose[], predicted: LabelledPose[]): ScoredFrame {
  return { name: 'f', annotated, predicted, ...assignByHead(annotated, predicted) };
}

function moved(pose: LabelledPose, joint: number, x: number, y: number): LabelledPose {
  const joints = pose.joints.slice();
  joints.set([x, y], joint * 3);
  return { ...pose, joints };
}

const [wrist, mirror] = [index('right_wrist'), index('left_wrist')];

it.each<[string, number, number]>([
  ['correct', 40 * wrist, 5],
  ['jitter', 40 * wrist, 9],
  ['miss', 40 * wrist, 11],
  ['inversion', 40 * mirror, 3],
  ['swap', 7000 + 40 * wrist, 3],
  ['swap', 7000 + 40 * mirror, 3], // of the other person's mirror joint
])('%s', (kind, x, y) => {
  const annotated = [person(0), person(7000)];
  const scored = frame(annotated, [moved(person(0), wrist, x, y)]);
  expect(kindOf(scored, 0, wrist)).toBe(kind);
});

it('nearer to its own joint is no swap, though another’s is near', () => {
  const other = moved(person(7000), wrist, 40 * wrist, 12);
  expect(kindOf(frame([person(0), other], [moved(person(0), wrist, 40 * wrist, 5.9)]), 0, wrist)).toBe('jitter');
  expect(kindOf(frame([person(0), other], [moved(person(0), wrist, 40 * wrist, 8)]), 0, wrist)).toBe('swap');
});

it('counts every annotated joint once, and predicted ones that answer to none', () => {
  const incomplete = moved(person(0), wrist, NaN, NaN);
  const counts = errorKinds([frame([incomplete, person(7000)], [person(0), person(-9000)])]);
  const sum = (joint: number): number => {
    const { correct, inversion, swap, jitter, miss } = counts[joint];
    return correct + inversion + swap + jitter + miss;
  };
  expect([sum(wrist), sum(mirror)]).toEqual([1, 2]);
  expect(counts[wrist]).toMatchObject({ miss: 1, falsePositive: 2 });
  expect(counts[mirror]).toMatchObject({ correct: 1, miss: 1, falsePositive: 1 });
});
