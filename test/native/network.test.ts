import { hrnetGraph } from '../../src/bench/hrnet-graph.js';
import { referenceNetwork } from '../../src/bench/network-reference.js';
import type { GlposeError } from '../../src/errors.js';
import { addon } from '../../src/native/binding.js';
import type { NativeNetwork } from '../../src/native/contract.js';
import type { Layer, MapShape, Network } from '../../src/native/network.js';
import { lower } from '../../src/onnx/lowering/lower.js';
import { graphOf, mobileNet, numbers } from '../models/quantize/networks.js';

function lowered(onnx: Buffer, input: MapShape): Network {
  const { network } = lower(graphOf(onnx), input);
  return network!;
}

function make({ maps, inputs, outputs, layers }: Network): NativeNetwork {
  const network = addon().createNetwork(maps, inputs, outputs, 'cpu');
  for (const layer of layers) network.add(layer);
  return network;
}

const sizeOf = ({ channels, height, width }: MapShape): number => channels * height * width;

function nmse(got: Float32Array, wanted: Float64Array): number {
  let [error, power] = [0, 0];
  wanted.forEach((value, i) => {
    error += (got[i] - value) ** 2;
    power += value ** 2;
  });
  return got.length === wanted.length ? error / power : NaN;
}

const LINEAR = { kind: 'linear' } as const;
const RELU = { kind: 'clip', low: 0, high: Infinity } as const;

function conv(
  name: string,
  from: MapShape,
  to: MapShape,
  places: { source: number; addend?: number; out: number },
  kernel: number,
  stride = 1,
): Layer {
  // prettier-ignore
  const count = from.channels * to.channels * kernel ** 2;
  const weight = numbers(count, name.length).map((value) => value * Math.sqrt(3 / (from.channels * kernel ** 2)));
  return {
    op: 'conv',
    name,
    addend: null,
    ...places,
    kernel,
    stride,
    padTop: kernel >> 1,
    padLeft: kernel >> 1,
    depthwise: false,
    weight: new Uint8Array(weight.buffer),
    bias: numbers(to.channels, 5),
    activation: RELU,
  };
}

/** Every kind of layer, with maps that are read long after they were made, and sizes that fit nothing. */
function everything(): Network {
  const small = { height: 11, width: 9 };
  const maps: MapShape[] = [
    { channels: 3, height: 22, width: 18 },
    { channels: 60, height: 1, width: 1 },
    { channels: 20, ...small },
    { channels: 33, ...small },
    { channels: 20, height: 6, width: 5 },
    { channels: 20, ...small },
    { channels: 20, ...small },
    { channels: 73, ...small },
    { channels: 73, height: 1, width: 1 },
    { channels: 20, height: 22, width: 18 },
    { channels: 20, ...small },
    { channels: 20, ...small },
    { channels: 40, ...small },
    { channels: 1, ...small },
    { channels: 20, ...small },
  ];
  const taps = (size: number, source: number): { first: Int32Array; second: Int32Array; weight: Float32Array } => ({
    first: Int32Array.from({ length: size }, (_, i) => Math.floor((i * source) / size)),
    second: Int32Array.from({ length: size }, (_, i) => Math.min(source - 1, Math.floor((i * source) / size) + 1)),
    weight: numbers(size, 8),
  });
  const layers: Layer[] = [
    conv('stem', maps[0], maps[2], { source: 0, out: 2 }, 7, 2),
    conv('wide', maps[2], maps[3], { source: 2, out: 3 }, 3),
    { op: 'pool', name: 'max', kind: 'max', source: 2, kernelHeight: 3, kernelWidth: 2, stride: 2, padTop: 1, padLeft: 1, out: 4 },
    { op: 'resize', name: 'larger', source: 4, rows: taps(11, 6), columns: taps(9, 5), out: 5 },
    conv('back', maps[3], maps[6], { source: 3, addend: 5, out: 6 }, 3),
    { op: 'concat', name: 'joined', sources: [2, 3, 6], out: 7 },
    { op: 'pool', name: 'mean', kind: 'average', source: 7, kernelHeight: 11, kernelWidth: 9, stride: 1, padTop: 0, padLeft: 0, out: 8 },
    { op: 'sum', name: 'twice', terms: [{ map: 6, factor: 2 }, { map: 2, factor: 2 }], activation: { kind: 'sigmoid' }, out: 9 },
    { op: 'product', name: 'gated', sources: [5, 6], out: 10 },
    { op: 'sum', name: 'last', terms: [{ map: 10, factor: 1 }, { map: 2, factor: 1 }], activation: { kind: 'clip', low: -1, high: 0.5 }, out: 11 },
    conv('regress', maps[3], maps[12], { source: 3, out: 12 }, 1),
    conv('center', maps[3], maps[13], { source: 3, out: 13 }, 1),
    { op: 'locate', name: 'located', heatmaps: 6, regress: 12, center: 13, expected: 1, offset: 1.5, out: 14 },
  ]; // prettier-ignore
  return { maps, inputs: 2, layers, outputs: [8, 9, 11, 14] };
}

