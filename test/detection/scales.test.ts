import { knownOf, pixelsOf, scalesFor, scalesOf, searchingScales, type Known } from '../../src/detection/scales.js';

/** People who overlap nobody. */
const alone = (heights: readonly number[]): Known[] => heights.map((height) => ({ height, overlaps: false }));

const HD = { width: 1920, height: 1080 };
const SMALL = { width: 432, height: 240 };

test('scales are octaves from 128, up to twice the frame', () => {
  expect(scalesFor(240)).toEqual([128, 256]);
  expect(scalesFor(432)).toEqual([128, 256, 512]);
  expect(scalesFor(768)).toEqual([128, 256, 512, 1024]);
  expect(scalesFor(1920)).toEqual([128, 256, 512, 1024, 2048]);
  expect(scalesFor(8000)).toEqual([128, 256, 512, 1024, 2048]);
});

test('where nobody is known, the usual scales', () => {
  expect(scalesOf([], HD)).toEqual([128, 256, 512]);
});

test('people choose the cheapest scale that shows them well', () => {
  expect(scalesOf(alone([900]), HD)).toEqual([256]); // 120 pixels of the input
  expect(scalesOf(alone([190]), SMALL)).toEqual([256]);
  expect(scalesOf(alone(new Array(20).fill(170)), HD)).toEqual([1024]); // 91, instead of 45
  expect(scalesOf(alone(new Array(200).fill(45)), HD)).toEqual([2048]);
});

test('two rather small people are worth no finer scale, six are', () => {
  const [frame, height] = [{ width: 640, height: 360 }, 110]; // 44 at 256
  expect(scalesOf(alone([height, height]), frame)).toEqual([256]);
  expect(scalesOf(alone(new Array(6).fill(height)), frame)).toEqual([512]);
});

test('people who overlap are looked at finer', () => {
  const frame = { width: 640, height: 360 };
  const box = (x: number) => ({ x, y: 0, width: 80, height: 180 }); // 72 at 256
  expect(scalesOf(knownOf([0, 100, 200, 300].map(box)), frame)).toEqual([256]);
  expect(scalesOf(knownOf([0, 50, 100, 150].map(box)), frame)).toEqual([512]);
});

test('one small person beside large ones is looked for at their place, a crowd of them at a scale of their own', () => {
  expect(scalesOf(alone([900, 60]), HD)).toEqual([256]);
  expect(scalesOf(alone([900, ...new Array(40).fill(80)]), HD)).toEqual([256, 1024]);
});

test('of large people only scales that see them whole are chosen', () => {
  expect(scalesOf(alone([900, ...new Array(100).fill(45)]), HD)).toEqual([256, 2048]);
});

test('whom the frame cuts off is looked for at the scale that has room around it, which costs as much as the next', () => {
  expect(scalesOf(alone([1000]), HD)).toEqual([128]);
  expect(scalesOf(alone([1000, ...new Array(20).fill(170)]), HD)).toEqual([128, 1024]);
  expect(pixelsOf([128], HD)).toBe(pixelsOf([256], HD));
});

test('newcomers are looked for at the usual scales, and now and then at finer ones', () => {
  expect(searchingScales(alone([900]), HD, false)).toEqual([128, 256, 512]);
  expect(searchingScales(alone([900]), HD, true)).toEqual([128, 256, 512, 1024]);
  expect(searchingScales(alone([900, 50]), HD, true)).toEqual([128, 256, 512, 1024, 2048]);
  expect(searchingScales(alone(new Array(200).fill(45)), HD, false)).toEqual([128, 256, 512, 2048]);
});
