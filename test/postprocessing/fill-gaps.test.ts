import { fillGaps } from '../../src/postprocessing/fill-gaps.js';

const N = NaN;

// scipy 1.17: PchipInterpolator([0, 1, 2, 6, 7, 8], values)([3, 4, 5])
test.each([
  [
    [1, 2, 4, N, N, N, 5, 9, 10],
    [4.345159774, 4.477443609, 4.621005639],
  ],
  [
    [1, 2, 4, N, N, N, 3, 2, 2],
    [3.928977273, 3.727272727, 3.411931818],
  ],
])('%j is filled as scipy does', (samples, wanted) => {
  const filled = fillGaps(Float64Array.from(samples), 3);
  wanted.forEach((value, i) => expect(filled[3 + i]).toBeCloseTo(value, 8));
});

test('longer gaps and the ends stay as they are', () => {
  const samples = [N, 1, N, N, N, 5, N, 7, N];
  expect([...fillGaps(Float64Array.from(samples), 2)]).toEqual([N, 1, N, N, N, 5, 6, 7, N]);
  expect([...fillGaps(Float64Array.from(samples), 0)]).toEqual(samples);
  expect([...fillGaps(Float64Array.of(N, N), 5)]).toEqual([N, N]);
});