test('read-outs say of maps what the addon says of them when they come down; no layer reads them', async () => {
  const [joints, height, width] = [3, 7, 5];
  const map = (channels: number): MapShape => ({ channels, height, width });
  const vector = (channels: number): MapShape => ({ channels, height: 1, width: 1 });
  const maps = [
    map(joints),
    map(2 * joints),
    map(1),
    vector(3 * joints),
    vector(9),
    vector(108),
    vector(108),
    vector(15),
  ];
  const layers: Layer[] = [
    { op: 'decode', name: 'decoded', heatmaps: 0, method: 'dark', out: 4 },
    { op: 'peaks', name: 'peaks', heatmaps: 0, offsets: null, out: 5 },
    { op: 'peaks', name: 'refined', heatmaps: 0, offsets: 1, out: 6 },
    { op: 'pose', name: 'pose', heatmaps: 0, offsets: 1, regress: 1, center: 2, expected: 3, offset: 1.8, softness: 2, out: 7 },
  ]; // prettier-ignore
  const network = make({ maps, inputs: 4, layers, outputs: [4, 5, 6, 7] });
  const inputs = maps.slice(0, 4).map((one, i) => numbers(2 * sizeOf(one), 30 + i).map(Math.abs));
  const { outputs } = await network.run({ inputs, count: 2 });
  const [heat, offsets, center, expected] = inputs;
  const shape = [2, joints, height, width] as const;
  expect(outputs[0]).toEqual(addon().decode(heat, [...shape], 'dark'));
  expect(outputs[1]).toEqual(addon().peaks(heat, [...shape]));
  expect(outputs[2]).toEqual(addon().peaks(heat, [...shape], offsets));
  for (const image of [0, 1]) {
    const [h, o, c, e] = [heat, offsets, center, expected].map((all) =>
      all.subarray((image * all.length) / 2, ((image + 1) * all.length) / 2),
    );
    const pose = addon().pose(h, o, o, c, e, [joints, height, width], 1.8, 2);
    expect(outputs[3]!.subarray(image * 15, (image + 1) * 15)).toEqual(pose);
  }
  const some = await network.run({ inputs, count: 2, into: [null, null, new Float32Array(216), null] });
  expect(some.outputs).toEqual([null, null, outputs[2], null]);
  await expect(network.run({ inputs, count: 2, keep: 0 })).rejects.toThrow('numbers do not stay');

  const added = (...more: Layer[]): Network => ({ maps: [...maps, vector(9)], inputs: 4, layers: [layers[0], ...more], outputs: [4] }); // prettier-ignore
  expect(() => make(added({ op: 'concat', name: 'reader', sources: [4], out: 8 }))).toThrow('a map that is not made');
  expect(() => make(added({ ...layers[0], out: 5 } as Layer))).toThrow('not those of its maps');
  expect(() => make(added(layers[0]))).toThrow("another layer's");
});

test.each<[string, () => Network]>([
  ['every kind of layer', everything],
  ['a MobileNet', () => lowered(mobileNet(), { channels: 3, height: 16, width: 12 })],
  ['an HRNet', () => lowered(hrnetGraph({ width: 16, stem: 16 }).onnx, { channels: 3, height: 64, width: 96 })],
])('%s against float64; alone, in any batch, with any number of threads: the same bits', async (_, build) => {
  const description = build();
  const network = make(description);
  const sizes = description.maps.slice(0, description.inputs).map(sizeOf);
  const images = sizes.map((size, i) => numbers(3 * size, 4 + i));
  const first = (): Float32Array[] => images.map((values, i) => values.slice(0, sizes[i]));
  const wanted = referenceNetwork(description, first());
  const alone = await network.run({ inputs: first(), count: 1 });
  alone.outputs.forEach((output, i) => expect(nmse(output!, wanted[i])).toBeLessThan(1e-10));

  for (const threads of [1, 3]) {
    addon().setThreads(threads);
    const together = await network.run({ inputs: images, count: 3 });
    alone.outputs.forEach((output, i) => expect(together.outputs[i]!.subarray(0, output!.length)).toEqual(output));
  }
  addon().setThreads(2);
  const [again, timed] = await Promise.all([
    network.run({ inputs: first(), count: 1, into: alone.outputs.map((output) => output!.slice().fill(NaN)) }),
    network.run({ inputs: first(), count: 1, timings: true }),
  ]);
  expect(again.outputs).toEqual(alone.outputs);
  expect(timed.outputs).toEqual(alone.outputs);
  expect(timed.timings.map(({ name }) => name)).toEqual(description.layers.map(({ name }) => name));
  network.dispose();
});

