/*
 * Hostile calls of an addon: node boundary.js <addon>. Every call must give a result or throw; whatever else happens ends this process
 * with a signal, which boundary.test.ts sees. Run on a build with AddressSanitizer, too.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import type { Addon, HeadShape, NativeHead, Tensor } from '../../src/native/contract.js';
import type { Layer } from '../../src/native/network.js';

const addon = createRequire(import.meta.url)(process.argv[2]) as Addon;
let calls = 0;

/** Any values where others belong. */
const ODD: unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  1.5,
  1e308,
  2 ** 31,
  '',
  'x',
  Symbol('x'),
  1n,
  [],
  {},
  () => 1,
  new Uint8Array(7),
  new Int32Array(3),
  new Float32Array(5),
  new Float64Array([NaN, Infinity, -Infinity, 1e308]),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(16),
  detached(new Float32Array(8)),
  detached(new Int32Array(8)),
  new Proxy({}, { get: () => { throw new Error('a getter'); } }), // prettier-ignore
];

/** The same array without its memory, which another owner got. */
function detached<A extends Float32Array | Int32Array | Uint8Array | Float64Array>(array: A): A {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** A call that may throw or reject. @returns its result; undefined where there is none */
async function attempt<T>(call: () => T | Promise<T>): Promise<T | undefined> {
  calls++;
  try {
    return await call();
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw new Error('something else than an Error was thrown', { cause: thrown });
    return undefined;
  }
}

/** An object with each member in turn replaced by each odd value. */
function* variations<T extends object>(sound: T): Generator<T> {
  for (const key of Object.keys(sound)) for (const odd of ODD) yield { ...sound, [key]: odd };
}

const SHAPE: HeadShape = { channels: 5, height: 9, width: 7, blockWidth: 6, joints: 3, k: 1, n: 1, enhancement: true, enhancementBlocks: 1, kernel: 3, conditions: true, featureMean: new Float32Array(5), featureStd: new Float32Array(5).fill(1) }; // prettier-ignore
const MAP = SHAPE.channels * SHAPE.height * SHAPE.width;

function tensorsOf(shape: HeadShape): Record<string, Tensor> {
  const entries = [...headTensorShapes(shape)].map(([name, dims]): [string, Tensor] => {
    const data = new Float32Array(dims.reduce((product, side) => product * side, 1)).fill(0.01);
    return [name, { shape: dims, data }];
  });
  return Object.fromEntries(entries);
}

const makeHead = (): NativeHead => addon.createHead(SHAPE, tensorsOf(SHAPE), 'cpu');
const image = (): Parameters<Addon['crop']>[0] => ({
  image: new Uint8Array(20 * 10 * 3).fill(100),
  imageWidth: 20,
  imageHeight: 10,
  windows: Float64Array.of(10, 5, 6, 8, 2, 2, 3, 4),
  width: 6,
  height: 8,
  mean: new Float32Array(3),
  std: new Float32Array(3).fill(1),
});

async function crops(): Promise<void> {
  for (const batch of variations(image())) await attempt(() => addon.crop(batch));
  for (const odd of ODD) await attempt(() => addon.crop(odd as never));
  for (const value of [NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 0]) {
    await attempt(() => addon.crop({ ...image(), windows: new Float64Array(4).fill(value) }));
    await attempt(() => addon.crop({ ...image(), std: new Float32Array(3).fill(value) }));
  }
  await attempt(() => addon.crop({ ...image(), width: 32768, height: 32768, windows: new Float64Array(4000) }));
  await attempt(() => addon.crop({ ...image(), imageWidth: 32768, imageHeight: 32768 }));
  // The image's memory leaves while it is read: at once, and in a getter between two reads.
  for (let i = 0; i < 20; i++) {
    const batch = { ...image(), image: new Uint8Array(600 * 400 * 3), imageWidth: 600, imageHeight: 400 };
    const cropping = attempt(() =>
      addon.crop({ ...batch, windows: new Float64Array(400).fill(200), width: 96, height: 128 }),
    );
    detached(batch.image);
    await cropping;
    const out = new Float32Array(3 * 96 * 128);
    const filling = attempt(() =>
      addon.crop({ ...image(), windows: new Float64Array(4).fill(5), width: 96, height: 128, out }),
    );
    detached(out);
    await filling;
    const late = image();
    const windows = late.windows;
    await attempt(() =>
      addon.crop(Object.defineProperty(late, 'windows', { get: () => (detached(late.image), windows) })),
    );
  }
}

async function readsOut(): Promise<void> {
  const shape = [3, 12, 14] as const;
  const maps = [3, 6, 6, 1].map((channels) => new Float32Array(channels * 12 * 14).fill(0.5));
  const expected = new Float32Array(9);
  for (const odd of ODD) {
    await attempt(() => addon.peaks(odd as never, [1, ...shape]));
    await attempt(() => addon.peaks(maps[0], odd as never));
    await attempt(() => addon.peaks(maps[0], [1, ...shape], odd as never));
    const given = [...maps, expected, [...shape], 1.8, 3];
    for (const place of given.keys()) {
      await attempt(() =>
        addon.pose(...(given.map((one, i) => (i === place ? odd : one)) as Parameters<Addon['pose']>)),
      );
    }
  }
  await attempt(() => addon.peaks(new Float32Array(0), [32768, 32768, 1, 1]));
  for (const value of [NaN, Infinity, -Infinity, 0]) {
    const same = maps.map((map) => map.slice().fill(value));
    const [heatmaps, offsets, regress, center] = same;
    await attempt(() => addon.pose(heatmaps, offsets, regress, center, expected.fill(value), [...shape], 1.8, 3));
    await attempt(() => addon.peaks(heatmaps, [1, ...shape], offsets));
  }
}

async function decodes(): Promise<void> {
  const maps = new Float32Array(2 * 3 * 12 * 14);
  for (const odd of ODD) {
    await attempt(() => addon.decode(odd as never, [2, 3, 12, 14], 'dark'));
    await attempt(() => addon.decode(maps, odd as never, 'dark'));
    await attempt(() => addon.decode(maps, [2, 3, 12, 14], odd as never));
    await attempt(() => addon.decode(maps, [2, 3, odd, 14] as never, 'quarter'));
  }
  await attempt(() => addon.decode(new Float32Array(0), [32768, 32768, 1, 1], 'dark'));
  for (const value of [NaN, Infinity, -Infinity, 3e38, 1e-45]) {
    for (const method of ['dark', 'quarter'] as const) {
      const filled = maps.map((_, i) => (i % 7 === 0 ? value : i % 5));
      if (!(await attempt(() => addon.decode(filled, [2, 3, 12, 14], method))))
        throw new Error('heat maps were refused');
    }
  }
}

const MAPS = [
  { channels: 3, height: 6, width: 5 },
  { channels: 4, height: 6, width: 5 },
  { channels: 4, height: 3, width: 3 },
];
const TAPS = { first: Int32Array.of(0, 1, 2), second: Int32Array.of(1, 2, 2), weight: new Float32Array(3) };
const RELU = { kind: 'clip', low: 0, high: Infinity } as const;
const CONV: Layer = { op: 'conv', name: 'c', source: 0, addend: null, kernel: 3, stride: 1, padTop: 1, padLeft: 1, depthwise: false, weight: new Uint8Array(4 * 3 * 4 * 9), bias: new Float32Array(4), activation: RELU, out: 1 }; // prettier-ignore
const LAYERS: Layer[] = [
  CONV,
  { op: 'sum', name: 's', terms: [{ map: 1, factor: 1 }], activation: RELU, out: 2 },
  { op: 'product', name: 'p', sources: [1, 1], out: 2 },
  { op: 'concat', name: 'j', sources: [1], out: 2 },
  { op: 'resize', name: 'r', source: 1, rows: TAPS, columns: TAPS, out: 2 },
  { op: 'pool', name: 'o', kind: 'max', source: 1, kernelHeight: 2, kernelWidth: 3, stride: 2, padTop: 0, padLeft: 1, out: 2 },
  { op: 'locate', name: 'l', heatmaps: 1, regress: 1, center: 1, expected: 1, offset: 1.8, out: 2 },
]; // prettier-ignore

async function networks(): Promise<void> {
  for (const odd of ODD) {
    await attempt(() => addon.createNetwork(odd as never, 1, [0], 'cpu'));
    await attempt(() => addon.createNetwork(MAPS, odd as never, [1], 'cpu'));
    await attempt(() => addon.createNetwork(MAPS, 1, odd as never, 'cpu'));
    await attempt(() => addon.createNetwork(MAPS, 1, [0], odd as never));
    await attempt(() => addon.createNetwork([{ ...MAPS[0], width: odd as never }], 1, [0], 'cpu'));
  }
  const planes = new Float32Array(3 * 6 * 5).fill(0.5);
  for (const layer of LAYERS) {
    for (const changed of variations(layer)) {
      const network = addon.createNetwork(MAPS, 1, [1], 'cpu');
      if (layer !== CONV) network.add(CONV);
      await attempt(() => network.add(changed)); // taken or not, it runs or says why not
      await attempt(() => network.run({ inputs: [planes], count: 1 }));
    }
  }
  const network = addon.createNetwork(MAPS, 1, [1], 'cpu');
  for (const layer of LAYERS) await attempt(() => network.add(layer));
  for (const batch of variations({ inputs: [planes], count: 1, into: [new Float32Array(120)] })) {
    await attempt(() => network.run(batch));
  }
  const photo = { width: 9, height: 7, data: new Uint8Array(9 * 7 * 3) };
  for (const odd of ODD) {
    await attempt(() => network.image(odd as never));
    await attempt(() => addon.discard(odd as never));
  }
  for (const changed of variations(photo)) await attempt(() => network.image(changed));
  const ready = addon.createNetwork(MAPS, 1, [1], 'cpu');
  ready.add(CONV);
  const windows = {
    images: [ready.image(photo), ready.image(photo)],
    windows: Float64Array.of(4, 3, 5, 6, -1e300, 1e300, 1e-300, 2),
    mirrored: Uint8Array.of(0, 1),
    mean: new Float32Array(3),
    std: new Float32Array(3),
  };
  for (const changed of variations(windows)) await attempt(() => ready.run({ inputs: [changed], count: 2 }));
  for (const odd of ODD) {
    await attempt(() => ready.run({ inputs: [{ ...windows, images: [windows.images[0], odd as never] }], count: 2 }));
    await attempt(() => ready.run({ inputs: [windows], count: 2, keep: odd as never }));
    await attempt(() => ready.run({ inputs: [odd as never], count: 2 }));
  }
  const other = addon.createNetwork(MAPS, 1, [1], 'cpu');
  other.add(CONV);
  await attempt(() => other.run({ inputs: [windows], count: 2 })); // another network's images
  await attempt(() => addon.createNetwork([{ ...MAPS[0], channels: 4 }, MAPS[1]], 1, [0], 'cpu').run({ inputs: [windows], count: 2 })); // prettier-ignore
  const keeping = ready.run({ inputs: [windows], count: 2, into: [null], keep: 0 });
  addon.discard(windows.images[0]); // while it runs
  addon.discard(windows.images[0]);
  const { kept } = await keeping;
  await attempt(() => ready.run({ inputs: [windows], count: 2 }));
  for (const held of [kept, windows.images[1]]) await attempt(() => makeHead().ingest(held as never));
  await attempt(() => makeHead().ingest(kept!)); // of another shape
  ready.dispose();
  addon.discard(kept!);
  await attempt(() => makeHead().ingest(kept!));

  for (let i = 0; i < 20; i++) {
    const network = addon.createNetwork(MAPS, 1, [1], 'cpu');
    network.add(CONV);
    const [images, into] = [planes.slice(), new Float32Array(120)];
    const running = attempt(() => network.run({ inputs: [images], count: 1, into: [into] }));
    detached(images);
    detached(into);
    await running;
    const unfinished = network.run({ inputs: [planes], count: 1 });
    network.dispose(); // while it runs
    await attempt(() => unfinished);
  }
}

async function heads(): Promise<void> {
  const tensors = tensorsOf(SHAPE);
  for (const shape of variations(SHAPE)) await attempt(() => addon.createHead(shape, tensors, 'cpu'));
  for (const odd of ODD) {
    await attempt(() => addon.createHead(odd as never, tensors, 'cpu'));
    await attempt(() => addon.createHead(SHAPE, odd as never, 'cpu'));
    await attempt(() => addon.createHead(SHAPE, tensors, odd as never));
    await attempt(() => addon.createHead(SHAPE, { ...tensors, 'head.weight': odd as never }, 'cpu'));
    await attempt(() =>
      addon.createHead(SHAPE, { ...tensors, 'head.bias': { shape: odd as never, data: new Float32Array(3) } }, 'cpu'),
    );
    await attempt(() =>
      addon.createHead(SHAPE, { ...tensors, 'head.bias': { shape: [3], data: odd as never } }, 'cpu'),
    );
    await attempt(() => addon.setThreads(odd as never));
    await attempt(() => addon.lock(odd as never, true));
    await attempt(() => addon.lock(1 << 30, odd as never));
  }
  const large = { ...SHAPE, channels: 1024, height: 1024, width: 1024 };
  await attempt(() =>
    addon.createHead(
      { ...large, featureMean: new Float32Array(1024), featureStd: new Float32Array(1024).fill(1) },
      tensors,
      'cpu',
    ),
  );
  addon.setThreads(2);

  const head = makeHead();
  for (const odd of ODD) {
    await attempt(() => head.ingest(odd as never));
    await attempt(() => head.release(odd as never));
    await attempt(() => head.estimate(odd as never));
  }
  for (const owner of [{}, addon, null, new Float32Array(2), makeHead]) {
    for (const method of ['ingest', 'release', 'estimate', 'dispose'] as const) {
      await attempt(() => Reflect.apply(head[method], owner, [new Float32Array(MAP)]) as unknown);
    }
  }

  const { handles } = await head.ingest(new Float32Array(4 * MAP).fill(1));
  const batch = {
    keys: handles.slice(0, 1),
    references: handles.slice(1, 4),
    weights: new Float32Array(3).fill(0.3),
    transforms: Float32Array.of(1, 0, 0, 0.5, 2, 1, 1.5, -1, 0),
    expected: { people: 2, points: new Float32Array(3 * 2 * 13 * 2).fill(4) },
    decode: 'dark' as const,
    maps: true,
    timings: true,
  };
  if (!(await attempt(() => head.estimate(batch)))) throw new Error('a sound batch was refused');
  for (const changed of variations(batch)) await attempt(() => head.estimate(changed));
  for (const expected of variations(batch.expected)) await attempt(() => head.estimate({ ...batch, expected }));
  for (const value of [NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45]) {
    await attempt(() => head.estimate({ ...batch, transforms: new Float32Array(9).fill(value) }));
    await attempt(() => head.estimate({ ...batch, weights: new Float32Array(3).fill(value) }));
    const points = new Float32Array(3 * 2 * 13 * 2).fill(value);
    await attempt(() => head.estimate({ ...batch, expected: { people: 2, points } }));
    await attempt(() => head.ingest(new Float32Array(MAP).fill(value)));
  }
  await attempt(() => head.release(Int32Array.of(handles[0], handles[0], 77)));
  await attempt(() => head.estimate({ ...batch, keys: new Int32Array(1 << 17) }));
  // Memory that leaves, handles that are released and heads that are disposed while work is under way.
  for (let i = 0; i < 20; i++) {
    const other = makeHead();
    const features = new Float32Array(64 * MAP).fill(i);
    const ingesting = attempt(() => other.ingest(features));
    detached(features);
    const ingested = (await ingesting)!;
    const [weights, transforms, points] = [batch.weights, batch.transforms, batch.expected.points].map((a) =>
      a.slice(),
    );
    const own = {
      ...batch,
      keys: ingested.handles.slice(0, 1),
      references: ingested.handles.slice(1, 4),
      weights,
      transforms,
      expected: { people: 2, points },
    };
    const running = [attempt(() => other.estimate(own)), attempt(() => other.ingest(new Float32Array(MAP)))];
    detached(weights);
    detached(transforms);
    detached(points);
    if (i % 2 === 0) other.release(ingested.handles);
    other.dispose();
    await attempt(() => other.estimate(own));
    await attempt(() => other.release(ingested.handles));
    await Promise.all(running);
    const disposing = makeHead();
    const getter = Object.defineProperty({ ...own }, 'weights', { get: () => (disposing.dispose(), batch.weights) });
    await attempt(() => disposing.estimate(getter));
  }
}

/** Threads and whole environments that end while work is under way. */
async function environments(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const worker = new Worker(
      `const addon = require(${JSON.stringify(process.argv[2])});
       const { parentPort } = require('node:worker_threads');
       const batch = { image: new Uint8Array(1920000), imageWidth: 800, imageHeight: 800, windows: new Float64Array(400).fill(300), width: 96, height: 128, mean: new Float32Array(3), std: new Float32Array(3).fill(1) };
       for (let i = 0; i < 8; i++) addon.crop(batch);
       parentPort.postMessage('under way');`,
      { eval: true },
    );
    await new Promise((resolve) => worker.once('message', resolve));
    const changing = attempt(() => addon.setThreads(1 + (i % 4)));
    await worker.terminate();
    await changing;
  }
}

await crops();
await decodes();
await readsOut();
await heads();
await networks();
await environments();
globalThis.gc?.();
process.stdout.write(`${calls} calls\n`);
void addon.crop({ ...image(), windows: new Float64Array(4000).fill(5), width: 96, height: 128 });
void makeHead().ingest(new Float32Array(200 * MAP));
process.exit(0); // with work under way
