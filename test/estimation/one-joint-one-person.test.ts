import type { ScenePerson } from '../../src/estimation/estimator.js';
import { inCompany, keepApart, type WindowPose } from '../../src/estimation/one-joint-one-person.js';
import type { Peak } from '../../src/estimation/peaks.js';
import { windowOf } from '../../src/geometry/window.js';
import { COCO_JOINTS } from '../../src/joints.js';

const NAMES = ['nose', 'left_wrist'];
const WRIST = COCO_JOINTS.indexOf('left_wrist');

/** A person 160 pixels high about a place, whose wrist is expected at another. */
function person(x: number, y: number, wrist: [number, number] | null, score = 0.9): ScenePerson {
  const box = { x: x - 40, y: y - 80, width: 80, height: 160 };
  const coarsePose = wrist ? Float32Array.from(COCO_JOINTS.flatMap(() => [x, y])) : undefined;
  coarsePose?.set(wrist!, 2 * WRIST);
  return { trackId: 0, box, score, window: windowOf(box, 0.75), coarsePose };
}

/** What a window offers for the wrist; the first is what a person alone would take. */
function offering(...peaks: [x: number, y: number, score: number][]): WindowPose {
  const wrists = peaks.map(([x, y, score]): Peak => ({ x, y, score }));
  return { joints: [{ x: 0, y: 0, score: 0 }, wrists[0]], peaks: [[], wrists] };
}

const wristsOf = (people: ScenePerson[], poses: WindowPose[], poseNms?: number): unknown[] =>
  keepApart(people, poses, NAMES, poseNms).map((joints) => joints?.[1]);

test('a place goes to one person, the one who is expected there; the other takes what is left, though it is weaker', () => {
  const people = [person(100, 100, [80, 110]), person(140, 100, [150, 110])];
  // Both windows are surest of the wrist at (82, 110), a pixel apart; the second's own is weak.
  const poses = [offering([82, 110, 0.8], [151, 112, 0.2]), offering([83, 110, 0.9], [151, 112, 0.2])];
  expect(wristsOf(people, poses)).toEqual([
    { x: 82, y: 110, score: 0.8 },
    { x: 151, y: 112, score: 0.2 },
  ]);
});

test('it is the sum over all that counts, not who comes first', () => {
  // The second can only have the left place; the first would be a little better off there, too.
  const people = [person(100, 100, [100, 110]), person(110, 100, [90, 110])];
  const poses = [offering([95, 110, 0.6], [110, 110, 0.5]), offering([95, 110, 0.5])];
  const [first, second] = wristsOf(people, poses, 1);
  expect(first).toMatchObject({ x: 110 });
  expect(second).toMatchObject({ x: 95 });
});

test('to whom nothing is left, that joint is hidden where it is expected, with a low score', () => {
  const people = [person(100, 100, [82, 110]), person(140, 100, [150, 110])];
  const poses = [offering([82, 110, 0.8]), offering([83, 110, 0.9])];
  expect(wristsOf(people, poses)).toEqual([
    { x: 82, y: 110, score: 0.8 },
    { x: 150, y: 110, score: 0.01, occluded: true },
  ]);
});

test('one person’s left wrist is not another’s right one', () => {
  const names = ['left_wrist', 'right_wrist'];
  const people = [person(100, 100, [82, 110]), person(140, 100, [150, 110])];
  const right: Peak[] = [{ x: 83, y: 110, score: 0.5 }]; // what the second's window has for the right wrist: the first's left one
  const place = { x: 0, y: 0, score: 0 };
  const poses = [
    { joints: [place, place], peaks: [[{ x: 82, y: 110, score: 0.8 }], []] },
    { joints: [place, place], peaks: [[{ x: 150, y: 110, score: 0.8 }], right] },
  ];
  const second = keepApart(people, poses, names)[1]!;
  expect(second[0]).toEqual({ x: 150, y: 110, score: 0.8 });
  expect(second[1]).toEqual({ x: 140, y: 100, score: 0.01, occluded: true });
});

