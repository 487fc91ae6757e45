import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { OnnxBuilder } from '../../../src/onnx/onnx-builder.js';
import { loadDetectorConfig } from '../../../src/bundle/detector-config.js';
import { addon } from '../../../src/native/binding.js';
import { adapterOf } from '../../../src/detection/adapters/index.js';
import { PersonDetector } from '../../../src/detection/detector.js';
import type { Image, Detection } from '../../../src/types.js';
import { OnnxRuntime } from '../../../src/onnx/runtime.js';

const SIDE = 64;
/** Cells of a 64 × 64 input at strides 8, 16, 32. */
const CELLS = 64 + 16 + 4;
const CLASSES = 3;

let dir: string;
let runtime: OnnxRuntime;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-detector-'));
  runtime = new OnnxRuntime(1);
});

afterAll(async () => {
  await runtime.dispose();
  await rm(dir, { recursive: true });
});

/** Writes a network that gives `values` whatever it sees, and its description. */
async function network(name: string, dims: number[], values: Float32Array): Promise<string> {
  const graph = new OnnxBuilder();
  graph.input('images', [1, 3, SIDE, SIDE]);
  graph.node('Identity', [graph.float32('values', dims, values)], 'found');
  graph.output('found', dims);
  await writeFile(path.join(dir, `${name}.onnx`), graph.build(name, 'a detector whose answer is known'));
  return `${name}.onnx`;
}

async function describeIn(name: string, config: object): Promise<string> {
  const file = path.join(dir, `${name}.json`);
  await writeFile(file, JSON.stringify(config));
  return file;
}

async function detectorOf(description: string): Promise<PersonDetector> {
  const { config, file } = await loadDetectorConfig(description);
  return new PersonDetector(addon(), await runtime.load(file, null), config.input, adapterOf(config));
}

/** A frame twice as wide as high: it fills 64 × 32 of the input at half its size, 16 rows of grey above and below. */
const FRAME: Image = { width: 128, height: 64, data: new Uint8Array(128 * 64 * 3).fill(50) };

async function detect(kind: string, dims: number[], values: Float32Array, more: object = {}): Promise<Detection[]> {
  const file = await network(kind, dims, values);
  const input = { width: SIDE, height: SIDE };
  const description = await describeIn(kind, { kind, file, input, output: 'found', ...more });
  return (await detectorOf(description)).detect(FRAME, 0.3);
}

/** In input pixels, the frame's (x, y) lies at (x / 2, y / 2 + 16). */
const boxes = (found: Detection[]): number[][] =>
  found.map(({ box, score }) => [box.x, box.y, box.width, box.height, score].map((v) => Number(v.toFixed(3))));

/** What every raw kind must find: people at (40, 20) and (100, 40) of the frame, not the class beside them. */
const EXPECTED = [
  [32, 4, 16, 32, 0.81],
  [96, 32, 8, 16, 0.36],
];

/** Centre, size in input pixels, score of a person, score of another class. The second repeats the first, weaker. */
const OBJECTS = [
  { x: 20, y: 26, width: 8, height: 16, person: 0.81, other: 0 },
  { x: 20.5, y: 26, width: 8, height: 16, person: 0.4, other: 0 },
  { x: 50, y: 36, width: 4, height: 8, person: 0.36, other: 0.2 },
  { x: 10, y: 40, width: 12, height: 12, person: 0.01, other: 0.95 },
  { x: 30, y: 40, width: -3, height: 12, person: 0.9, other: 0 }, // no box
  { x: NaN, y: 40, width: 3, height: 12, person: 0.9, other: 0 },
];

test('yolox: offsets, logarithms and objectness of every stride', async () => {
  const columns = 5 + CLASSES;
  const values = new Float32Array(CELLS * columns);
  const put = (cell: number, stride: number, column: number, row: number, object: (typeof OBJECTS)[0]): void => {
    const { x, y, width, height, person, other } = object;
    const box = [x / stride - column, y / stride - row, Math.log(width / stride), Math.log(height / stride)];
    values.set([...box, 0.9, other / 0.9, person / 0.9, 0], cell * columns);
  };
  put(3 * 8 + 2, 8, 2, 3, OBJECTS[0]);
  put(64 + 1 * 4 + 1, 16, 1, 1, OBJECTS[1]);
  put(64 + 16 + 1 * 2 + 1, 32, 1, 1, OBJECTS[2]);
  put(5, 8, 5, 0, OBJECTS[3]);
  put(6, 8, 6, 0, OBJECTS[4]);
  const found = await detect('yolox', [1, CELLS, columns], values, { classes: CLASSES, person: 1 });
  expect(boxes(found)).toEqual(EXPECTED);
});