describe('what does not fit is refused', () => {
  const map = { channels: 4, height: 6, width: 5 };
  const small = { channels: 4, height: 3, width: 3 };
  const maps = [map, map, small, { channels: 8, height: 6, width: 5 }];
  const codeOf = (body: () => unknown): string => {
    try {
      body();
      return 'none';
    } catch (thrown) {
      return (thrown as GlposeError).code;
    }
  };
  const sum = (terms: { map: number; factor: number }[], out: number): Layer => ({ op: 'sum', name: 's', terms, activation: LINEAR, out }); // prettier-ignore
  const fine = conv('c', map, map, { source: 0, out: 1 }, 3) as Extract<Layer, { op: 'conv' }>;

  test.each<[string, Layer]>([
    ['a map that nothing made', sum([{ map: 1, factor: 1 }], 3)],
    ['the input as a result', sum([{ map: 0, factor: 1 }], 0)],
    ['a map that is not there', sum([{ map: 9, factor: 1 }], 1)],
    ['no terms', sum([], 1)],
    ['another shape', sum([{ map: 0, factor: 1 }], 2)],
    ['a factor that does not fit', sum([{ map: 0, factor: 2 }], 1)],
    ['too few weights', { ...fine, weight: fine.weight.subarray(4) }],
    ['weights for other channels', { ...fine, out: 3 }],
    ['a bias too short', { ...fine, bias: new Float32Array(3) }],
    ['a kernel too large', { ...fine, kernel: 9 }],
    ['padding as large as the kernel', { ...fine, padTop: 3 }],
    ['windows beyond the map', { ...fine, stride: 2, padTop: 0 }],
    ['an addend of another shape', { ...fine, addend: 3 }],
    ['bounds in disorder', { ...fine, activation: { kind: 'clip', low: 1, high: 0 } }],
    ['bounds that are no numbers', { ...fine, activation: { kind: 'clip', low: NaN, high: 0 } }],
    ['channels that do not add up', { op: 'concat', name: 'j', sources: [0], out: 3 }],
    ['taps beyond the map', { op: 'resize', name: 'r', source: 0, rows: { first: Int32Array.of(0, 3, 6), second: Int32Array.of(0, 0, 0), weight: new Float32Array(3) }, columns: { first: new Int32Array(3), second: new Int32Array(3), weight: new Float32Array(3) }, out: 2 }], // prettier-ignore
    ['a pool beside the map', { op: 'pool', name: 'p', kind: 'max', source: 0, kernelHeight: 1, kernelWidth: 1, stride: 9, padTop: 0, padLeft: 0, out: 2 }], // prettier-ignore
    [
      'joints of another number',
      { op: 'locate', name: 'l', heatmaps: 0, regress: 0, center: 0, expected: 0, offset: 1, out: 1 },
    ],
    ['an unknown layer', { op: 'softmax', name: 'x', out: 1 } as never],
  ])('%s', (_, layer) => {
    const network = addon().createNetwork(maps, 1, [0], 'cpu');
    expect(['MODEL', 'INTERNAL']).toContain(codeOf(() => network.add(layer)));
    network.add(fine); // it goes on
  });

  test('networks', async () => {
    expect(codeOf(() => addon().createNetwork([], 1, [], 'cpu'))).toBe('MODEL');
    expect(codeOf(() => addon().createNetwork(maps, 1, [4], 'cpu'))).toBe('MODEL');
    expect(codeOf(() => addon().createNetwork([{ channels: 8192, height: 16384, width: 1 }], 1, [0], 'cpu'))).toBe(
      'MODEL',
    );
    expect(codeOf(() => addon().createNetwork(maps, 1, [0], 'tpu'))).toBe('DEVICE');
    const network = addon().createNetwork(maps, 1, [1], 'cpu');
    const planes = new Float32Array(sizeOf(map));
    const run = async (batch: Parameters<NativeNetwork['run']>[0]): Promise<unknown> => network.run(batch);
    await expect(run({ inputs: [planes], count: 1 })).rejects.toMatchObject({ code: 'MODEL' }); // nothing makes map 1
    network.add(fine);
    await expect(run({ inputs: [planes], count: 2 })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(run({ inputs: [planes], count: 1, into: [new Float32Array(1)] })).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    network.dispose();
    network.dispose();
    await expect(run({ inputs: [planes], count: 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
