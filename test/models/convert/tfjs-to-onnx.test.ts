import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GlposeError } from '../../../src/errors.js';
import { convertTfjs, type Subgraph } from '../../../src/models/convert/tfjs-to-onnx.js';
import { readTfjsModel } from '../../../src/models/convert/tfjs.js';
import { fromFloat16, toFloat16 } from '../../../src/bundle/float16.js';

/*
 * A network of every operator that the converter knows, in TFJS form, and the same network in plain loops over NHWC maps
 * with TensorFlow's definitions. It sees an 11×8 image through a stride-2 convolution: 6×4 cells.
 */

interface Json {
  [key: string]: unknown;
}

const text = (value: string): Json => ({ s: Buffer.from(value).toString('base64') });
const integers = (...values: number[]): Json => ({ list: { i: values.map(String) } });
const texts = (...values: string[]): Json => ({ list: { s: values.map((value) => text(value).s) } });

let state = 1;
/** Numbers that float16 holds exactly, in −1 … 1. */
function numbers(count: number): number[] {
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return fromFloat16(toFloat16(state / 2 ** 31 - 1));
  });
}

const WEIGHTS: Record<string, { shape: number[]; values: number[] }> = {
  'a/kernel': { shape: [3, 3, 3, 5], values: numbers(135) },
  'a/bias': { shape: [5], values: numbers(5) },
  'b/kernel': { shape: [3, 3, 5, 1], values: numbers(45) },
  'c/kernel': { shape: [1, 1, 5, 4], values: numbers(20) },
  'c/bias': { shape: [4], values: numbers(4) },
  'd/kernel': { shape: [3, 3, 4, 4], values: numbers(144) },
  'd/bias': { shape: [4], values: numbers(4) },
};

const conv = (name: string, op: string, inputs: string[], stride: number, padding: string, fused: string[]): Json => ({
  name,
  op,
  input: inputs,
  attr: {
    strides: integers(1, stride, stride, 1),
    padding: text(padding),
    dilations: integers(1, 1, 1, 1),
    ...(fused.length > 0 ? { fused_ops: texts(...fused) } : {}),
  },
});

function nodes(): Record<string, Json> {
  const list: Json[] = [
    { name: 'image', op: 'Placeholder' },
    conv('a', '_FusedConv2D', ['image', 'a/kernel', 'a/bias'], 2, 'SAME', ['BiasAdd', 'Relu6']),
    conv('b', 'DepthwiseConv2dNative', ['a', 'b/kernel'], 1, 'SAME', []),
    conv('c', '_FusedConv2D', ['b', 'c/kernel', 'c/bias'], 1, 'VALID', ['BiasAdd', 'Relu']),
    conv('d', '_FusedConv2D', ['c', 'd/kernel', 'd/bias'], 2, 'SAME', ['BiasAdd']),
    {
      name: 'up',
      op: 'ResizeBilinear',
      input: ['d', 'up/size'],
      attr: { half_pixel_centers: { b: true }, align_corners: { b: false } },
    },
    { name: 'sum', op: 'AddV2', input: ['up', 'c'] },
    { name: 'heat', op: 'Sigmoid', input: ['sum'] },
  ];
  return Object.fromEntries(list.map((node) => [node.name as string, node]));
}

/** The up-sampling's target size is a constant, 6×6, made for a nominal image of 12×12; the converted graph has none. */
const NOMINAL_SIDE = 12;

const SUBGRAPH: Subgraph = {
  graphName: 'test',
  from: 'image',
  input: 'image',
  nominalSide: NOMINAL_SIDE,
  outputs: { heat: { tensor: 'heat', channels: 4 }, c: { tensor: 'c', channels: 4 } },
  dropPrefixes: [],
  documentation: '',
};

