import { expectedAbout, joinExpected, sceneInMirror, withoutLocal } from '../../src/estimation/conditions.js';
import type { Scene, ScenePerson } from '../../src/estimation/estimator.js';
import { COCO_JOINTS, CONDITION_JOINTS } from '../../src/joints.js';

/** A map of 4×8 cells over windows of 40×80 pixels: a cell is 10 pixels. */
const [COLUMNS, ROWS] = [4, 8];

/** A person whose window is centred at (x, y), all joints expected there; nothing is expected where `known` is false. */
function person(trackId: number, x: number, y: number, known = true): ScenePerson {
  return {
    trackId,
    score: 1,
    box: { x: x - 16, y: y - 32, width: 32, height: 64 },
    window: { centreX: x, centreY: y, width: 40, height: 80 },
    coarsePose: known ? Float32Array.from({ length: 34 }, (_, i) => (i % 2 ? y : x)) : undefined,
  };
}
const scene = (...people: ScenePerson[]): Scene => ({ index: 0, width: 1, height: 1, data: new Uint8Array(3), people });
const about = (key: ScenePerson, ...around: Scene[]): number[][][] =>
  expectedAbout(key, around, COLUMNS, ROWS).map((people) => people.map((joints) => [...joints.slice(0, 2)]));

test('the joints are the nose and the limbs', () => {
  expect(CONDITION_JOINTS.map((q) => COCO_JOINTS[q])).toEqual(COCO_JOINTS.filter((name) => !/eye|ear/.test(name)));
});

test('places are cells of the key’s window, in the key’s frame first, then −k … −1, 1 … k', () => {
  const key = person(7, 100, 100);
  key.coarsePose!.set([85, 60], 0); // the nose
  key.coarsePose!.set([110, 130], 2 * 16); // the right ankle
  const [own] = expectedAbout(key, [scene(key)], COLUMNS, ROWS)[0];
  expect([...own.slice(0, 2)]).toEqual([0.5, 0]);
  expect([...own.slice(2, 4)]).toEqual([2, 4]); // the window's middle
  expect([...own.slice(-2)]).toEqual([3, 7]);
  const frames = [80, 90, 100, 110, 120].map((x) => scene(person(7, x, 100)));
  expect(about(person(7, 100, 100), ...frames)).toEqual([[[2, 4]], [[0, 4]], [[1, 4]], [[3, 4]], [[4, 4]]]);
});

test('nothing is known of a person who was not seen there, or whom no coarse pose describes', () => {
  const other = person(1, 110, 100);
  expect(about(person(7, 100, 100), scene(other), scene(person(7, 100, 100)), scene())).toEqual([[[2, 4]], [[], [3, 4]], [[]]]); // prettier-ignore
  const key = person(7, 100, 100, false);
  expect(about(key, scene(key, person(1, 110, 100, false)))).toEqual([[[]]]);
});

test('in the mirror of the key’s crop, everyone stands on the other side, left is right, and pixel 0 becomes the last', () => {
  const [key, other] = [person(7, 100, 100), person(1, 112, 100)];
  other.coarsePose!.set([90, 70], 2 * 5); // the left shoulder
  const mirror = sceneInMirror(scene(key, other), key.window, 40); // a pixel of the crop is one of the image
  const [own, seen] = expectedAbout(key, [mirror], COLUMNS, ROWS)[0];
  const joint = (joints: Float32Array, q: number): number[] =>
    [...joints.subarray(2 * q, 2 * q + 2)].map((v) => Math.round(10 * v) / 10);
  expect(joint(own, 0)).toEqual([1.9, 4]);
  expect(joint(seen, 0)).toEqual([0.7, 4]);
  expect(joint(seen, CONDITION_JOINTS.indexOf(5))).toEqual([0.7, 4]);
  expect(joint(seen, CONDITION_JOINTS.indexOf(6))).toEqual([2.9, 1]);
});

test('others count whose joints reach into the window and an eighth of it around', () => {
  const [left, top, far] = [person(1, 75, 100), person(2, 100, 50), person(3, 74, 100)];
  const near = person(4, 300, 300);
  near.coarsePose!.set([125, 150], 2 * 10);
  const key = person(7, 100, 100);
  expect(about(key, scene(key, far, left, top, near))[0].slice(1)).toEqual([[-0.5, 4], [2, -1], [22, 24]]); // prettier-ignore
});

test('of many, the nearest count', () => {
  const key = person(0, 100, 100);
  const crowd = Array.from({ length: 12 }, (_, i) => person(12 - i, 112 - i, 100)); // the farthest first
  const [own, ...others] = about(key, scene(...crowd, key))[0];
  expect(own).toEqual([2, 4]);
  expect(others.map(([x]) => Math.round(10 * (x - 2)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('keys are joined with room for as many people as the most have, NaN where there are fewer', () => {
  const [one, two] = [person(0, 100, 100), person(1, 110, 100)];
  const [alone, both] = [expectedAbout(one, [scene(one)], 4, 8), expectedAbout(one, [scene(one, two)], 4, 8)];
  const { people, points } = joinExpected([alone, both]);
  expect(people).toBe(2);
  const J = CONDITION_JOINTS.length;
  expect(points).toHaveLength(2 * 2 * J * 2);
  expect([0, 1, 2, 3].map((place) => points[place * J * 2])).toEqual([2, NaN, 2, 3]);
  expect(joinExpected([withoutLocal([...both, ...both, ...both])]).points.slice(2 * J * 2)).toEqual(new Float32Array(4 * J * 2).fill(NaN)); // prettier-ignore
  expect(joinExpected([[[]]])).toEqual({ people: 1, points: new Float32Array(2 * J).fill(NaN) });
});
