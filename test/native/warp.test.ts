import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import type { HeadShape, Tensor } from '../../src/native/contract.js';
import { addon } from '../../src/native/binding.js';

/** One neighbour a side, no people from elsewhere. */
const SHAPE: HeadShape = {
  channels: 3,
  height: 6,
  width: 5,
  blockWidth: 4,
  joints: 2,
  k: 1,
  n: 0,
  enhancement: true,
  enhancementBlocks: 1,
  kernel: 3,
  conditions: false,
  featureMean: new Float32Array(3),
  featureStd: new Float32Array(3).fill(1),
};
const CELLS = 30;

let state = 1;
const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
const tensors: Record<string, Tensor> = Object.fromEntries(
  [...headTensorShapes(SHAPE)].map(([name, shape]): [string, Tensor] => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random);
    if (/running_var$|bn\d?\.weight$/.test(name)) data.fill(1);
    if (/bn\d?\.bias$/.test(name)) data.fill(0.5); // most ReLUs let through: what the neighbours show reaches the heat maps
    return [name, { shape, data }];
  }),
);
const maps = Float32Array.from({ length: 3 * 3 * CELLS }, random); // key, before, after

/** [C, h, w] with the cell at (x, y) taken from (x + dx, y + dy), zero outside. */
function shifted(map: Float32Array, dx: number, dy: number): Float32Array {
  return map.map((_, i) => {
    const x = (i % SHAPE.width) + dx;
    const y = (Math.floor(i / SHAPE.width) % SHAPE.height) + dy;
    const inside = x >= 0 && x < SHAPE.width && y >= 0 && y < SHAPE.height;
    return inside ? map[i + dy * SHAPE.width + dx] : 0;
  });
}

async function heatmaps(features: Float32Array, transforms?: Float32Array): Promise<Float32Array> {
  const head = addon().createHead(SHAPE, tensors, 'cpu');
  const { handles } = await head.ingest(features);
  const batch = { keys: handles.subarray(0, 1), references: handles.subarray(1), weights: Float32Array.of(0.5, 0.25) };
  const result = await head.estimate({ ...batch, transforms, decode: 'quarter', maps: true });
  head.dispose();
  return result.heatmaps!;
}

function expectClose(got: Float32Array, wanted: Float32Array): void {
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
}

test('references of other windows are joined as if they had been cut with the key’s', async () => {
  const size = 3 * CELLS;
  const [key, before, after] = [0, 1, 2].map((i) => maps.subarray(i * size, (i + 1) * size));
  const moved = Float32Array.from([...key, ...shifted(before, 2, -1), ...shifted(after, -1, 3)]);
  const got = await heatmaps(maps, Float32Array.of(1, 2, -1, 1, -1, 3));
  expectClose(got, await heatmaps(moved));
  const untouched = await heatmaps(maps);
  expect(Math.max(...got.map((value, i) => Math.abs(value - untouched[i])))).toBeGreaterThan(0.01);
});

test('half a cell aside is the mean of two cells; the same window changes nothing', async () => {
  const half = maps.slice();
  for (let i = 3 * CELLS; i < 6 * CELLS; i++) {
    const right = i % SHAPE.width === SHAPE.width - 1 ? 0 : maps[i + 1];
    half[i] = (maps[i] + right) / 2;
  }
  expectClose(await heatmaps(maps, Float32Array.of(1, 0.5, 0, 1, 0, 0)), await heatmaps(half));
  expectClose(await heatmaps(maps, Float32Array.of(1, 0, 0, 1, 0, 0)), await heatmaps(maps));
});

test('numbers that are none are refused', async () => {
  await expect(heatmaps(maps, Float32Array.of(NaN, 0, 0, 1, 0, 0))).rejects.toThrow(/finite numbers for transforms/);
  await expect(heatmaps(maps, Float32Array.of(1, 0, 0))).rejects.toThrow(/transforms/);
});
