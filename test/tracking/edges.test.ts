import { isOut } from '../../src/tracking/edges.js';
import type { Box } from '../../src/types.js';

const picture = { width: 640, height: 360 };
const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height });

test('who walked out at a side is nobody in the middle, nobody who comes in there, and somebody who is hardly out yet', () => {
  const [last, way] = [box(590, 120, 50, 200), box(640, 120, 50, 200)];
  expect(isOut(last, way, box(300, 120, 80, 200), picture)).toBe(true);
  expect(isOut(last, way, box(520, 110, 120, 220), picture)).toBe(true);
  expect(isOut(last, way, box(610, 120, 30, 200), picture)).toBe(false);
});

test('the same at the left', () => {
  const [last, way] = [box(0, 120, 50, 200), box(-60, 120, 50, 200)];
  expect(isOut(last, way, box(0, 120, 90, 200), picture)).toBe(true);
  expect(isOut(last, way, box(-5, 120, 30, 200), picture)).toBe(false);
});

test('whom the picture cuts off at the bottom is near, and may be anywhere there', () => {
  const near = box(200, 100, 150, 260);
  expect(isOut(near, near, box(320, 60, 180, 300), picture)).toBe(false);
  expect(isOut(near, near, box(320, 60, 60, 120), picture)).toBe(true);
});

test('who is at no edge is not out', () => {
  expect(isOut(box(300, 100, 50, 120), box(340, 100, 50, 120), box(400, 90, 60, 130), picture)).toBe(false);
});
