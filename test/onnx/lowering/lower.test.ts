import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { hrnetGraph, type HrnetStyle } from '../../../src/bench/hrnet-graph.js';
import { referenceNetwork } from '../../../src/bench/network-reference.js';
import { describeMissing, lower } from '../../../src/onnx/lowering/lower.js';
import { cutOnnx } from '../../../src/models/onnx-cut.js';
import type { GraphNode, OnnxGraph } from '../../../src/onnx/graph.js';
import { OnnxBuilder, type Attribute } from '../../../src/onnx/onnx-builder.js';
import { parseOnnx } from '../../../src/onnx/onnx-model.js';
import type { Network } from '../../../src/native/network.js';
import { ROOT } from '../../shared-data.js';
import { graphOf, mobileNet, nmse, numbers, run } from '../../models/quantize/networks.js';

/** What a whole network's roundings may add up to, ONNX Runtime's in float32 against the layers' in float64. */
const LARGEST_NMSE = 1e-11;

function lowered(onnx: Buffer, [channels, height, width]: number[], outputs?: string[]): Network {
  const { network, missing } = lower(graphOf(onnx), { channels, height, width }, outputs);
  expect(missing && describeMissing(missing)).toBeNull();
  return network!;
}

/** The layers by their definitions against ONNX Runtime on the graph. */
async function expectSame(onnx: Buffer, dims: number[]): Promise<Network> {
  const image = numbers(
    dims.reduce((product, size) => product * size),
    7,
  );
  const network = lowered(onnx, dims);
  const outputs = referenceNetwork(network, [image]);
  const wanted = await run(onnx, image, [1, ...dims]);
  parseOnnx(onnx, 'net.onnx').outputs.forEach(({ name }, i) => {
    const { channels, height, width } = network.maps[network.outputs[i]];
    expect(wanted[name].dims).toEqual([1, channels, height, width]);
    const got = { data: Float32Array.from(outputs[i]), dims: wanted[name].dims };
    expect(nmse(wanted[name], got)).toBeLessThan(LARGEST_NMSE);
  });
  return network;
}

const kinds = (network: Network): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { op } of network.layers) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
};

const STYLES: HrnetStyle[] = [
  { width: 4, opset: 13, naming: 'official', batchNorm: 'folded' },
  { width: 4, opset: 11, naming: 'mmpose', batchNorm: 'unfolded' },
  { width: 4, opset: 13, naming: 'mmpose', batchNorm: 'unfolded', size: { width: 32, height: 64 } },
];

describe.each(STYLES)('an HRNet, $naming, opset $opset, BatchNorm $batchNorm', (style) => {
  const { onnx, stage3Branch0 } = hrnetGraph({ stem: 8, ...style });

  test('whole', async () => {
    // 293 convolutions; every addition that is not a convolution's own is one of the fuse layers', enlargements included
    expect(kinds(await expectSame(onnx, [3, 64, 32]))).toEqual({ conv: 293, sum: 16 });
  });

  test('cut at stage 3', async () => {
    const cut = cutOnnx(parseOnnx(onnx, 'net.onnx'), stage3Branch0);
    expect(kinds(await expectSame(cut, [3, 64, 32]))).toEqual({ conv: 155, sum: 8 });
  });

  test('whole, asked for an inner tensor', () => {
    expect(kinds(lowered(onnx, [3, 64, 32], [stage3Branch0]))).toEqual({ conv: 155, sum: 8 });
  });
});

test('a MobileNet: clips are in the convolutions, linear enlargement is a layer', async () => {
  expect(kinds(await expectSame(mobileNet(), [3, 16, 12]))).toEqual({ conv: 5, sum: 1, resize: 1 });
});

test('the detector of the default bundle', async () => {
  const onnx = await readFile(path.join(ROOT, 'models/glpose-movenet/detector.onnx'));
  expect(Object.keys(kinds(await expectSame(onnx, [3, 32, 32]))).sort()).toEqual(['conv', 'resize']);
});

