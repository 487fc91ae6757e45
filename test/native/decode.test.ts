import { addon } from '../../src/native/binding.js';

const H = 12;
const W = 10;

/** A heat map that is 0 but for the given cells. */
function map(...cells: [x: number, y: number, value: number][]): Float32Array {
  const out = new Float32Array(H * W);
  for (const [x, y, value] of cells) out[y * W + x] = value;
  return out;
}

function gaussian(cx: number, cy: number, sigma: number, h = H, w = W): Float32Array {
  return Float32Array.from({ length: h * w }, (_, i) =>
    Math.exp(-(((i % w) - cx) ** 2 + (Math.floor(i / w) - cy) ** 2) / (2 * sigma ** 2)),
  );
}

const decode = (heatmap: Float32Array, method: 'quarter' | 'dark' = 'quarter', h = H, w = W): number[] => [
  ...addon().decode(heatmap, [1, 1, h, w], method),
];

describe('quarter offset', () => {
  test('moves a quarter towards the higher neighbour on both axes', () => {
    expect(decode(map([4, 5, 1], [5, 5, 0.5], [4, 4, 0.25]))).toEqual([4.25, 4.75, 1]);
  });

  test('does not move between equal neighbours', () => {
    expect(decode(map([4, 5, 1], [3, 5, 0.5], [5, 5, 0.5]))).toEqual([4, 5, 1]);
  });

  test.each([
    [1, 5],
    [W - 1, 5],
    [4, 1],
    [4, H - 1],
  ])('at (%d, %d) neither axis moves: 1 < x < w − 1 and 1 < y < h − 1 must both hold', (x, y) => {
    const heatmap = map([x, y, 1]);
    if (x + 1 < W) heatmap[y * W + x + 1] = 0.5;
    if (y + 1 < H) heatmap[(y + 1) * W + x] = 0.5;
    expect(decode(heatmap)).toEqual([x, y, 1]);
  });

  test.each([
    [2, 2],
    [W - 2, H - 2],
  ])('at (%d, %d) both axes move', (x, y) => {
    expect(decode(map([x, y, 1], [x + 1, y, 0.5], [x, y - 1, 0.5]))).toEqual([x + 0.25, y - 0.25, 1]);
  });
});

describe.each(['quarter', 'dark'] as const)('%s', (method) => {
  test('coordinates are zero where the maximum is not positive; the score is the maximum', () => {
    expect(decode(new Float32Array(H * W), method)).toEqual([0, 0, 0]);
    expect(decode(new Float32Array(H * W).fill(-1).fill(-0.5, 37, 38), method)).toEqual([0, 0, -0.5]);
  });

  test('the first of equal maxima counts', () => {
    expect(
      decode(map([7, 3, 1], [2, 8, 1]), method)
        .slice(0, 2)
        .map(Math.round),
    ).toEqual([7, 3]);
  });

  test('each joint of each person is its own map', () => {
    const maps = Float32Array.from([...map([0, 0, 1]), ...map([9, 11, 2]), ...map([0, 11, 3]), ...map([9, 0, 4])]);
    const joints = addon().decode(maps, [2, 2, H, W], method);
    expect([...joints]).toEqual([0, 0, 1, 9, 11, 2, 0, 11, 3, 9, 0, 4]);
  });
});

describe('DARK', () => {
  test.each([
    [20.3, 31.6],
    [24.45, 28.9],
    [18.0, 33.2],
  ])('finds the centre of a Gaussian at (%d, %d)', (x, y) => {
    const [dx, dy] = decode(gaussian(x, y, 2, 64, 48), 'dark', 64, 48);
    expect(dx).toBeCloseTo(x, 2);
    expect(dy).toBeCloseTo(y, 2);
  });

  test('blurs larger maps more widely', () => {
    const [dx, dy] = decode(gaussian(40.3, 50.7, 3, 96, 72), 'dark', 96, 72);
    expect(dx).toBeCloseTo(40.3, 2);
    expect(dy).toBeCloseTo(50.7, 2);
  });

  test('does not move a peak two cells from the border', () => {
    expect(decode(gaussian(W - 1.6, 5.3, 2), 'dark').slice(0, 2)).toEqual([W - 2, 5]);
  });
});

test('arguments that do not fit are refused', () => {
  expect(() => addon().decode(new Float32Array(5), [1, 1, 2, 3], 'quarter')).toThrow('expected 6 elements');
  expect(() => addon().decode(new Float32Array(0), [1, 1, 0, 3], 'quarter')).toThrow('a whole number from 1');
});
