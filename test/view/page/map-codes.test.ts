import { decodeMap, encodeMaps } from '../../../src/view/page/map-codes.js';

test('each map comes back as shares of its own range, to half a level', () => {
  const maps = Float32Array.from([0, 0.25, 0.5, 1, -3, -2, -1, 5]); // two of 2 × 2
  const { coded, codes } = encodeMaps(maps, 2, 2, 3);
  expect(coded).toEqual({ at: 3, width: 2, height: 2, ranges: [[0, 1], [-3, 5]] }); // prettier-ignore
  const bytes = Uint8Array.from([9, 9, 9, ...codes]);
  for (let map = 0; map < 2; map++) {
    const [low, high] = coded.ranges[map];
    decodeMap(bytes, coded, map).forEach((share, cell) => {
      expect(Math.abs(low + share * (high - low) - maps[4 * map + cell])).toBeLessThanOrEqual(
        (high - low) / 126 + 1e-6,
      );
    });
  }
});

test('a flat map and one that is not all numbers are empty, not an error', () => {
  const { coded, codes } = encodeMaps(Float32Array.from([2, 2, 1, Infinity]), 2, 1, 0);
  expect(coded.ranges).toEqual([[2, 2], [0, 0]]); // prettier-ignore
  expect([...codes]).toEqual([0, 0, 0, 0]);
});
