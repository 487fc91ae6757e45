import { pixelsOf, scalesFor, scalesOf, searchingScales } from '../../src/detection/scales.js';

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
  expect(scalesOf([900], HD)).toEqual([256]); // 120 pixels of the input
  expect(scalesOf([190], SMALL)).toEqual([256]);
  expect(scalesOf(new Array(20).fill(170), HD)).toEqual([1024]); // 91, instead of 45
  expect(scalesOf(new Array(200).fill(45), HD)).toEqual([2048]);
});

test('two rather small people are worth no finer scale, six are', () => {
  const [frame, height] = [{ width: 640, height: 360 }, 110]; // 44 at 256
  expect(scalesOf([height, height], frame)).toEqual([256]);
  expect(scalesOf(new Array(6).fill(height), frame)).toEqual([512]);
});

test('one small person beside large ones is looked for at their place, a crowd of them at a scale of their own', () => {
  expect(scalesOf([900, 60], HD)).toEqual([256]);
  expect(scalesOf([900, ...new Array(40).fill(80)], HD)).toEqual([256, 1024]);
});

test('of large people only scales that see them whole are chosen', () => {
  expect(scalesOf([900, ...new Array(100).fill(45)], HD)).toEqual([256, 2048]);
});

test('whom the frame cuts off is looked for at the scale that has room around it, which costs as much as the next', () => {
  expect(scalesOf([1000], HD)).toEqual([128]);
  expect(scalesOf([1000, ...new Array(20).fill(170)], HD)).toEqual([128, 1024]);
  expect(pixelsOf([128], HD)).toBe(pixelsOf([256], HD));
});

test('newcomers are looked for at the usual scales, and now and then at finer ones', () => {
  expect(searchingScales([900], HD, false)).toEqual([128, 256, 512]);
  expect(searchingScales([900], HD, true)).toEqual([128, 256, 512, 1024]);
  expect(searchingScales([900, 50], HD, true)).toEqual([128, 256, 512, 1024, 2048]);
  expect(searchingScales(new Array(200).fill(45), HD, false)).toEqual([128, 256, 512, 2048]);
});
