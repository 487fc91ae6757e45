import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { OnnxBuilder } from '../../../src/onnx/onnx-builder.js';
import { parseOnnx } from '../../../src/onnx/onnx-model.js';
import { OnnxGraph } from '../../../src/onnx/graph.js';

/** Numbers without pattern, between −1 and 1. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function graphOf(onnx: Buffer): OnnxGraph {
  return new OnnxGraph(parseOnnx(onnx, 'net.onnx'));
}

export interface Output {
  data: Float32Array;
  dims: readonly number[];
}

/** Runs a graph of one input. */
export async function run(onnx: Buffer, image: Float32Array, dims: number[]): Promise<Record<string, Output>> {
  const session = await InferenceSession.create(onnx);
  const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', image, dims) });
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims }]),
  );
}

/** Σ (b − a)² / Σ a² */
export function nmse({ data: a }: Output, { data: b }: Output): number {
  expect(b.length).toBe(a.length);
  let [error, power] = [0, 0];
  a.forEach((value, i) => {
    error += (b[i] - value) ** 2;
    power += value ** 2;
  });
  return error / power;
}

/** How often ONNX Runtime runs each operator once it has optimised the graph. */
export async function operatorsAtRun(onnx: Buffer): Promise<Record<string, number>> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-optimised-'));
  try {
    const [plain, optimised] = [path.join(dir, 'plain.onnx'), path.join(dir, 'optimised.onnx')];
    await writeFile(plain, onnx);
    await InferenceSession.create(plain, { optimizedModelFilePath: optimised, logSeverityLevel: 4 });
    const counts: Record<string, number> = {};
    for (const { op } of parseOnnx(await readFile(optimised), optimised).nodes) counts[op] = (counts[op] ?? 0) + 1;
    return counts;
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** What a MobileNet does: Relu6 as Clip, a depthwise convolution, a linear bottleneck, a sum, linear and nearest resizing. */
export function mobileNet(): Buffer {
  const onnx = new OnnxBuilder();
  onnx.input('image', [1, 3, 16, 12]);
  onnx.float32('zero', [], [0]);
  onnx.float32('six', [], [6]);
  const conv = (name: string, x: string, from: number, to: number, kernel: number, group = 1): string => {
    const fan = (from / group) * kernel ** 2;
    const weight = numbers(to * fan, to + kernel).map((value) => value * Math.sqrt(6 / fan));
    onnx.float32(`${name}.weight`, [to, from / group, kernel, kernel], weight);
    onnx.float32(`${name}.bias`, [to], numbers(to, from));
    const pads = new Array<number>(4).fill(kernel >> 1);
    const attributes = { kernel_shape: [kernel, kernel], pads, group };
    return onnx.node('Conv', [x, `${name}.weight`, `${name}.bias`], name, attributes);
  };
  const relu6 = (x: string): string => onnx.node('Clip', [x, 'zero', 'six'], `${x}.relu6`);
  const double = (x: string, mode: string): string =>
    onnx.node('Resize', [x, '', onnx.float32(`${x}.scales`, [4], [1, 1, 2, 2])], `${x}.double`, { mode });
  const stem = relu6(conv('stem', 'image', 3, 8, 3));
  const depthwise = relu6(conv('depthwise', stem, 8, 8, 3, 8));
  const sum = onnx.node('Add', [conv('project', depthwise, 8, 8, 1), stem], 'sum');
  const wide = double(double(sum, 'nearest'), 'linear');
  onnx.node('Relu', [conv('last', wide, 8, 4, 3)], 'features');
  conv('heatmap', 'features', 4, 2, 1);
  onnx.output('features', [1, 4, 64, 48]);
  onnx.output('heatmap', [1, 2, 64, 48]);
  return onnx.build('mobilenet', '');
}
