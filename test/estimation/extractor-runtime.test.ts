/* The extractor on glpose's own kernels and in ONNX Runtime: the same poses; which of them is used, and why. */
import { jest } from '@jest/globals';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeHrnetBundle } from '../../src/bench/hrnet-bundle.js';
import { DEFAULT_BUNDLE, loadBundle } from '../../src/bundle/bundle.js';
import { estimateStream } from '../../src/estimation/estimate-stream.js';
import { GlposeError } from '../../src/errors.js';
import { addon } from '../../src/native/binding.js';
import { Model, type ModelOptions } from '../../src/estimation/model.js';
import type { FramePoses, Image } from '../../src/types.js';

let folder: string;
let hrnet: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'glpose-runtime-'));
  hrnet = path.join(folder, 'hrnet');
  await writeHrnetBundle(hrnet, { channels: 16, width: 96, height: 128 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Three frames in which a bright square moves. */
async function* frames(): AsyncGenerator<Image> {
  for (let i = 0; i < 3; i++) {
    const image: Image = { width: 160, height: 120, data: new Uint8Array(160 * 120 * 3).fill(90) };
    for (let y = 40; y < 60; y++) image.data.fill(230, 3 * (y * 160 + 60 + 5 * i), 3 * (y * 160 + 80 + 5 * i));
    yield image;
  }
}
const boxes = {
  boxesOf: () => [40, 70].map((x) => ({ box: { x, y: 20, width: 50, height: 80 }, score: 1 })),
};

/** The same, one plainer than the other, who is painted over in the other's window. */
const oneInFront = {
  boxesOf: () =>
    boxes.boxesOf().map((one, i) => {
      const { x, y, width, height } = one.box;
      const coarsePose = Float32Array.from({ length: 34 }, (_, v) => (v % 2 === 0 ? x + ((v * 11.3) % width) : y + ((v * 7.1) % height))); // prettier-ignore
      return { ...one, score: 1 - 0.2 * i, coarsePose };
    }),
};

async function posesWith(
  options: ModelOptions,
  bundle: string = hrnet,
  people: typeof boxes = boxes,
): Promise<{ poses: FramePoses[]; model: Model }> {
  await using model = await Model.load(bundle, { device: 'cpu', ...options });
  const poses: FramePoses[] = [];
  for await (const frame of estimateStream(frames(), model, { boxes: people })) poses.push(frame);
  return { poses, model };
}

/** Of all joints: x, y, x, y, … */
const places = (poses: FramePoses[]): number[] =>
  poses.flatMap(({ people }) =>
    people.flatMap(({ joints }) => joints.flatMap((joint) => (joint ? [joint.x, joint.y] : []))),
  );

test.each(['glpose', 'single-frame'] as const)('%s: the same poses of an HRNet', async (method) => {
  const own = await posesWith({ method, extractorRuntime: 'glpose' });
  expect(own.model.devices).toMatchObject({ extractor: 'cpu', runtime: 'glpose' });
  expect(own.model.missingOperator).toBeNull();
  const theirs = await posesWith({ method, extractorRuntime: 'onnx' });
  expect(theirs.model.devices).toMatchObject({ extractor: 'cpu', runtime: 'onnxruntime' });
  const [a, b] = [places(own.poses), places(theirs.poses)];
  expect(a.length).toBe(b.length);
  expect(a.length).toBeGreaterThan(3 * 2 * 10);
  a.forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThan(0.01)); // pixels
  expect((await posesWith({ method, extractorRuntime: 'glpose', threads: 3 })).poses).toEqual(own.poses);
});

test.each(['glpose', 'single-frame'] as const)('%s: the same poses of the default bundle', async (method) => {
  const own = await posesWith({ method, extractorRuntime: 'glpose' }, DEFAULT_BUNDLE);
  expect(own.model.devices.runtime).toBe('glpose');
  const theirs = await posesWith({ method, extractorRuntime: 'onnx' }, DEFAULT_BUNDLE);
  const [a, b] = [places(own.poses), places(theirs.poses)];
  expect(a.length).toBe(b.length);
  expect(a.length).toBeGreaterThan(3 * 2 * 10);
  a.forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThan(0.01)); // pixels
});

const wide = addon().info().isa !== 'baseline';
test(`an HRNet is ${wide ? '' : 'not '}taken by glpose itself on this processor`, async () => {
  await using model = await Model.load(hrnet, { device: 'cpu', method: 'single-frame' });
  expect(model.devices.runtime).toBe(wide ? 'glpose' : 'onnxruntime');
});