let dir: string;
beforeEach(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-tfjs-'))));
afterEach(() => rm(dir, { recursive: true }));

/** Writes model.json and weights.bin. @returns the path of model.json */
async function save(graph: Record<string, Json> = nodes(), change: (model: Json) => void = () => {}): Promise<string> {
  const parts: Buffer[] = [];
  const manifest: Json[] = [];
  for (const [name, { shape, values }] of Object.entries(WEIGHTS)) {
    manifest.push({ name, shape, dtype: 'float32', quantization: { dtype: 'float16', original_dtype: 'float32' } });
    parts.push(Buffer.from(Uint16Array.from(values, toFloat16).buffer));
  }
  manifest.push({ name: 'up/size', shape: [2], dtype: 'int32' });
  parts.push(Buffer.from(Int32Array.of(6, 6).buffer));
  const model: Json = {
    format: 'graph-model',
    modelTopology: { node: Object.values(graph) },
    weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
  };
  change(model);
  const file = path.join(dir, 'model.json');
  await writeFile(file, JSON.stringify(model));
  await writeFile(path.join(dir, 'weights.bin'), Buffer.concat(parts));
  return file;
}

/** A map [height, width, channels]. */
interface NhwcMap {
  height: number;
  width: number;
  channels: number;
  data: number[];
}

/** TensorFlow's convolution with SAME padding: the total padding is just enough, the smaller half comes first. */
function convolve(x: NhwcMap, kernel: string, bias: string | null, stride: number, depthwise = false): NhwcMap {
  const { shape, values } = WEIGHTS[kernel];
  const [kh, kw, ci, co] = shape;
  const outputs = depthwise ? ci : co;
  const height = Math.ceil(x.height / stride);
  const width = Math.ceil(x.width / stride);
  const top = Math.max((height - 1) * stride + kh - x.height, 0) >> 1;
  const left = Math.max((width - 1) * stride + kw - x.width, 0) >> 1;
  const data: number[] = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      for (let o = 0; o < outputs; o++) {
        let sum = bias ? WEIGHTS[bias].values[o] : 0;
        for (let u = 0; u < kh; u++)
          for (let v = 0; v < kw; v++)
            for (let c = 0; c < ci; c++) {
              if (depthwise && c !== o) continue;
              const row = i * stride + u - top;
              const column = j * stride + v - left;
              if (row < 0 || column < 0 || row >= x.height || column >= x.width) continue;
              const weight = values[((u * kw + v) * ci + c) * co + (depthwise ? 0 : o)];
              sum += weight * x.data[(row * x.width + column) * x.channels + c];
            }
        data.push(sum);
      }
  return { height, width, channels: outputs, data };
}

/** Bilinear doubling with half-pixel centres: each cell is 3/4 its own and 1/4 the neighbour's, on each axis. */
function double(x: NhwcMap): NhwcMap {
  const [height, width] = [2 * x.height, 2 * x.width];
  const data: number[] = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++)
      for (let c = 0; c < x.channels; c++) {
        const at = (row: number, column: number): number => {
          const r = Math.min(Math.max(row, 0), x.height - 1);
          const k = Math.min(Math.max(column, 0), x.width - 1);
          return x.data[(r * x.width + k) * x.channels + c];
        };
        const [r, nextR] = [i >> 1, (i >> 1) + (i % 2 ? 1 : -1)];
        const [k, nextK] = [j >> 1, (j >> 1) + (j % 2 ? 1 : -1)];
        data.push((9 * at(r, k) + 3 * at(r, nextK) + 3 * at(nextR, k) + at(nextR, nextK)) / 16);
      }
  return { height, width, channels: x.channels, data };
}

const map = (x: NhwcMap, f: (value: number, i: number) => number): NhwcMap => ({ ...x, data: x.data.map(f) });

test('the ONNX graph computes what TensorFlow defines', async () => {
  const [height, width] = [11, 8];
  const image: NhwcMap = { height, width, channels: 3, data: numbers(height * width * 3) };
  const a = map(convolve(image, 'a/kernel', 'a/bias', 2), (value) => Math.min(Math.max(value, 0), 6));
  const b = convolve(a, 'b/kernel', null, 1, true);
  const c = map(convolve(b, 'c/kernel', 'c/bias', 1), (value) => Math.max(value, 0));
  const up = double(convolve(c, 'd/kernel', 'd/bias', 2));
  const heat = map(up, (value, i) => 1 / (1 + Math.exp(-value - c.data[i])));

  const onnx = convertTfjs(await readTfjsModel(await save()), SUBGRAPH);
  const session = await InferenceSession.create(onnx);
  const nchw = (x: NhwcMap): Float32Array =>
    Float32Array.from({ length: x.data.length }, (_, at) => {
      const [channel, cell] = [Math.floor(at / (x.height * x.width)), at % (x.height * x.width)];
      return x.data[cell * x.channels + channel];
    });
  const results = await session.run({ image: new Tensor('float32', nchw(image), [1, 3, height, width]) });
  for (const [name, expected] of Object.entries({ heat, c })) {
    expect(results[name].dims).toEqual([1, expected.channels, 6, 4]);
    const values = results[name].data as Float32Array;
    nchw(expected).forEach((value, i) => expect(values[i]).toBeCloseTo(value, 4));
  }
});

