import { mergeScales } from '../../src/detection/merge.js';
import type { Detection } from '../../src/types.js';

const FRAME = { height: 3000 };

/** Someone whose joints lie evenly in the box. */
const person = (x: number, y: number, height: number, score: number, lean = 0): Detection => ({
  box: { x, y, width: 0.4 * height, height },
  score,
  coarsePose: Float32Array.from({ length: 34 }, (_, i) =>
    i % 2 ? y + (height * i) / 34 : x + 0.2 * height + lean * height,
  ),
});

test('of someone who is found at several scales the most believed stays', () => {
  const merged = mergeScales(
    [
      { scale: 0.5, detections: [person(100, 100, 300, 0.8)] },
      { scale: 1, detections: [person(104, 96, 310, 0.7), person(600, 100, 200, 0.6)] },
    ],
    FRAME,
  );
  expect(merged.map(({ box: { x }, score }) => [x, score])).toEqual([
    [100, 0.8],
    [600, 0.6],
  ]);
});

test('a scale is believed less about people whom another one shows at a better size', () => {
  const small = person(0, 0, 60, 0.6);
  const [first] = mergeScales(
    [
      { scale: 0.25, detections: [{ ...small, score: 0.7 }] }, // 15 pixels of the input
      { scale: 1, detections: [small] },
    ],
    FRAME,
  );
  expect(first.score).toBe(0.6);
  const huge = person(0, 0, 1000, 0.6);
  expect(
    mergeScales(
      [
        { scale: 0.25, detections: [] },
        { scale: 1, detections: [huge] },
      ],
      FRAME,
    )[0].score,
  ).toBeCloseTo(0.18);
  expect(mergeScales([{ scale: 1, detections: [huge, small] }], FRAME).map(({ score }) => score)).toEqual([0.6, 0.6]);
});

test('what a finer scale sees in a part of a person is no person; beside them it is', () => {
  const whole = person(100, 100, 400, 0.7);
  const merged = (part: Detection): number =>
    mergeScales([{ scale: 0.3, detections: [whole] }, { scale: 1, detections: [part] }], FRAME).length; // prettier-ignore
  expect(merged(person(110, 120, 180, 0.5))).toBe(1);
  expect(merged(person(240, 120, 180, 0.5))).toBe(2);
});

test('who is seen surely behind a person, where hardly any of their joints are, is someone', () => {
  const whole = person(100, 100, 400, 0.9, 0.2); // its joints lie in a column at x = 260
  const merged = (one: Detection): number =>
    mergeScales([{ scale: 0.3, detections: [whole] }, { scale: 1, detections: [one] }], FRAME).length; // prettier-ignore
  expect(merged(person(110, 120, 180, 0.7))).toBe(2);
  expect(merged(person(110, 120, 180, 0.4))).toBe(1);
  expect(merged(person(200, 120, 180, 0.7))).toBe(1);
});

test('what a coarser scale sees between two people who overlap is neither; one who overlaps with them at the same scale is', () => {
  const both = [person(100, 100, 200, 0.8), person(150, 100, 200, 0.8)];
  const third = person(125, 100, 200, 0.7, 0.5);
  const merged = (coarse: Detection[], fine: Detection[]): number =>
    mergeScales([{ scale: 0.5, detections: coarse }, { scale: 1, detections: fine }], FRAME).length; // prettier-ignore
  expect(merged([third], both)).toBe(2);
  expect(merged([], [...both, third])).toBe(3);
});

test('coarse poses tell two people of nearly one box apart no less than they find one person twice', () => {
  const alike = [person(0, 0, 200, 0.9), person(30, 0, 200, 0.5)]; // boxes share less than 0.65
  expect(mergeScales([{ scale: 1, detections: alike }], FRAME)).toHaveLength(2);
  const same = { ...person(30, 0, 200, 0.5), coarsePose: alike[0].coarsePose };
  expect(mergeScales([{ scale: 1, detections: [alike[0], same] }], FRAME)).toHaveLength(1);
});

test('boxes without coarse poses are told by their overlap', () => {
  const box = (x: number, score: number): Detection => ({ box: { x, y: 0, width: 80, height: 200 }, score });
  expect(mergeScales([{ scale: 1, detections: [box(0, 0.9), box(10, 0.8), box(40, 0.7)] }], FRAME)).toHaveLength(2);
});

test('of people whom the frame cuts off, a box about two is neither where the coarsest scale tells them apart', () => {
  const wide = { ...person(0, 0, 240, 0.8), box: { x: 0, y: 0, width: 330, height: 250 } };
  const left = person(0, 0, 240, 0.4, 0.1);
  const right = person(230, 0, 240, 0.3);
  const found = [
    { scale: 0.4, detections: [left, right] },
    { scale: 0.8, detections: [wide] },
  ];
  const xs = (frame: { height: number }): number[] =>
    mergeScales(found, frame).map(({ box: { x, width } }) => x + width);
  expect(xs({ height: 250 })).toEqual([96, 326]);
  expect(xs({ height: 1000 })).toContain(330);
});