describe('the extractor of the default bundle', () => {
  const file = path.join(ROOT, 'models/glpose-movenet/extractor.onnx');
  const size = { channels: 3, height: 64, width: 96 };

  test('the joints are found as ONNX Runtime finds them, whoever is meant', async () => {
    const graph = graphOf(await readFile(file));
    const { network } = lower(graph, { ...size, expectedJoints: 'expected' });
    expect(network!.layers.filter(({ op }) => op === 'locate')).toHaveLength(1);
    const image = numbers(3 * 64 * 96, 7);
    // nobody; one of two joints; everybody
    for (const known of [() => 0, (q: number) => q % 2, () => 1]) {
      const expected = numbers(51, 3).map((value, i) => (i % 3 < 2 ? Math.abs(value) : known(Math.floor(i / 3))));
      const got = referenceNetwork(network!, [image, expected]);
      const session = await InferenceSession.create(file);
      const wanted = await session.run({
        image: new Tensor('float32', image, [1, 3, 64, 96]),
        expected: new Tensor('float32', expected, [1, 17, 3]),
      });
      session.outputNames.forEach((name, i) => {
        const dims = [...wanted[name].dims];
        const theirs = { dims, data: wanted[name].data as Float32Array };
        expect(nmse(theirs, { dims, data: Float32Array.from(got[i]) })).toBeLessThan(LARGEST_NMSE);
      });
    }
  });

  test('needs to be told what joints are expected', async () => {
    const { missing } = lower(graphOf(await readFile(file)), size);
    expect(describeMissing(missing!)).toBe('WeightedHeatmaps joints.all (nobody says where joints are expected)');
  });

  test('is not taken for what it is not: other numbers, other operators', async () => {
    const change: [string, (graph: OnnxGraph) => unknown][] = [
      ['Shape joints.shape', (graph) => graph.setConstant('joints.distance_offset', [], Float32Array.of(2))],
      ['Shape joints.shape', (graph) => (nodeOf(graph, 'joints.from_middle.d2').op = 'Mul')],
      ['Shape joints.shape', (graph) => (nodeOf(graph, 'joints.from_expected.dy2').inputs[0] = 'joints.y')],
      ['Shape joints.shape', (graph) => nodeOf(graph, 'joints.person').attributes.delete('keepdims')],
    ];
    for (const [first, apply] of change) {
      const graph = graphOf(await readFile(file));
      apply(graph);
      const { missing } = lower(graph, { ...size, expectedJoints: 'expected' });
      expect(describeMissing(missing!)).toBe(first);
    }
  });
});

const nodeOf = (graph: OnnxGraph, output: string): GraphNode =>
  graph.nodes.find(({ outputs }) => outputs[0] === output)!;

/** One operator on a map of 4×9×7, beside the map itself. */
function single(
  op: string,
  inputs: (onnx: OnnxBuilder) => string[],
  attributes: Record<string, Attribute>,
  opset = 13,
): Buffer {
  // prettier-ignore
  const onnx = new OnnxBuilder(opset);
  onnx.input('x', [1, 4, 9, 7]);
  onnx.node(op, inputs(onnx), 'y', attributes);
  onnx.output('y', [1, 'c', 'h', 'w']);
  return onnx.build('single', '');
}
const weights = (onnx: OnnxBuilder, ...dims: number[]): string =>
  onnx.float32(
    'w',
    dims,
    numbers(
      dims.reduce((product, size) => product * size),
      3,
    ),
  );
const conv = (dims: number[], attributes: Record<string, Attribute>): Buffer =>
  single('Conv', (onnx) => ['x', weights(onnx, ...dims)], attributes);
const scaled = (scales: number[], attributes: Record<string, Attribute>): Buffer =>
  single('Resize', (onnx) => ['x', '', onnx.float32('s', [4], scales)], attributes);

