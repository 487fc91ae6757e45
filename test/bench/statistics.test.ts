import { median, percentile } from '../../src/bench/statistics.js';

test('percentiles are values that were measured', () => {
  const values = [5, 1, 4, 2, 3];
  expect(median(values)).toBe(3);
  expect(percentile(values, 0)).toBe(1);
  expect(percentile(values, 0.9)).toBe(5);
  expect(percentile(values, 1)).toBe(5);
  expect(values).toEqual([5, 1, 4, 2, 3]);
});
