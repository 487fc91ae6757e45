import { doubles, withoutDoubles } from '../../src/estimation/pose-nms.js';
import { windowOf } from '../../src/geometry/window.js';
import { COCO_JOINTS } from '../../src/joints.js';
import type { PersonPose } from '../../src/types.js';

const NAMES = [...COCO_JOINTS];
const ASPECT = 0.75;

function person(trackId: number, score: number, shift: number): PersonPose {
  const joints = NAMES.map((_, k) => ({ x: 100 + 5 * k + shift, y: 200 + 9 * k, score: 0.9 }));
  return { trackId, box: { x: 90 + shift, y: 190, width: 100, height: 170 }, boxScore: 1, score, joints };
}

/** OKS as in HRNet's code (lib/nms/nms.py), in its own words: areas are those of the windows. */
function hrnetsOks(a: PersonPose, b: PersonPose): number {
  const sigmas = [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89].map((s) => s / 1000);
  const area = ({ box }: PersonPose): number => windowOf(box, ASPECT).width * windowOf(box, ASPECT).height;
  const e = a.joints.map((p, k) => {
    const q = b.joints[k]!;
    const squared = (p!.x - q.x) ** 2 + (p!.y - q.y) ** 2;
    return squared / (2 * sigmas[k]) ** 2 / ((area(a) + area(b)) / 2) / 2;
  });
  return e.reduce((total, value) => total + Math.exp(-value), 0) / e.length;
}

test('of poses that are alike the best one stays, at the threshold of HRNet’s OKS', () => {
  const people = [person(0, 0.5, 0), person(1, 0.9, 8), person(2, 0.7, 60)];
  const similarity = hrnetsOks(people[0], people[1]);
  expect(similarity).toBeGreaterThan(0.6);
  expect(similarity).toBeLessThan(1);
  const left = (most: number): number[] => withoutDoubles(people, NAMES, ASPECT, most).map(({ trackId }) => trackId);
  expect(left(similarity + 1e-6)).toEqual([0, 1, 2]);
  expect(left(similarity - 1e-6)).toEqual([1, 2]);
  expect(left(1)).toEqual([0, 1, 2]);
});

test('a double of a double stays where nobody is left whose double it is', () => {
  const people = [person(0, 0.9, 0), person(1, 0.8, 10), person(2, 0.7, 20)];
  const [near, far] = [hrnetsOks(people[0], people[1]), hrnetsOks(people[0], people[2])];
  expect(far).toBeLessThan(near);
  const left = withoutDoubles(people, NAMES, ASPECT, (near + far) / 2).map(({ trackId }) => trackId);
  expect(left).toEqual([0, 2]);
});

test('only joints that both have are compared; where there are none, nobody is a double', () => {
  const place = { x: 1, y: 1 };
  const a = { score: 1, area: 100, places: [place, null] };
  expect([...doubles([a, { ...a, places: [place, { x: 50, y: 50 }] }], ['nose', 'neck'], 0.9)]).toEqual([1]);
  expect([...doubles([a, { ...a, places: [null, place] }], ['nose', 'neck'], 0)]).toEqual([]);
});