test.each<[string, Buffer]>([
  ['7×7, stride 2', conv([5, 4, 7, 7], { strides: [2, 2], pads: [3, 3, 3, 3] })],
  ['5×5, unequal pads', conv([5, 4, 5, 5], { pads: [0, 1, 2, 3] })],
  ['2×2', conv([5, 4, 2, 2], { strides: [2, 2] })],
  ['SAME_UPPER', conv([5, 4, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' })],
  ['SAME_LOWER', conv([5, 4, 2, 2], { auto_pad: 'SAME_LOWER' })],
  ['VALID', conv([5, 4, 3, 3], { auto_pad: 'VALID' })],
  ['depthwise, stride 2', conv([4, 1, 3, 3], { group: 4, strides: [2, 2], pads: [1, 1, 1, 1] })],
  ['nearest, 3 times', scaled([1, 1, 3, 3], { mode: 'nearest' })],
  ['nearest, 4 and 2 times', scaled([1, 1, 4, 2], { mode: 'nearest' })],
  ['nearest, ceil', scaled([1, 1, 2, 2], { mode: 'nearest', nearest_mode: 'ceil' })],
  ['linear, half pixels', scaled([1, 1, 2, 4], { mode: 'linear' })],
  ['linear, asymmetric', scaled([1, 1, 2, 2], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' })],
  ['linear, corners', scaled([1, 1, 2, 3], { mode: 'linear', coordinate_transformation_mode: 'align_corners' })],
  ['linear, smaller', scaled([1, 1, 0.5, 0.75], { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' })], // prettier-ignore
  ['Upsample', single('Upsample', (onnx) => ['x', onnx.float32('s', [4], [1, 1, 2, 2])], { mode: 'nearest' }, 9)],
  ['sizes', single('Resize', (onnx) => ['x', '', '', onnx.int64('s', [1, 4, 18, 14])], { mode: 'nearest' })],
  ['max pool', single('MaxPool', () => ['x'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })],
  ['average pool', single('AveragePool', () => ['x'], { kernel_shape: [3, 2], pads: [1, 0, 1, 1] })],
  ['global average pool', single('GlobalAveragePool', () => ['x'], {})],
  ['sigmoid', single('Sigmoid', () => ['x'], {})],
  ['clip above only', single('Clip', (onnx) => ['x', '', onnx.float32('high', [], [0.25])], {})],
  ['clip of opset 6', single('Clip', () => ['x'], { min: { float: -0.5 }, max: { float: 0.5 } }, 9)],
])('%s', async (_, onnx) => {
  await expectSame(onnx, [4, 9, 7]);
});

test('sums of convolutions and maps in any order', async () => {
  const onnx = new OnnxBuilder();
  onnx.input('x', [1, 4, 6, 8]);
  const made = (name: string, from: string, stride = 1): string => {
    onnx.float32(`${name}.w`, [4, 4, 3, 3], numbers(144, name.length));
    return onnx.node('Conv', [from, `${name}.w`], name, { strides: [stride, stride], pads: [1, 1, 1, 1] });
  };
  onnx.float32('two', [4], [1, 1, 2, 2]);
  const small = onnx.node('Resize', [made('half', 'x', 2), '', 'two'], 'double', { mode: 'nearest' });
  const first = onnx.node('Add', [made('a', 'x'), 'x'], 'first');
  const second = onnx.node('Add', [small, onnx.node('Sum', [made('bb', 'x'), first, made('ccc', 'x')], 's')], 'second');
  onnx.node('Mul', [onnx.node('Relu', [second], 'r'), onnx.node('Sigmoid', ['x'], 'g')], 'm');
  onnx.node('Concat', ['m', 'r', 'x'], 'y', { axis: -3 });
  onnx.output('y', [1, 12, 6, 8]);
  onnx.output('r', [1, 4, 6, 8]);
  const network = await expectSame(onnx.build('sums', ''), [4, 6, 8]);
  expect(kinds(network)).toEqual({ conv: 4, sum: 2, product: 1, concat: 1 });
});

test.each<[string, Buffer]>([
  ['Conv y (dilations 2×2)', conv([5, 4, 3, 3], { dilations: [2, 2] })],
  ['Conv y (2 groups)', conv([4, 2, 3, 3], { group: 2 })],
  ['Conv y (a kernel of 9×9)', conv([5, 4, 9, 9], { pads: [4, 4, 4, 4] })],
  ['Conv y (a kernel larger than its map)', conv([5, 4, 7, 9], {})],
  ['Conv y (strides 1×2)', conv([5, 4, 3, 3], { strides: [1, 2] })],
  ['Softmax y', single('Softmax', () => ['x'], {})],
  ['Mul y (with a constant)', single('Mul', (onnx) => ['x', onnx.float32('c', [], [2])], {})],
  ['Resize y (mode cubic)', scaled([1, 1, 2, 2], { mode: 'cubic' })],
  ['Resize y (it resamples images or channels)', scaled([1, 2, 2, 2], { mode: 'nearest' })],
])('what is not known is named: %s', (name, onnx) => {
  const { network, missing } = lower(graphOf(onnx), { channels: 4, height: 9, width: 7 });
  expect(network).toBeNull();
  expect(describeMissing(missing!)).toBe(name);
});

test('a graph that contradicts itself is refused', () => {
  const wrong = conv([5, 3, 3, 3], {});
  expect(() => lower(graphOf(wrong), { channels: 4, height: 9, width: 7 })).toThrow(
    'net.onnx: Conv y: weights [5, 3, 3, 3] in 1 groups for a map of 4 channels',
  );
});
