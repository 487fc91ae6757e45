import { hrnetGraph } from '../../../src/bench/hrnet-graph.js';
import { cutOnnx } from '../../../src/models/onnx-cut.js';
import { OnnxBuilder } from '../../../src/onnx/onnx-builder.js';
import { parseOnnx } from '../../../src/onnx/onnx-model.js';
import { ActivationStatistics } from '../../../src/models/quantize/activation-statistics.js';
import { planInt8, toInt8, type Int8Plan } from '../../../src/models/quantize/int8.js';
import { raiseOpset } from '../../../src/models/quantize/opset.js';
import { simplify } from '../../../src/onnx/simplify.js';
import { graphOf, mobileNet, nmse, numbers, operatorsAtRun, run } from './networks.js';

/** Quantises a network of one input, calibrated on an image of noise. */
async function quantised(onnx: Buffer, dims: number[]): Promise<{ int8: Buffer; plan: Int8Plan; image: Float32Array }> {
  const graph = graphOf(onnx);
  simplify(graph);
  raiseOpset(graph);
  const plan = planInt8(graph);
  const image = numbers(dims.reduce((a, b) => a * b), 7); // prettier-ignore
  const names = [...plan.tensors.keys()];
  const results = await run(graph.write(names.filter((name) => !graph.inputs.includes(name))), image, dims);
  const statistics = new Map(names.map((name) => [name, new ActivationStatistics(name)]));
  for (const [name, one] of statistics) {
    const { data, dims: shape } = results[name] ?? { data: image, dims };
    one.add(data, shape);
  }
  toInt8(graph, plan, statistics);
  return { int8: graph.write(), plan, image };
}

test('a MobileNet: Clip, depthwise convolutions and resizing run on integers, only the ends in float32', async () => {
  const dims = [1, 3, 16, 12];
  const { int8, plan, image } = await quantised(mobileNet(), dims);
  expect([...plan.operators].map(({ outputs }) => outputs[0])).toEqual(['depthwise', 'project', 'sum', 'sum.double']);
  const [before, after] = [await run(mobileNet(), image, dims), await run(int8, image, dims)];
  for (const name of ['features', 'heatmap']) expect(nmse(before[name], after[name])).toBeLessThan(2e-3);

  const {
    QLinearConv,
    QLinearAdd,
    Resize,
    QuantizeLinear,
    DequantizeLinear,
    Conv,
    FusedConv = 0,
  } = await operatorsAtRun(int8);
  expect({ QLinearConv, QLinearAdd, Resize, ends: Conv + FusedConv }).toEqual({
    QLinearConv: 2,
    QLinearAdd: 1,
    Resize: 2,
    ends: 3,
  });
  expect([QuantizeLinear, DequantizeLinear]).toEqual([1, 1]); // behind the stem, and before the linear resizing
});

const exports = [
  { naming: 'official', opset: 13, batchNorm: 'folded' },
  { naming: 'mmpose', opset: 11, batchNorm: 'unfolded' },
] as const;

test.each(exports)('an HRNet ($naming, opset $opset, $batchNorm) runs on integers throughout', async (style) => {
  const { onnx, stage3Branch0 } = hrnetGraph({ width: 8, stem: 8, ...style });
  const cut = cutOnnx(parseOnnx(onnx, 'hrnet.onnx'), stage3Branch0);
  const dims = [1, 3, 64, 64];
  const { int8, image } = await quantised(cut, dims);
  const [before, after] = [await run(cut, image, dims), await run(int8, image, dims)];
  expect(nmse(before[stage3Branch0], after[stage3Branch0])).toBeLessThan(2e-2);
  expect(int8.length).toBeLessThan(cut.length / 2.5);

  const convolutions = parseOnnx(cut, '').nodes.filter(({ op }) => op === 'Conv').length;
  const counts = await operatorsAtRun(int8);
  expect(counts.QLinearConv).toBe(convolutions - 1); // all but the first
  expect((counts.Conv ?? 0) + (counts.FusedConv ?? 0)).toBe(1);
  expect(counts.Add).toBe(1); // the last sum, which makes the feature map
  expect(counts.Relu).toBe(1);
});

test('the levels of a convolution, by hand', async () => {
  const onnx = new OnnxBuilder();
  onnx.input('image', [1, 1, 1, 4]);
  onnx.node('Conv', ['image', onnx.float32('u', [1, 1, 1, 1], [1])], 'x');
  onnx.node('Conv', ['x', onnx.float32('w', [2, 1, 1, 1], [6.3, -0.5]), onnx.float32('b', [2], [1, -2])], 'y');
  onnx.node('Relu', ['y'], 'z');
  onnx.node('Conv', ['z', onnx.float32('v', [1, 2, 1, 1], [1, 1])], 'out');
  onnx.output('out', [1, 1, 1, 4]);
  const graph = graphOf(onnx.build('three', ''));
  const plan = planInt8(graph);
  expect([...plan.tensors.keys()]).toEqual(['x', 'z']); // the first convolution and the last stay in float32
  const observed = { x: [-10.2, 0, 15.3, 7], z: [0, 25.5, 12, 3, 0, 1, 2, 3] };
  const statistics = Object.entries(observed).map(([name, values]) => {
    const one = new ActivationStatistics(name);
    one.add(Float32Array.from(values), [1, values.length / 4, 1, 4]);
    return [name, one] as const;
  });
  toInt8(graph, plan, new Map(statistics));

  const float = (name: string): number[] => [...(graph.float(name)?.data ?? [])];
  expect(float('x.uint8.scale')[0]).toBeCloseTo(0.1, 6); // 25.5 / 255
  expect(float('z.uint8.scale')[0]).toBeCloseTo(0.1, 6);
  const scales = float('y.int8.weight.scale');
  expect(scales.map((scale) => scale * 63)).toEqual([expect.closeTo(6.3, 5), expect.closeTo(0.5, 5)]);
  // The bias's scale is the product in float32, to the last bit: otherwise nothing is fused.
  const inputScale = float('x.uint8.scale')[0];
  expect(float('y.int8.bias.scale')).toEqual(scales.map((scale) => Math.fround(scale * inputScale)));
  // Relu(6.3 x + 1) + Relu(−x / 2 − 2) in levels of 0.1, up to 25.5
  const { out } = await run(graph.write(), Float32Array.of(-10.2, 0, 1, 5), [1, 1, 1, 4]);
  expect([...out.data]).toEqual([3.1, 1, 7.3, 25.5].map((value) => expect.closeTo(value, 1) as number));
});

test('a channel of nearly no weight keeps its bias', async () => {
  const onnx = new OnnxBuilder();
  onnx.input('x', [1, 1, 1, 2]);
  onnx.node('Conv', ['x', onnx.float32('u', [1, 1, 1, 1], [1])], 'first');
  onnx.node('Conv', ['first', onnx.float32('w', [1, 1, 1, 1], [1e-12]), onnx.float32('b', [1], [0.5])], 'y');
  onnx.node('Conv', ['y', onnx.float32('v', [1, 1, 1, 1], [1])], 'out');
  onnx.output('out', [1, 1, 1, 2]);
  const { int8, image } = await quantised(onnx.build('dead', ''), [1, 1, 1, 2]);
  const { out } = await run(int8, image, [1, 1, 1, 2]);
  expect([...out.data]).toEqual([expect.closeTo(0.5, 3), expect.closeTo(0.5, 3)]);
});
