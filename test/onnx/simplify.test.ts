import { hrnetGraph } from '../../src/bench/hrnet-graph.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { raiseOpset } from '../../src/models/quantize/opset.js';
import { simplify } from '../../src/onnx/simplify.js';
import { storeAsFloat16 } from '../../src/models/quantize/float16.js';
import { fromFloat16, toFloat16 } from '../../src/bundle/float16.js';
import { graphOf, nmse, numbers, run, type Output } from '../models/quantize/networks.js';

const DIMS = [1, 3, 64, 64];
const image = numbers(3 * 64 * 64, 3);
const only = (results: Record<string, Output>): Output => Object.values(results)[0];

test('folding BatchNorm and dropping idle operators changes nothing but rounding', async () => {
  const { onnx } = hrnetGraph({ width: 4, stem: 8, naming: 'mmpose', batchNorm: 'unfolded' });
  const graph = graphOf(onnx);
  simplify(graph);
  expect(graph.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
  // mmpose's sums start from a constant 0
  expect(graph.nodes.filter(({ op, inputs }) => op === 'Add' && inputs.includes('zero'))).toEqual([]);
  const [before, after] = [await run(onnx, image, DIMS), await run(graph.write(), image, DIMS)];
  expect(nmse(only(before), only(after))).toBeLessThan(1e-9);
});

test('constants behind Cast and Constant, Identity, and what no output needs', async () => {
  const onnx = new OnnxBuilder();
  onnx.input('x', [1, 2]);
  const half = onnx.float16('half', [2], [0.5, 0.25]);
  onnx.node('Mul', [onnx.node('Identity', ['x'], 'same'), half], 'product');
  onnx.node('Neg', ['x'], 'unused');
  onnx.node('Identity', ['product'], 'out');
  onnx.output('out', [1, 2]);
  const graph = graphOf(onnx.build('idle', ''));
  simplify(graph);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Mul', 'Identity']); // an output keeps its name
  const { out } = await run(graph.write(), Float32Array.of(2, 8), [1, 2]);
  expect([...out.data]).toEqual([1, 2]);
});

test('a BatchNorm whose convolution is read elsewhere stays', () => {
  const onnx = new OnnxBuilder();
  onnx.input('x', [1, 1, 2, 2]);
  const conv = onnx.node('Conv', ['x', onnx.float32('w', [1, 1, 1, 1], [2])], 'conv');
  const one = onnx.float32('one', [1], [1]);
  onnx.node('Add', [onnx.node('BatchNormalization', [conv, one, one, one, one], 'norm'), conv], 'out');
  onnx.output('out', [1, 1, 2, 2]);
  const graph = graphOf(onnx.build('shared', ''));
  simplify(graph);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Conv', 'BatchNormalization', 'Add']);
});

describe('operator sets before 13', () => {
  const old = (): Buffer => {
    const onnx = new OnnxBuilder(9);
    onnx.input('x', [1, 1, 2, 2]);
    const clipped = onnx.node('Clip', ['x'], 'clipped', { min: { float: -0.5 }, max: { float: 0.5 } });
    const scales = onnx.float32('scales', [4], [1, 1, 2, 2]);
    onnx.node('Upsample', [clipped, scales], 'out', { mode: 'linear' });
    onnx.output('out', [1, 1, 4, 4]);
    return onnx.build('old', '');
  };

  test('Upsample and Clip of opset 9 mean the same afterwards', async () => {
    const graph = graphOf(old());
    raiseOpset(graph);
    expect(graph.opset).toBe(13);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Clip', 'Resize']);
    const x = Float32Array.of(-2, 0.25, 0, 2);
    const [before, after] = [await run(old(), x, [1, 1, 2, 2]), await run(graph.write(), x, [1, 1, 2, 2])];
    expect([...after.out.data]).toEqual([...before.out.data]);
  });

  test('an operator that changed its meaning is refused', () => {
    const onnx = new OnnxBuilder(11);
    onnx.input('x', [1, 2]);
    onnx.node('Softmax', ['x'], 'out');
    onnx.output('out', [1, 2]);
    expect(() => raiseOpset(graphOf(onnx.build('soft', '')))).toThrow(
      'net.onnx: Softmax of opset 11 cannot be quantised. Export the network again with opset 13',
    );
  });
});

describe('float16', () => {
  test('weights take half the space and are rounded, nothing else changes', async () => {
    const { onnx } = hrnetGraph({ width: 8, stem: 8 });
    const graph = graphOf(onnx);
    storeAsFloat16(graph);
    const half = graph.write();
    expect(half.length).toBeLessThan(0.6 * onnx.length);
    const [before, after] = [await run(onnx, image, DIMS), await run(half, image, DIMS)];
    const error = nmse(only(before), only(after));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(1e-4);
  });

  test('a weight beyond its range keeps its convolution in float32', async () => {
    const onnx = new OnnxBuilder();
    onnx.input('x', [1, 1, 1, 1]);
    onnx.node('Conv', ['x', onnx.float32('large', [1, 1, 1, 1], [70000])], 'y');
    onnx.node('Conv', ['y', onnx.float32('small', [1, 1, 1, 1], [0.1])], 'out');
    onnx.output('out', [1, 1, 1, 1]);
    const graph = graphOf(onnx.build('range', ''));
    storeAsFloat16(graph);
    const { out } = await run(graph.write(), Float32Array.of(1), [1, 1, 1, 1]);
    expect(out.data[0]).toBe(Math.fround(70000 * fromFloat16(toFloat16(0.1))));
  });
});

test('a constant whose values do not fill its shape is refused by name', () => {
  const onnx = new OnnxBuilder();
  onnx.input('x', [1, 1, 1, 1]);
  onnx.node('Conv', ['x', onnx.float32('w', [1, 1, 1, 3], [1, 2])], 'out');
  onnx.output('out', [1, 1, 1, 1]);
  const graph = graphOf(onnx.build('damaged', ''));
  expect(() => graph.float('w')).toThrow('net.onnx: constant w: 2 values for the shape [1, 1, 1, 3]');
});
