import { movedByOffsets } from '../../src/estimation/joint-offsets.js';
import type { Joint } from '../../src/types.js';

const NAMES = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'left_wrist', 'neck'];
const at = (x: number, y: number, more: Partial<Joint> = {}): Joint => ({ x, y, score: 0.8, ...more });
/** Seen from the front, so that the person's left is at the right: trunk 100 long, 40 wide at the shoulders and 20 at the hips. */
const FRONT = [at(120, 50), at(80, 50), at(110, 150), at(90, 150), at(130, 140), at(100, 40)];
const OFFSETS = { shoulder: { down: -0.05, out: 0 }, hip: { down: -0.04, out: 0.2 }, neck: { down: 0.1, out: 0 } };

const moved = (pose: (Joint | null)[], offsets = OFFSETS): (Joint | null)[] =>
  movedByOffsets([pose], NAMES, offsets)[0]!;
const places = (pose: (Joint | null)[]): number[] => pose.flatMap((joint) => [joint!.x, joint!.y]);
const expectPlaces = (pose: (Joint | null)[], expected: number[]): void =>
  places(pose).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 9));

test('down along the trunk, out by half its width, both sides alike; scores and other joints stay', () => {
  const found = moved(FRONT);
  expectPlaces(found, [120, 45, 80, 45, 113, 146, 87, 146, 130, 140, 100, 50]);
  expect(found.map((joint) => joint!.score)).toEqual(FRONT.map(({ score }) => score));
});

test('turns with the body: lying, upside down, from behind', () => {
  const turn = (pose: (Joint | null)[], by: (place: { x: number; y: number }) => [number, number]): Joint[] =>
    pose.map((joint) => ({ ...joint!, x: by(joint!)[0], y: by(joint!)[1] }));
  for (const by of [
    ({ x, y }: { x: number; y: number }): [number, number] => [-y, x],
    ({ x, y }: { x: number; y: number }): [number, number] => [-x, -y],
    ({ x, y }: { x: number; y: number }): [number, number] => [300 - x, y],
  ]) {
    expectPlaces(moved(turn(FRONT, by)), places(turn(moved(FRONT), by)));
  }
});

test('a foreshortened trunk moves joints by less, one that is a point not at all', () => {
  const flat = FRONT.map((joint) => ({ ...joint, y: joint.y / 10 }));
  expectPlaces(moved(flat), [120, 4.5, 80, 4.5, 113, 14.6, 87, 14.6, 130, 14, 100, 5]);
  const point = FRONT.map((joint) => ({ ...joint, x: 7, y: 7 }));
  expect(moved(point)).toEqual(point);
});

test.each([
  ['absent', null],
  ['hidden', at(90, 150, { occluded: true })],
  ['hardly seen', at(90, 150, { score: 0.05 })],
])('where a hip is %s, nobody knows the trunk, and nothing moves', (_, hip) => {
  const pose = FRONT.with(3, hip as Joint);
  expect(moved(pose)).toEqual(pose);
});

test('a hidden joint stays where it is expected; so do people who are left out, and everyone without offsets', () => {
  const hidden = FRONT.with(5, at(100, 40, { score: 0.01, occluded: true }));
  expect(moved(hidden)[5]).toEqual(hidden[5]);
  expect(movedByOffsets([null, FRONT], NAMES, OFFSETS)[0]).toBeNull();
  expect(movedByOffsets([null, FRONT], NAMES)).toEqual([null, FRONT]);
});
