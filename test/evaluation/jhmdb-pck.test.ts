import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { evaluateJhmdbPck } from '../../src/evaluation/jhmdb-pck.js';
import type { LabelledPose, PoseSequence } from '../../src/formats/pose-sequence.js';
import { readJhmdb } from '../../src/formats/jhmdb.js';
import { readMat5 } from '../../src/formats/mat5.js';
import { Warnings } from '../../src/formats/warnings.js';
import { JHMDB_JOINTS } from '../../src/joints.js';
import { describeWithShared } from '../shared-data.js';

/** Joints on a diagonal, 10 px apart; box 100 × 50, so that 20 px is the bound. */
function person(shift = 0): LabelledPose {
  const joints = Float64Array.from(JHMDB_JOINTS.flatMap((_, k) => [k * 10 + shift, k * 10, 1]));
  const box = { x: 0, y: 0, width: 100, height: 50 };
  return { joints, trackId: null, headBox: null, box, area: null, crowd: false, score: null };
}

function clip(name: string, people: LabelledPose[][], digits = 5): PoseSequence {
  const frames = people.map((each, t) => ({
    name: `${name}/${String(t + (digits === 5 ? 1 : 0)).padStart(digits, '0')}.png`,
    imageId: null,
    labelled: true,
    ignoreRegions: [],
    people: each,
    listed: each.length,
  }));
  return { name, file: `${name}.json`, alone: true, joints: JHMDB_JOINTS, frames };
}

it('is strict at 0.2 of the longer side of the box', () => {
  const splits = [{ name: '1', clips: [clip('a', [[person()], [person()]])] }];
  expect(evaluateJhmdbPck(splits, [clip('a', [[person(20)], [person(19.999)]])]).box.groups.mean).toBe(50);
});

it('measures the torso form by left shoulder and right hip', () => {
  const torso = Math.hypot(10, 10); // joints 4 and 5
  const splits = [{ name: '1', clips: [clip('a', [[person()], [person()]])] }];
  const found = [clip('a', [[person(0.2 * torso * 0.999)], [person(0.2 * torso * 1.001)]])];
  const { torso: scores, box } = evaluateJhmdbPck(splits, found);
  expect(scores.groups.mean).toBe(50);
  expect(box.groups.mean).toBe(100);
});

it('is the mean over the splits, not over their clips', () => {
  const truth = ['a', 'b', 'c'].map((name) => clip(name, [[person()]]));
  const found = [clip('a', [[person()]]), clip('b', [[person(90)]]), clip('c', [[person(90)]])];
  const splits = [
    { name: '1', clips: [truth[0]] },
    { name: '2', clips: [truth[1], truth[2]] },
  ];
  expect(evaluateJhmdbPck(splits, found).box.groups).toMatchObject({ head: 50, mean: 50 });
});

it('says once which predicted clips no split tests, and counts people', () => {
  const truth = ['a', 'b'].map((name) => clip(name, [[person()]]));
  const splits = truth.map((each, i) => ({ name: String(i), clips: [each] }));
  const { warnings, counts } = evaluateJhmdbPck(
    splits,
    ['a', 'b', 'c'].map((name) => clip(name, [[person()]])),
  );
  expect(warnings).toEqual([{ text: 'predicted sequences without annotations, left out', count: 1, first: 'c' }]);
  expect(counts).toEqual({
    splits: 2,
    clips: 2,
    frames: 2,
    annotatedPeople: 2,
    annotatedJoints: 30,
    predictedPeople: 2,
  });
});

it('says what is wrong with nothing on either side', () => {
  const splits = [{ name: '1', clips: [clip('a', [[person()]])] }];
  expect(() => evaluateJhmdbPck([], [clip('a', [[person()]])])).toThrow(/^annotations: no person to score/);
  expect(() => evaluateJhmdbPck(splits, [])).toThrow(/no predictions for 1 of 1 sequences: a/);
});

it('takes the person that overlaps the box most, counts a frame without anyone as wrong, and says so', () => {
  const splits = [{ name: '1', clips: [clip('a', [[person()], [person()]])] }];
  const { box, warnings } = evaluateJhmdbPck(splits, [clip('a', [[person(500), person(1)], []])]);
  expect(box.groups.mean).toBe(50);
  expect(warnings[0].text).toMatch(/several predicted people/);
});