describe('what the converter does not know is refused', () => {
  /** The graph with one node changed. */
  const altered = (name: string, change: Json, attributes: Json = {}): Record<string, Json> => {
    const graph = nodes();
    graph[name] = { ...graph[name], ...change, attr: { ...(graph[name].attr as Json), ...attributes } };
    return graph;
  };

  test.each<[string, Record<string, Json>, string]>([
    ['an operator', altered('sum', { op: 'SubV9' }), 'operator SubV9 of sum'],
    ['an activation', altered('c', {}, { fused_ops: texts('BiasAdd', 'Elu') }), 'activation Elu of c'],
    ['a fused BatchNorm', altered('c', {}, { fused_ops: texts('FusedBatchNorm') }), 'c fuses more than a bias'],
    ['a padding that shrinks the map', altered('d', {}, { padding: text('VALID') }), 'padding VALID of d'],
    ['explicit padding', altered('d', {}, { padding: text('EXPLICIT') }), 'padding EXPLICIT of d'],
    ['dilation', altered('d', {}, { dilations: integers(1, 2, 2, 1) }), 'd is dilated'],
    ['aligned corners', altered('up', {}, { align_corners: { b: true } }), 'up does not sample at pixel centres'],
    ['resizing to another size', altered('up', { input: ['c', 'up/size'] }), 'up does not double its map'],
    ['a size that is not there', altered('up', { input: ['d', 'nowhere'] }), 'up does not double its map'],
    ['a missing tensor', altered('heat', { input: ['nowhere'] }), 'tensor nowhere is missing'],
    ['a missing weight', altered('d', { input: ['c', 'nowhere', 'd/bias'] }), 'weight nowhere is not stored as float16'],
    ['a kernel of integers', altered('d', { input: ['c', 'up/size', 'd/bias'] }), 'weight up/size is not stored as float16'],
    ['a cycle', altered('c', { input: ['heat', 'c/kernel', 'c/bias'] }), 'depends on itself'],
  ])('%s', async (_, graph, problem) => {
    const model = await readTfjsModel(await save(graph));
    expect(() => convertTfjs(model, SUBGRAPH)).toThrow(GlposeError);
    expect(() => convertTfjs(model, SUBGRAPH)).toThrow(problem);
  }); // prettier-ignore
});

describe('what is not a TFJS graph model is refused', () => {
  const weights = (model: Json): Json => (model.weightsManifest as Json[])[0];
  test.each<[string, (model: Json) => void, string]>([
    ['another format', (model) => (model.format = 'layers-model'), 'format'],
    ['no topology', (model) => delete model.modelTopology, 'modelTopology'],
    ['an unknown weight type', (model) => ((weights(model).weights as Json[])[0].dtype = 'complex64'), 'dtype'],
    ['a negative shape', (model) => ((weights(model).weights as Json[])[0].shape = [-3]), 'shape'],
    ['more weights than bytes', (model) => ((weights(model).weights as Json[])[0].shape = [2 ** 30, 2 ** 30]), 'ends within weight a/kernel'],
    ['fewer weights than bytes', (model) => (weights(model).weights as Json[]).pop(), 'bytes after the last weight'],
    ['a missing weight file', (model) => (weights(model).paths = ['none.bin']), 'none.bin cannot be read'],
    ['a weight file elsewhere', (model) => (weights(model).paths = ['../../../../etc/passwd']), 'passwd cannot be read'],
  ])('%s', async (_, change, problem) => {
    const file = await save(nodes(), change);
    await expect(readTfjsModel(file)).rejects.toThrow(GlposeError);
    await expect(readTfjsModel(file)).rejects.toThrow(problem);
  }); // prettier-ignore

  test('a file that is not JSON', async () => {
    const file = path.join(dir, 'model.json');
    await writeFile(file, 'PK\x03\x04');
    await expect(readTfjsModel(file)).rejects.toThrow('model.json cannot be read');
  });
});
