import { evaluatePckh } from '../../src/evaluation/pckh.js';
import type { LabelledPose, PoseSequence } from '../../src/formats/pose-sequence.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';

/** All 15 joints in a column from x, 30 px apart, head size 10 px. */
function person(x: number, shift = 0): LabelledPose {
  const joints = Float64Array.from(POSETRACK17_JOINTS.flatMap((_, k) => [x + (k < 3 ? shift : 0), k * 30, 1]));
  const headBox = { x: 0, y: 0, width: 10, height: 40 / 3 };
  return { joints, trackId: null, headBox, box: null, area: null, crowd: false, score: null };
}

function sequence(people: LabelledPose[]): PoseSequence {
  const frame = {
    name: 's/000000.jpg',
    imageId: null,
    labelled: true,
    ignoreRegions: [],
    people,
    listed: people.length,
  };
  return { name: 's', file: 's.json', alone: true, joints: POSETRACK17_JOINTS, frames: [frame] };
}

it('counts the joints of people nobody found as wrong and predictions beyond not at all', () => {
  const annotated = sequence([person(0), person(1000)]);
  const predicted = sequence([person(0, 6), person(5000)]); // the first three joints of the one found are off by 0.6 heads
  const { joints, total, limbs, groups } = evaluatePckh([annotated], [predicted]);
  expect(joints.right_ankle).toBe(0);
  expect(joints.left_ankle).toBe(50);
  expect(total).toBeCloseTo((100 * 12) / 30, 10);
  expect(limbs).toBeCloseTo((9 * 50) / 12, 10);
  expect(groups.mean).toBeCloseTo((12 * 50) / 15, 10);
});
