import { HAMPEL_DEFAULTS, hampel, median } from '../../src/postprocessing/hampel.js';

const walk = Float64Array.from({ length: 30 }, (_, t) => 100 + 4 * t);
const level = Float64Array.from({ length: 30 }, () => 50);

test('a joint that jumps away for a frame comes back in both coordinates', () => {
  const x = walk.map((value, t) => (t === 12 ? value + 90 : value));
  const cleaned = hampel(x, level.map((value, t) => (t === 12 ? value + 2 : value)), HAMPEL_DEFAULTS); // prettier-ignore
  expect(cleaned.outliers).toBe(1);
  expect(cleaned.x[12]).toBe(152); // the median of 9 … 15: 136 … 160 and the outlier
  expect(cleaned.y[12]).toBe(50);
  expect([...cleaned.x.filter((_, t) => t !== 12)]).toEqual([...walk.filter((_, t) => t !== 12)]);
});

test('even and accelerated movements and gaps are none', () => {
  const fall = walk.map((_, t) => 0.8 * t * t);
  expect(hampel(walk, fall, HAMPEL_DEFAULTS).outliers).toBe(0);
  const holed = walk.map((value, t) => (t % 2 === 0 ? value : NaN));
  expect([...hampel(holed, level, HAMPEL_DEFAULTS).x]).toEqual([...holed]);
});

test('at rest, less than three pixels are none', () => {
  const trembling = level.map((value, t) => (t === 9 ? value + 2.9 : value));
  expect(hampel(trembling, level, HAMPEL_DEFAULTS).outliers).toBe(0);
  const jumping = level.map((value, t) => (t === 9 ? value + 3.1 : value));
  expect(hampel(jumping, level, HAMPEL_DEFAULTS).outliers).toBe(1);
});

test('medians', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});