test('yolov8: columns of centres and scores', async () => {
  const values = new Float32Array((4 + CLASSES) * CELLS);
  OBJECTS.forEach(({ x, y, width, height, person, other }, i) => {
    [x, y, width, height, other, person, 0].forEach((value, row) => (values[row * CELLS + 7 * i] = value));
  });
  const found = await detect('yolov8', [1, 4 + CLASSES, CELLS], values, { classes: CLASSES, person: 1 });
  expect(boxes(found)).toEqual(EXPECTED);
});

test('rtdetr: queries in shares of the input; nothing is suppressed', async () => {
  const objects = OBJECTS.filter((_, i) => i !== 1);
  const values = Float32Array.from(
    objects.flatMap(({ x, y, width, height, person, other }) => {
      return [...[x, y, width, height].map((value) => value / SIDE), other, person, 0];
    }),
  );
  const found = await detect('rtdetr', [1, objects.length, 4 + CLASSES], values, { classes: CLASSES, person: 1 });
  expect(boxes(found)).toEqual(EXPECTED);
});

test.each([[[5, 6]], [[1, 5, 6]]])('boxes: %j corners, score and class', async (dims) => {
  const objects = OBJECTS.filter((_, i) => i !== 1);
  const values = Float32Array.from(
    objects.flatMap(({ x, y, width, height, person, other }) => {
      const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      return [...corners, Math.max(person, other), other > person ? 0 : 1];
    }),
  );
  expect(boxes(await detect('boxes', dims, values, { person: 1 }))).toEqual(EXPECTED);
});

test('nobody in the picture: an empty list, also of no rows at all', async () => {
  expect(await detect('boxes', [1, 3, 6], new Float32Array(18))).toEqual([]);
  expect(await detect('boxes', [0, 6], new Float32Array(0))).toEqual([]);
  expect(await detect('yolov8', [1, 84, CELLS], new Float32Array(84 * CELLS))).toEqual([]);
});

test('the frame reaches the network with the planes, scale and padding that it was trained with', async () => {
  // The network answers with what it sees: corners (0, grey), (64, 64); its score is a pixel of plane 0 in the frame's middle.
  const graph = new OnnxBuilder();
  graph.input('images', [1, 3, SIDE, SIDE]);
  const pixel = (name: string, row: number): string => {
    const [start, end] = [graph.int64(`${name}.start`, [0, row, 32]), graph.int64(`${name}.end`, [1, row + 1, 33])];
    const cut = graph.node('Slice', ['images', start, end, graph.int64(`${name}.axes`, [1, 2, 3])], `${name}.cut`);
    return graph.node('Reshape', [cut, graph.int64(`${name}.shape`, [1, 1])], name);
  };
  const zero = graph.float32('zero', [1, 1], [0]);
  const corner = graph.float32('corner', [1, 2], [SIDE, SIDE]);
  graph.node('Concat', [zero, pixel('grey', 0), corner, pixel('seen', 32), zero], 'found', { axis: 1 });
  graph.output('found', [1, 6]);
  await writeFile(path.join(dir, 'eye.onnx'), graph.build('eye', ''));
  const frame = { ...FRAME, data: new Uint8Array(FRAME.data.length) };
  for (let i = 0; i < frame.data.length; i += 3) frame.data.set([200, 10, 100], i);
  const see = async (more: object): Promise<number[]> => {
    const input = { width: SIDE, height: SIDE, ...more };
    const description = await describeIn('eye', { kind: 'boxes', file: 'eye.onnx', output: 'found', input });
    const [{ box, score }] = await (await detectorOf(description)).detect(frame, 0.1);
    return [box.y / 2 + 16, score]; // the padding's value, in input pixels again
  };
  const [grey, red] = await see({});
  expect(grey).toBeCloseTo(114 / 255, 4);
  expect(red).toBeCloseTo(200 / 255, 4);
  const [black, blue] = await see({ channels: 'bgr', pad: 0, mean: [10, 20, 30], std: [1000, 1000, 100] });
  expect(black).toBeCloseTo(-30 / 100, 4);
  expect(blue).toBeCloseTo((100 - 30) / 100, 4); // mean and std stay in the order red, green, blue
});