test('what lies far from where a joint is expected does not speak for it', () => {
  const people = [person(100, 100, [80, 110]), person(140, 100, [150, 110])];
  const poses = [offering([80, 110, 0.8]), offering([150, 400, 0.3])];
  expect(wristsOf(people, poses)[1]).toEqual({ x: 150, y: 110, score: 0.01, occluded: true });
});

test('without a coarse pose the window’s own expectation counts, and without that the box; nothing is invented', () => {
  const people = [person(100, 100, null), person(160, 100, null)];
  const poses = [offering([130, 110, 0.6]), offering([130, 110, 0.5], [900, 110, 0.5])];
  expect(wristsOf(people, poses)).toEqual([{ x: 130, y: 110, score: 0.6 }, null]);
  const expected = NAMES.map(() => ({ x: 130, y: 110 }));
  const elsewhere = NAMES.map(() => ({ x: 60, y: 110 }));
  expect(
    wristsOf(people, [
      { ...poses[0], expected: elsewhere },
      { ...poses[1], expected },
    ]),
  ).toEqual([
    { x: 60, y: 110, score: 0.01, occluded: true },
    { x: 130, y: 110, score: 0.5 },
  ]);
});

test('the order of the people plays no part', () => {
  const people = [0, 1, 2, 3].map((i) => person(100 + 15 * i, 100, [80 + 20 * i, 110]));
  const poses = [0, 1, 2, 3].map((i) => offering([90 + 10 * i, 111, 0.5 + i / 10], [100, 109, 0.3], [130, 110, 0.4]));
  const there = wristsOf(people, poses, 1);
  expect(wristsOf([...people].reverse(), [...poses].reverse(), 1).reverse()).toEqual(there);
});

test('two boxes of one person: the surer one stays, with the joints as they were', () => {
  const people = [person(100, 100, [82, 110], 0.4), person(102, 100, [83, 110], 0.8), person(160, 100, [170, 110])];
  const poses = [offering([82, 110, 0.8]), offering([82, 110, 0.7]), offering([170, 110, 0.9])];
  expect(keepApart(people, poses, NAMES)[0]).toBeNull();
  expect(wristsOf(people, poses)[1]).toEqual({ x: 82, y: 110, score: 0.7 });
  expect(keepApart(people, poses, NAMES, 1).map((joints) => joints === null)).toEqual([false, false, false]);
  const foreign = people.map((one) => ({ ...one, coarsePose: undefined }));
  expect(keepApart(foreign, poses, NAMES).map((joints) => joints === null)).toEqual([false, false, false]);
});

test('who is alone keeps what they have', () => {
  const alone = [person(100, 100, [82, 110]), person(500, 100, [482, 110])];
  expect(inCompany(alone)).toEqual([false, false]);
  expect(inCompany([...alone, person(560, 100, null)])).toEqual([false, true, true]);
  const { joints } = offering([300, 300, 0.1]);
  expect(keepApart(alone, [{ joints }, { joints }], NAMES)).toEqual([joints, joints]);
});

test('a crowd of 200, each of whom meets the next, takes less than a second', () => {
  const people = Array.from({ length: 200 }, (_, i) => person(100 + 20 * i, 100, [90 + 20 * i, 110]));
  const poses = people.map((_, i) =>
    offering(...Array.from({ length: 12 }, (_, p): [number, number, number] => [90 + 20 * (i + p - 6), 110, 0.5])),
  );
  const before = process.cpuUsage();
  const wrists = wristsOf(people, poses, 1);
  expect(wrists).toEqual(people.map((_, i) => ({ x: 90 + 20 * i, y: 110, score: 0.5 })));
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1);
});

test('where joints are not given out, nobody is in company, and everyone keeps the best of their window', () => {
  const people = [person(100, 100, [80, 110]), person(140, 100, [150, 110])];
  expect(inCompany(people)).toEqual([true, true]);
  expect(inCompany(people, false)).toEqual([false, false]);
  const poses = [offering([82, 110, 0.8]), offering([83, 110, 0.9])].map(({ joints }) => ({ joints }));
  expect(wristsOf(people, poses)).toEqual([
    { x: 82, y: 110, score: 0.8 },
    { x: 83, y: 110, score: 0.9 },
  ]);
});
