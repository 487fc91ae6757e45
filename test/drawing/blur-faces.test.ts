import type { Joint, PersonPose } from '../../src/types.js';
import { blurFaces } from '../../src/drawing/blur-faces.js';
import type { Canvas } from '../../src/drawing/canvas.js';

const NAMES = ['nose', 'left_eye', 'right_eye', 'left_shoulder', 'right_shoulder'];

/** A picture in which neighbouring pixels differ most. */
function checkerboard(): Canvas {
  const [width, height] = [200, 300];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.fill(((i % width) + Math.floor(i / width)) % 2 === 0 ? 0 : 255, 3 * i, 3 * i + 3); // prettier-ignore
  return { width, height, data };
}

function person(joints: (Joint | null)[], x = 50): PersonPose {
  return { trackId: 0, box: { x, y: 50, width: 100, height: 240 }, boxScore: 1, score: 1, joints };
}

const at = (x: number, y: number): Joint => ({ x, y, score: 0.05 }); // a doubtful face is covered, too

function blurred(people: PersonPose[]): (x: number, y: number) => number {
  const canvas = checkerboard();
  blurFaces(canvas, { index: 0, name: '0', timeSeconds: null, people }, NAMES);
  return (x, y) => canvas.data[3 * (y * canvas.width + x)];
}

const face = [at(100, 80), at(106, 74), at(94, 74), at(130, 120), at(70, 120)];

test('nothing of the face is left, and nothing else is touched', () => {
  const value = blurred([person(face)]);
  for (const [x, y] of [[100, 80], [107, 74], [93, 75], [100, 95], [115, 80]]) expect(Math.abs(value(x, y) - 128)).toBeLessThan(40); // prettier-ignore
  for (const [x, y] of [[130, 120], [100, 200], [60, 80], [100, 30]]) expect([0, 255]).toContain(value(x, y)); // prettier-ignore
});

test('without face joints the top of the box is covered', () => {
  const value = blurred([person([null, null, null, at(130, 120), at(70, 120)])]);
  for (const [x, y] of [[100, 60], [100, 85], [70, 85]]) expect(Math.abs(value(x, y) - 128)).toBeLessThan(40); // prettier-ignore
  expect([0, 255]).toContain(value(100, 200));
});

test('a head that reaches out of the picture, or has no place, harms nothing', () => {
  const outside = face.map(({ x, y, score }) => ({ x: x - 110, y: y - 90, score }));
  const value = blurred([person(outside, -60), person(face.map((joint) => ({ ...joint, x: NaN })))]);
  expect(Math.abs(value(0, 0) - 128)).toBeLessThan(60);
  expect([0, 255]).toContain(value(100, 80));
});
