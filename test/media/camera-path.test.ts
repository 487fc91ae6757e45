import { movedBox } from '../../src/geometry/motion.js';
import { CameraPath } from '../../src/media/camera-path.js';
import type { Box } from '../../src/types.js';
import { HEIGHT, view, wall, WIDTH, type View } from './wall.js';

const STILL = { scale: 1, x: 0, y: 0 };

function follow(frames: number, of: (t: number) => View, people: (t: number) => readonly Box[] = () => []): CameraPath {
  const path = new CameraPath();
  for (let t = 0; t < frames; t++) path.next(t, view(of(t)), t === 0, people(t));
  return path;
}

/** How far the middle of the picture moves. */
function shift(path: CameraPath, from: number, to: number): { x: number; y: number } {
  const { scale, x, y } = path.between(from, to);
  return { x: x + (WIDTH / 2) * (scale - 1), y: y + (HEIGHT / 2) * (scale - 1) };
}

test('a camera that stands moves by nothing at all, whoever walks by, in whatever light', () => {
  const person = (t: number): Box => ({ x: 6 * t, y: 30, width: 45, height: 90 });
  const path = follow(20, (t) => ({ person: person(t), lighter: 2 * t }));
  expect(path.between(0, 19)).toEqual(STILL);
});

test('a pan is followed, slow or fast, there and back, further than the first frame reaches', () => {
  const x = (t: number): number => (t < 20 ? -0.4 * t : t < 45 ? -8 - 6 * (t - 20) : -158 + 6 * (t - 45));
  const y = (t: number): number => 0.2 * t;
  const path = follow(60, (t) => ({ x: x(t), y: y(t) }));
  const spans = [
    [0, 19],
    [0, 44],
    [30, 40],
    [45, 59],
    [59, 45],
  ];
  for (const [from, to] of spans) {
    expect(Math.abs(shift(path, from, to).x - (x(to) - x(from)))).toBeLessThan(3);
    expect(Math.abs(shift(path, from, to).y - (y(to) - y(from)))).toBeLessThan(3);
  }
});

test('what the camera comes nearer to gets larger, about the middle', () => {
  const scale = (t: number): number => 1.01 ** t;
  const margin = (size: number, t: number): number => (size / 2) * (1 - scale(t));
  const path = follow(25, (t) => ({ scale: scale(t), x: margin(WIDTH, t), y: margin(HEIGHT, t) }));
  const box = movedBox({ x: 70, y: 50, width: 20, height: 20 }, path.between(0, 24));
  expect(Math.abs(box.width - 20 * scale(24))).toBeLessThan(0.5);
  expect(Math.abs(box.x + box.width / 2 - WIDTH / 2)).toBeLessThan(2);
});

test('who fills most of the picture is not the camera, where it is known that they are there', () => {
  const person = (t: number): Box => ({ x: 2 * t, y: 0, width: 100, height: 120 });
  const path = follow(
    25,
    (t) => ({ x: -t, person: person(t) }),
    (t) => [person(t)],
  );
  expect(Math.abs(shift(path, 0, 24).x + 24)).toBeLessThan(3);
});

test('before a blank wall nobody knows whether the camera moves or a person of whom nobody knows yet', () => {
  const path = new CameraPath();
  for (let t = 0; t < 20; t++) {
    const seen = view({ person: { x: 4 * t, y: 30, width: 30, height: 60 } });
    const isShirt = (at: number): boolean => seen.data[at] === 40 || seen.data[at] === 220;
    path.next(t, { ...seen, data: seen.data.map((value, at) => (isShirt(at) ? value : 128)) }, t === 0);
  }
  expect(path.between(0, 19)).toEqual(STILL);
});

test('where nothing can be told the camera stands: a blank wall, a frame that cannot be read, another size or scene', () => {
  const blank = { width: WIDTH, height: HEIGHT, data: new Uint8Array(3 * WIDTH * HEIGHT).fill(128) };
  const path = new CameraPath();
  for (let frame = 0; frame < 3; frame++) path.next(frame, blank, frame === 0);
  path.next(3, null, false);
  path.next(4, view({}), false);
  path.next(5, view({ x: 30 }), true);
  path.next(6, { width: 80, height: 30, data: new Uint8Array(3 * 80 * 30) }, false);
  for (let frame = 1; frame <= 6; frame++) expect(path.between(frame - 1, frame)).toEqual(STILL);
});

test('a frame’s small copy is enough; a frame that was forgotten tells nothing', () => {
  const [path, side] = [new CameraPath(), 96];
  for (let frame = 0; frame < 10; frame++) {
    const place = (cell: number, size: number): number => ((cell + 0.5) * size) / side;
    const light = (_: unknown, i: number): number => wall(place(i % side, WIDTH) + 2 * frame, place(Math.floor(i / side), HEIGHT)); // prettier-ignore
    const small = { width: side, height: side, data: Uint8Array.from({ length: side ** 2 }, light) };
    path.next(frame, { width: WIDTH, height: HEIGHT, data: new Uint8Array(0), small }, frame === 0);
  }
  expect(Math.abs(shift(path, 0, 9).x + 18)).toBeLessThan(2);
  path.forget(0);
  expect(path.between(0, 9)).toEqual(STILL);
});
