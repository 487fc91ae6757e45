import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { HeadShape, Tensor as HeadTensor } from '../../src/native/contract.js';
import { headOnnx } from '../../src/models/head-onnx.js';
import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import { addon } from '../../src/native/binding.js';

const BASE: HeadShape = {
  channels: 3,
  height: 8,
  width: 6,
  blockWidth: 5,
  joints: 4,
  k: 1,
  n: 2,
  enhancement: true,
  enhancementBlocks: 1,
  kernel: 3,
  conditions: false,
  featureMean: Float32Array.of(0.1, -0.2, 0.3),
  featureStd: Float32Array.of(0.5, 2, 1.5),
};

const CASES: [string, Partial<HeadShape>][] = [
  ['blocks wider than C', {}],
  ['blocks as wide as C', { blockWidth: 3 }],
  ['two blocks in A', { enhancementBlocks: 2 }],
  ['no enhancement', { enhancement: false }],
  ['a 1×1 head without enhancement', { enhancement: false, kernel: 1 }],
  ['a 5×5 head', { kernel: 5 }],
  ['local frames only', { k: 2, n: 0 }],
  ['global people only', { k: 0, n: 3 }],
  ['the key frame alone', { k: 0, n: 0 }],
  ['a map of 1×1', { height: 1, width: 1 }],
  ['conditions', { conditions: true, k: 2 }],
  ['conditions of the key frame alone', { conditions: true, k: 0, n: 0 }],
];

/** Numbers without pattern, between −1 and 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Arbitrary tensors of a head; BatchNorm is far from the identity. */
function someTensors(shape: HeadShape): Record<string, HeadTensor> {
  const next = numbers(7);
  const tensors: Record<string, HeadTensor> = {};
  for (const [name, dims] of headTensorShapes(shape)) {
    const data = new Float32Array(dims.reduce((product, side) => product * side, 1));
    const fanIn = dims.length === 4 ? dims[1] * dims[2] * dims[3] : 4;
    for (let i = 0; i < data.length; i++) data[i] = next() * Math.sqrt(3 / fanIn);
    if (name.endsWith('running_var')) data.forEach((value, i) => (data[i] = 0.5 + value ** 2));
    tensors[name] = { shape: dims, data };
  }
  return tensors;
}

test.each(CASES)('ONNX Runtime computes what the addon computes: %s', async (_, change) => {
  const shape = { ...BASE, ...change };
  const { channels: C, height: h, width: w, k, n, joints: K, blockWidth } = shape;
  const R = 2 * k + n;
  const tensors = someTensors(shape);
  const next = numbers(11);
  const features = Float32Array.from({ length: (1 + R) * C * h * w }, next);
  const weights = Float32Array.from({ length: R * C }, next);

  const points = Float32Array.from({ length: (1 + 2 * k) * 9 * 13 * 2 }, () => 4 + 6 * next());
  for (let i = 0; i < points.length; i += 7) points[i] = NaN;

  const head = addon().createHead(shape, tensors, 'cpu');
  const { handles } = await head.ingest(features.slice());
  const [key, ...references] = handles;
  const expected = await head.estimate({
    keys: Int32Array.of(key),
    references: Int32Array.from(references),
    weights,
    expected: shape.conditions ? { people: 9, points } : undefined,
    decode: 'quarter',
    maps: true,
  });
  head.dispose();

  const session = await InferenceSession.create(headOnnx(shape, tensors, 'a test'));
  const map = C * h * w;
  const feeds: Record<string, Tensor> = { key: new Tensor('float32', features.slice(0, map), [1, C, h, w]) };
  if (R > 0) {
    feeds.references = new Tensor('float32', features.slice(map), [R, C, h, w]);
    feeds.weights = new Tensor('float32', weights, [R, C]);
  }
  if (shape.conditions) feeds.expected = new Tensor('float32', points, [1 + 2 * k, 9, 13, 2]);
  const { heatmaps, mask } = await session.run(feeds);
  expect(heatmaps.dims).toEqual([1, K, h, w]);
  expectClose(heatmaps.data as Float32Array, expected.heatmaps!);
  if (shape.enhancement) {
    expect(mask.dims).toEqual([1, blockWidth, h, w]);
    expectClose(mask.data as Float32Array, expected.masks!);
  } else expect(mask).toBeUndefined();
});

/** Equal within 1e-4 of the largest value; a failure names the worst place. */
function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= Math.abs(actual[worst] - expected[worst]))) worst = i;
  }
  const error = Math.abs(actual[worst] - expected[worst]) / largest;
  if (!(error <= 1e-4)) throw new Error(`at ${worst}: ${actual[worst]}, expected ${expected[worst]}`);
}
