import { expect, test } from '@jest/globals';
import { scaled, type CutOut, type CutOutFrame } from '../../src/features/cut-outs.js';
import { spoiled, toCoco } from '../../src/features/expected.js';
import { drawPasser } from '../../src/features/passer.js';
import { Random } from '../../src/features/random.js';
import { COCO_JOINTS } from '../../src/joints.js';

const [LEFT, RIGHT] = [COCO_JOINTS.indexOf('left_wrist'), COCO_JOINTS.indexOf('right_wrist')];

/** A red person 20 wide and 40 high within a picture that is not them at its left edge; wrists at (15, 10) and (5, 30). */
function redPerson(): CutOutFrame {
  const rgba = Buffer.alloc(20 * 40 * 4);
  for (let i = 0; i < 20 * 40; i++) rgba.set([255, 0, 0, i % 20 < 4 ? 0 : 255], 4 * i);
  const joints = new Float32Array(34).fill(NaN);
  joints.set([15, 10], 2 * LEFT);
  joints.set([5, 30], 2 * RIGHT);
  return { width: 20, height: 40, rgba, joints };
}

test('a mirrored cut-out has its left joints where the right ones were', async () => {
  const { joints, width, height } = await scaled(redPerson(), 2, true);
  expect([width, height]).toEqual([40, 80]);
  expect([...joints.subarray(2 * LEFT, 2 * LEFT + 2)]).toEqual([2 * (19 - 5), 60]);
  expect([...joints.subarray(2 * RIGHT, 2 * RIGHT + 2)]).toEqual([2 * (19 - 15), 20]);
  expect(joints[0]).toBeNaN();
});

test('someone passes: pasted where their joints are said to be, in every frame, and only there', async () => {
  const cutOut: CutOut = { name: 'red', height: 40, frames: [redPerson()] };
  const box = { x: 100, y: 50, width: 40, height: 80 };
  const boxes = [box, box, box];
  const patch = { x: 40, y: 20, width: 200, height: 160, data: new Uint8Array(200 * 160 * 3).fill(90) };
  const places: number[] = [];
  for (let seed = 0; seed < 8; seed++) {
    const passer = await drawPasser([cutOut], boxes, new Random(seed));
    for (const frame of boxes.keys()) {
      const { data } = passer.over(patch, frame);
      const red = (x: number, y: number): boolean => data[3 * ((Math.round(y) - 20) * 200 + Math.round(x) - 40)] > 200;
      const [x, y] = passer.joints[frame].subarray(2 * LEFT);
      const [x2, y2] = passer.joints[frame].subarray(2 * RIGHT);
      expect([red(x, y), red(x2, y2)]).toEqual([true, true]);
      const count = data.filter((value, i) => i % 3 === 0 && value > 200).length;
      const area = (Math.abs(y2 - y) * 2) ** 2 * 0.4; // 16 × 40 of a picture whose wrists are 20 apart in height
      expect(count / area).toBeGreaterThan(0.85);
      expect(count / area).toBeLessThan(1.15);
    }
    places.push(passer.joints[1][2 * LEFT], passer.joints[2][2 * LEFT] - passer.joints[0][2 * LEFT]);
  }
  expect(new Set(places.map(Math.round)).size).toBeGreaterThan(8); // elsewhere, and at other speeds
  expect(patch.data.every((value) => value === 90)).toBe(true);
});

test('expected joints are off as a detector’s are; what is not known stays so', () => {
  const names = ['nose', 'left_wrist', 'neck'];
  const pose = toCoco(Float64Array.of(10, 20, 1, NaN, NaN, 0, 5, 5, 1), names);
  expect([...pose.subarray(0, 2)]).toEqual([10, 20]);
  const offs: number[] = [];
  const shakes: number[] = [];
  let unknown = 0;
  for (let seed = 0; seed < 400; seed++) {
    const poses = spoiled([pose, null, pose], 100, new Random(seed));
    if (poses[0] === null) {
      expect(poses).toEqual([null, null, null]);
      unknown++;
      continue;
    }
    expect(poses[1]).toBeNull();
    expect(poses[0][2 * LEFT]).toBeNaN();
    offs.push(poses[0][0] - 10);
    shakes.push(poses[0][0] - poses[2]![0]);
  }
  const deviation = (of: number[]): number => Math.sqrt(of.reduce((sum, value) => sum + value ** 2, 0) / of.length);
  expect(unknown).toBeGreaterThan(5);
  expect(unknown).toBeLessThan(50);
  expect(deviation(offs)).toBeGreaterThan(3); // per cent of the person's size
  expect(deviation(offs)).toBeLessThan(8);
  expect(deviation(shakes)).toBeLessThan(deviation(offs)); // half of it lasts
});
