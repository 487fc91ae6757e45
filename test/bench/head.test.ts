import { benchHead } from '../../src/bench/head.js';
import { readGolden } from '../native/golden.js';

test('a small head with conditions, verified against float64 and ONNX Runtime', async () => {
  const { shape } = readGolden('conditions');
  const figures = await benchHead(
    { name: 'counterpart', title: 'small', shape },
    {
      threads: 1,
      ceilings: { gflops: 100, copyGBPerSecond: 10 },
      rounds: 1,
      runs: 1,
      signal: new AbortController().signal,
    },
  );
  expect(figures.nmse).toBeLessThan(1e-7);
  expect(figures.onnxruntime.nmse).toBeLessThan(1e-7);
});

test('a small head, measured and verified against float64 and ONNX Runtime', async () => {
  const { shape } = readGolden('full');
  const ceilings = { gflops: 100, copyGBPerSecond: 10 };
  const figures = await benchHead(
    { name: 'default', title: 'small', shape },
    { threads: 1, ceilings, rounds: 1, runs: 3, signal: new AbortController().signal },
  );
  expect(figures.nmse).toBeLessThan(1e-7);
  expect(figures.onnxruntime.nmse).toBeLessThan(1e-7);
  expect(figures.speed_vs_ort).toBeGreaterThan(0);
  expect(figures.native.whole).toBeGreaterThanOrEqual(figures.native.estimate);
  expect(figures.onnxruntime.memoryMiB).toBeGreaterThan(0);
  expect(figures.convolutions.map(({ name }) => name)).toEqual([
    'aggregation.0.conv1',
    'aggregation.0.shortcut.conv',
    'aggregation.0.conv2',
    'aggregation.1.conv1',
    'aggregation.1.conv2',
    'aggregation.2.conv1',
    'aggregation.2.conv2',
    'psi.conv1',
    'psi.shortcut.conv',
    'psi.conv2',
    'enhancement.0.conv1',
    'enhancement.0.shortcut.conv',
    'enhancement.0.conv2',
    'head',
  ]);
  // conv1 of Eq. 4: 25 maps in, 6 out, 3×3 taps, 9×7 pixels
  expect(figures.convolutions[0].gmac).toBeCloseTo((25 * 6 * 9 * 63) / 1e9, 15);
});

test('an abort ends it', async () => {
  const { shape } = readGolden('full');
  const options = { threads: 1, ceilings: { gflops: 1, copyGBPerSecond: 1 }, rounds: 1, runs: 1 };
  const signal = AbortSignal.abort();
  await expect(benchHead({ name: 'default', title: 'small', shape }, { ...options, signal })).rejects.toThrow();
});