test.each([
  [
    'yolox',
    [1, 84, CELLS],
    /found" is 1 × 84 × 84; a detector of kind yolox gives 1 × cells \(84\) × 5 \+ classes \(85\)/,
  ],
  ['yolov8', [1, 60, 84], /found" is 1 × 60 × 84; .* gives 1 × 4 \+ classes \(84\) × cells/],
  ['rtdetr', [1, 10, 6], /found" is 1 × 10 × 6; .* gives 1 × queries × 4 \+ classes \(84\)/],
  ['boxes', [1, 10, 5], /found" is 1 × 10 × 5; .* gives 1 × boxes × 6/],
  ['boxes', [60], /found" is 60; .* gives boxes × 6/],
])('%s rejects a network that gives %j', async (kind, dims, message) => {
  const values = new Float32Array(dims.reduce((a, b) => a * b));
  await expect(detect(kind, dims, values)).rejects.toMatchObject({
    code: 'MODEL',
    message: expect.stringMatching(message),
  });
});

test('an input of another size is refused with both sizes', async () => {
  const file = await network('small', [1, 6], new Float32Array(6));
  const description = await describeIn('small', {
    kind: 'boxes',
    file,
    input: { width: 32, height: 32 },
    output: 'found',
  });
  await expect((await detectorOf(description)).detect(FRAME, 0.3)).rejects.toMatchObject({
    code: 'MODEL',
    message: expect.stringMatching(
      /images .* index: 2 Got: 32 Expected: 64 index: 3 Got: 32 Expected: 64\. Correct width/,
    ),
  });
});

describe('descriptions', () => {
  const load = async (config: unknown): Promise<unknown> =>
    loadDetectorConfig(await describeIn('wrong', config as object));

  test('a kind and a file are enough: the rest is as the exporters write it', async () => {
    await network('plain', [1, 6], new Float32Array(6));
    const { config } = (await load({ kind: 'yolox', file: 'plain.onnx' })) as { config: object };
    expect(config).toMatchObject({
      input: { name: 'images', width: 640, height: 640, channels: 'bgr', mean: [0, 0, 0], std: [1, 1, 1], pad: 114 },
      ...{ output: 'output', classes: 80, person: 0, nms: 0.65, strides: [8, 16, 32] },
    });
  });

  test.each([
    [{ kind: 'yolo9000', file: 'a.onnx' }, /kind/],
    [{ kind: 'yolov8', file: '../a.onnx' }, /file: must be a plain file name/],
    [{ kind: 'yolov8', file: 'missing.onnx' }, /missing\.onnx is missing, though .*wrong\.json names it/],
    [{ kind: 'yolov8', file: 'a.onnx', person: 80 }, /person: class 80 is not one of 80/],
    [{ kind: 'yolox', file: 'a.onnx', input: { width: 100 } }, /input\.width: 100 is not a multiple of the stride 8/],
    [{ kind: 'boxes', file: 'a.onnx', confidence: 0.5 }, /confidence/],
  ])('%j is refused', async (config, message) => {
    await expect(load(config)).rejects.toMatchObject({ code: 'MODEL', message: expect.stringMatching(message) });
  });

  test('the network itself, no JSON, no file: each is told apart', async () => {
    await expect(loadDetectorConfig('yolov8n.onnx')).rejects.toThrow(/\{"kind": "yolov8", "file": "yolov8n\.onnx"\}/);
    await expect(loadDetectorConfig(path.join(dir, 'no.json'))).rejects.toMatchObject({ code: 'MODEL' });
    await writeFile(path.join(dir, 'text.json'), 'kind: yolov8');
    await expect(loadDetectorConfig(path.join(dir, 'text.json'))).rejects.toThrow(/text\.json cannot be read/);
  });
});