test('an extractor that needs more is left to ONNX Runtime, and what it needs is named', async () => {
  const strange = path.join(folder, 'strange');
  await cp(hrnet, strange, { recursive: true });
  const file = path.join(strange, 'extractor.onnx');
  const bytes = await readFile(file);
  const at = bytes.indexOf('Relu');
  bytes.write('Sqrt', at); // an operator of the same inputs
  await writeFile(file, bytes);
  await using model = await Model.load(strange, { device: 'cpu', method: 'glpose' });
  expect(model.devices).toMatchObject({ runtime: 'onnxruntime' });
  expect(model.missingOperator).toMatch(/^Sqrt /);
  const insisting = Model.load(strange, { device: 'cpu', method: 'glpose', extractorRuntime: 'glpose' });
  await expect(insisting).rejects.toThrow(/extractor\.onnx does not run on glpose's own kernels: Sqrt /);
  await expect(insisting).rejects.toMatchObject({ code: 'MODEL', remedy: 'Use --extractor-runtime auto or onnx.' });
});

test('one that ONNX Runtime runs faster is left to it, unless told otherwise', async () => {
  const options = { device: 'cpu', method: 'single-frame' } as const;
  await using model = await Model.load(DEFAULT_BUNDLE, options);
  expect(model.devices.runtime).toBe('onnxruntime');
  expect(model.missingOperator).toBeNull();
  await using told = await Model.load(DEFAULT_BUNDLE, { ...options, extractorRuntime: 'glpose' });
  expect(told.devices.runtime).toBe('glpose');
});

describe('where there is a GPU (its part is played by the CPU)', () => {
  const native = addon();
  const made: string[] = [];
  /** Arrays of the images that went up. */
  const images: Uint8Array[] = [];
  /** Where each map came from that the head took in. */
  const taken: ('host' | 'device')[] = [];
  /** Values that came down, by the width of the network's first input. */
  const down = new Map<number, number>();
  let refuses = false;
  beforeEach(() => {
    for (const list of [made, images, taken]) list.length = 0;
    down.clear();
    refuses = false;
    const info = native.info();
    const device = { index: 0, name: 'a GPU', computeCapability: '9.0', memoryBytes: 2 ** 36 };
    jest.spyOn(native, 'info').mockReturnValue({ ...info, cuda: { compiled: true, devices: [device], problem: '' } });
    const { createNetwork, createHead } = native;
    jest.spyOn(native, 'createNetwork').mockImplementation((maps, inputs, outputs, where) => {
      made.push(where);
      if (refuses && where !== 'cpu') throw new GlposeError('MEMORY', `${where} is out of memory`);
      const network = createNetwork(maps, inputs, outputs, 'cpu');
      const image: typeof network.image = (one) => {
        images.push(one.data);
        return network.image(one);
      };
      const run: typeof network.run = (batch) => {
        const values = batch.into!.reduce((sum, array) => sum + (array?.length ?? 0), 0);
        down.set(maps[0].width, (down.get(maps[0].width) ?? 0) + values);
        return network.run(batch);
      };
      return { ...network, image, run };
    });
    jest.spyOn(native, 'createHead').mockImplementation((shape, tensors, device) => {
      const head = createHead(shape, tensors, 'cpu');
      const ingest: typeof head.ingest = (features) => {
        taken.push(features instanceof Float32Array ? 'host' : 'device');
        return head.ingest(features);
      };
      return { ...head, device, ingest };
    });
  });
  afterEach(() => jest.restoreAllMocks());

  test.each(['auto', 'cuda'] as const)('--device %s takes it for the extractor, in batches', async (device) => {
    const { model, poses } = await posesWith({ device });
    expect(new Set(made)).toEqual(new Set(['cuda:0']));
    expect(model.devices).toMatchObject({ extractor: 'cuda:0', runtime: 'glpose', detector: 'cuda:0' });
    expect(model.net.atOnce).toBeGreaterThan(1);
    expect(places(poses)).toEqual(places((await posesWith({ device: 'cpu', extractorRuntime: 'glpose' })).poses));
  });

  test.each<ModelOptions>([
    { method: 'glpose', reuse: 'warp' },
    { method: 'glpose', reuse: 'exact' },
    { method: 'glpose', reuse: 'warp', flip: true },
    { method: 'single-frame', flip: true },
  ])('%j: every frame goes up once, and its windows, cut there, give the same poses', async (options) => {
    const { poses } = await posesWith({ ...options, device: 'cuda' });
    expect(images.length).toBe(3);
    expect(new Set(images).size).toBe(3);
    expect(new Set(taken)).toEqual(new Set(options.method === 'glpose' ? ['device'] : []));
    jest.restoreAllMocks();
    const onCpu = await posesWith({ ...options, device: 'cpu', extractorRuntime: 'glpose' });
    expect(places(poses)).toEqual(places(onCpu.poses));
  });

  test.each<ModelOptions>([
    { method: 'glpose', reuse: 'warp' },
    { method: 'glpose', reuse: 'exact', flip: true },
    { method: 'single-frame' },
  ])('%j: windows in which somebody is painted over are cut elsewhere, and give the same poses', async (options) => {
    const { poses } = await posesWith({ ...options, device: 'cuda' }, hrnet, oneInFront);
    jest.restoreAllMocks();
    const onCpu = await posesWith({ ...options, device: 'cpu', extractorRuntime: 'glpose' }, hrnet, oneInFront);
    expect(places(poses)).toEqual(places(onCpu.poses));
    const evenly = { boxesOf: () => oneInFront.boxesOf().map((one) => ({ ...one, score: 1 })) }; // prettier-ignore
    const plain = await posesWith({ ...options, device: 'cpu', extractorRuntime: 'glpose' }, hrnet, evenly);
    expect(places(plain.poses)).not.toEqual(places(onCpu.poses));
  });

  test("the default bundle's poses, whose extractor is told where joints are expected", async () => {
    const { poses } = await posesWith({ device: 'cuda' }, DEFAULT_BUNDLE);
    expect(taken).toContain('device');
    expect(new Set(taken)).toEqual(new Set(['device']));
    // Of everyone, candidates among them, only what is read out of their maps.
    expect(down.get(192)! % (17 * 5 + 17 * 36)).toBe(0);
    expect(down.get(192)!).toBeLessThan(64 * 48 * 17);
    jest.restoreAllMocks();
    const onCpu = await posesWith({ device: 'cpu', extractorRuntime: 'glpose' }, DEFAULT_BUNDLE);
    expect(places(poses)).toEqual(places(onCpu.poses));
  });

  test('an array that holds the next frame goes up again, in the next video, too', async () => {
    const data = new Uint8Array(160 * 120 * 3);
    async function* reused(): AsyncGenerator<Image> {
      for (let i = 0; i < 2; i++) yield { width: 160, height: 120, data: data.fill(50 + 100 * i) };
    }
    await using model = await Model.load(hrnet, { device: 'cuda', method: 'single-frame' });
    for (let video = 0; video < 2; video++) {
      for await (const frame of estimateStream(reused(), model, { boxes })) void frame;
    }
    expect(images.length).toBe(4);
  });

  test('all parts of the default bundle, with a driver and nothing else', async () => {
    await using model = await Model.load(DEFAULT_BUNDLE, { device: 'cuda' });
    expect(model.devices).toEqual({ extractor: 'cuda:0', head: 'cuda:0', detector: 'cuda:0', runtime: 'glpose' });
    expect(model.warnings).toEqual([]);
  });

  test('a detector that does not run there is named, with what it needs', async () => {
    const strange = path.join(folder, 'strange detector');
    await cp((await loadBundle(DEFAULT_BUNDLE)).dir, strange, { recursive: true });
    const file = path.join(strange, 'detector.onnx');
    const bytes = await readFile(file);
    bytes.write('Sqrt', bytes.indexOf('"\x04Relu') + 2); // a node's operator (field 4), another one of the same inputs
    await writeFile(file, bytes);
    await using model = await Model.load(strange, { device: 'cuda' });
    expect(model.devices).toMatchObject({ extractor: 'cuda:0', detector: 'cpu' });
    const warning = /^the detector runs on the CPU: glpose's own kernels lack Sqrt .*; .*CUDA provider/;
    expect(model.warnings).toContainEqual(expect.stringMatching(warning));
  });

  test('one that does not take it is an error for --device cuda; auto goes on without it, and says so', async () => {
    refuses = true;
    await expect(Model.load(hrnet, { device: 'cuda' })).rejects.toMatchObject({ code: 'MEMORY' });
    await using model = await Model.load(hrnet, { device: 'auto' });
    expect(model.devices).toMatchObject({ extractor: 'cpu' });
    expect(model.warnings).toContainEqual('the extractor runs on the CPU: cuda:0 is out of memory');
  });

  test('ONNX Runtime, asked for, needs its provider', async () => {
    const loading = Model.load(hrnet, { device: 'cuda', extractorRuntime: 'onnx' });
    await expect(loading).rejects.toThrow(/without its CUDA provider/);
  });
});

test('an unknown runtime is refused', async () => {
  await expect(Model.load(hrnet, { extractorRuntime: 'tensorrt' as never })).rejects.toMatchObject({ code: 'USAGE' });
});