it('pairs frames counted from 0 with frames counted from 1', () => {
  const splits = [{ name: '1', clips: [clip('a', [[person()], [person(300)]])] }];
  expect(evaluateJhmdbPck(splits, [clip('a', [[person()], [person(300)]], 6)]).box.groups.mean).toBe(100);
});

it('leaves joints that no prediction has out of the mean and says so', () => {
  const joints = JHMDB_JOINTS.filter((joint) => joint !== 'belly');
  const bare = { ...person(), joints: person().joints.filter((_, i) => Math.floor(i / 3) !== 1) };
  const splits = [{ name: '1', clips: [clip('a', [[person()]])] }];
  const { box, warnings } = evaluateJhmdbPck(splits, [{ ...clip('a', [[bare]]), joints }]);
  expect(box.joints.belly).toBeNaN();
  expect(box.groups.mean).toBe(100);
  expect(warnings[0].text).toMatch(/no prediction has \(belly\)/);
});

describeWithShared('data/jhmdb-example-clip', 'the example clip', (dir) => {
  it('has in the .mat file what it has in the .yaml file', () => {
    const file = path.join(dir, 'joint_positions.mat');
    const { dimensions, values } = readMat5(readFileSync(file), file).get('pos_img')!;
    expect(dimensions).toEqual([2, 15, 40]);
    const yaml = readFileSync(path.join(dir, 'joint_positions.yaml'), 'utf8');
    const frames = [...yaml.matchAll(/data: \[([^\]]+)\]/g)].map(([, list]) => list.split(',').map(Number));
    expect(frames.length).toBe(40);
    frames.forEach((numbers, t) => {
      for (let k = 0; k < 15; k++) {
        expect(values[t * 30 + k * 2]).toBeCloseTo(numbers[k], 4); // the .yaml has all x, then all y
        expect(values[t * 30 + k * 2 + 1]).toBeCloseTo(numbers[15 + k], 4);
      }
    });
  });

  it('gives the PCK that its own figures tell, MATLAB’s counting from 1 undone', () => {
    const file = path.join(dir, 'joint_positions.mat');
    const { values } = readMat5(readFileSync(file), file).get('pos_img')!;
    const folder = mkdtempSync(path.join(tmpdir(), 'glpose-jhmdb-clip-'));
    try {
      mkdirSync(path.join(folder, 'joint_positions', 'catch', 'clip'), { recursive: true });
      copyFileSync(file, path.join(folder, 'joint_positions', 'catch', 'clip', 'joint_positions.mat'));
      mkdirSync(path.join(folder, 'sub_splits'));
      writeFileSync(path.join(folder, 'sub_splits', 'catch_test_split_1.txt'), 'clip.avi 2\n');
      const splits = readJhmdb(folder, new Warnings());

      const frames = Array.from({ length: 40 }, (_, t) => Array.from(values.subarray(t * 30, t * 30 + 30)));
      const extent = (list: number[]): number => Math.max(...list) - Math.min(...list);
      const sizes = frames.map((list) =>
        Math.max(extent(list.filter((_, i) => i % 2 === 0)), extent(list.filter((_, i) => i % 2 === 1))),
      );
      const torsos = frames.map((list) => Math.hypot(list[8] - list[10], list[9] - list[11])); // left shoulder, right hip
      const off = 0.2 * ([...sizes].sort((a, b) => a - b)[20] + 0.013); // between two sizes: some frames are right
      const predicted = frames.map((list): LabelledPose[] => {
        const joints = Float64Array.from({ length: 45 }, (_, i) =>
          i % 3 === 2 ? 1 : list[Math.floor(i / 3) * 2 + (i % 3)] - 1 + (i % 3 === 0 ? off : 0),
        );
        return [{ ...person(), joints }];
      });
      const { box, torso } = evaluateJhmdbPck(splits, [clip('clip', predicted)]);
      const share = (bounds: number[]): number => (100 * bounds.filter((bound) => off < 0.2 * bound).length) / 40;
      expect(share(sizes)).toBeGreaterThan(20);
      expect(box.groups.mean).toBeCloseTo(share(sizes), 9);
      expect(torso.groups.mean).toBeCloseTo(share(torsos), 9);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
