import { GlposeError } from '../../src/errors.js';
import { CONDITION_JOINTS } from '../../src/joints.js';
import type { EstimateBatch, ExpectedJoints, HeadShape, Tensor } from '../../src/native/contract.js';
import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import { addon } from '../../src/native/binding.js';
import { nmse, readGolden } from './golden.js';

/** One channel everywhere, no references: small enough to compute by hand. */
const TINY: HeadShape = {
  channels: 1,
  height: 3,
  width: 3,
  blockWidth: 1,
  joints: 1,
  k: 0,
  n: 0,
  enhancement: false,
  enhancementBlocks: 1,
  kernel: 1,
  conditions: false,
  featureMean: Float32Array.of(0),
  featureStd: Float32Array.of(1),
};
/** Running variance for which the batch norm's 1 / √(variance + 1e-5) is 1. */
const UNIT_VARIANCE = 1 - 1e-5;

/** Tensors of a head that passes V through: every convolution 0 but shortcuts and head, which are 1 at the centre. */
function passThrough(shape: HeadShape): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, dimensions] of headTensorShapes(shape)) {
    const data = new Float32Array(dimensions.reduce((product, side) => product * side, 1));
    if (name.endsWith('running_var')) data.fill(UNIT_VARIANCE);
    if (/bn\d?\.weight$/.test(name)) data.fill(1);
    if (/shortcut.conv.weight$|^head.weight$/.test(name)) data[Math.floor(data.length / 2)] = 1;
    tensors[name] = { shape: dimensions, data };
  }
  return tensors;
}

async function heatmap(shape: HeadShape, tensors: Record<string, Tensor>, features: number[]): Promise<number[]> {
  const head = addon().createHead(shape, tensors, 'cpu');
  const { handles } = await head.ingest(Float32Array.from(features));
  const { heatmaps } = await head.estimate({
    keys: handles.subarray(0, 1),
    references: handles.subarray(1),
    weights: new Float32Array(handles.length - 1).fill(0.5),
    decode: 'quarter',
    maps: true,
  });
  head.dispose();
  return [...heatmaps!];
}

const close = (values: number[], wanted: number[]): void =>
  expect(values.map((value) => +value.toFixed(4))).toEqual(wanted.map((value) => +value.toFixed(4)));

const ONE_TO_NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('by hand', () => {
  test('a basic block of zeros is its shortcut, with ReLU', async () => {
    close(await heatmap(TINY, passThrough(TINY), [-1, 2, -3, 4, 5, 6, 7, 8, 9]), [0, 2, 0, 4, 5, 6, 7, 8, 9]);
  });

  test('conv1 sums its 3×3 neighbourhood, conv2 and the shortcut add up', async () => {
    const tensors = passThrough(TINY);
    tensors['aggregation.0.conv1.weight'].data.fill(1);
    tensors['aggregation.0.conv2.weight'].data[4] = 0.5;
    // 3×3 sums of 1…9 with zero border, halved, plus 1…9
    const sums = [12, 21, 16, 27, 45, 33, 24, 39, 28];
    close(
      await heatmap(TINY, tensors, ONE_TO_NINE),
      sums.map((sum, i) => sum / 2 + ONE_TO_NINE[i]),
    );
  });

  test('conv1 is a correlation, not a flipped convolution', async () => {
    const tensors = passThrough(TINY);
    tensors['aggregation.0.conv1.weight'].data[3] = 1; // the left neighbour
    tensors['aggregation.0.conv2.weight'].data[4] = 1;
    close(await heatmap(TINY, tensors, ONE_TO_NINE), [1, 3, 5, 4, 9, 11, 7, 15, 17]);
  });

  test('batch norm: (x − mean) · weight / √(variance + 1e-5) + bias', async () => {
    const tensors = passThrough(TINY);
    const set = (part: string, value: number): void => {
      tensors[`aggregation.0.shortcut.bn.${part}`].data[0] = value;
    };
    set('running_mean', 2);
    set('running_var', 4 - 1e-5);
    set('weight', 3);
    set('bias', 10);
    close(
      await heatmap(TINY, tensors, ONE_TO_NINE),
      ONE_TO_NINE.map((x) => ((x - 2) * 3) / 2 + 10),
    );
  });

  test('features are standardised, V = (F − mean) / std', async () => {
    const shape = { ...TINY, featureMean: Float32Array.of(1), featureStd: Float32Array.of(4) };
    close(
      await heatmap(shape, passThrough(shape), ONE_TO_NINE),
      ONE_TO_NINE.map((x) => (x - 1) / 4),
    );
    const head = addon().createHead(shape, passThrough(shape), 'cpu');
    const { embeddings } = await head.ingest(Float32Array.from(ONE_TO_NINE));
    expect([...embeddings]).toEqual([1]); // (5 − 1) / 4
  });

  test('Eq. 4: references enter with their weights, each through its own slot', async () => {
    const shape = { ...TINY, k: 1, n: 1 };
    const tensors = passThrough(shape);
    tensors['aggregation.0.shortcut.conv.weight'].data.set([1, 10, 100, 1000]);
    const maps = [1, 2, 3, 4].flatMap((value) => Array<number>(9).fill(value));
    close(await heatmap(shape, tensors, maps), Array<number>(9).fill(1 + (20 + 300 + 4000) / 2));
  });

  test('Eq. 5: M = 1 − σ(ψ(V)) without ψ’s last ReLU, F = A(concat[M ⊙ S, V])', async () => {
    const shape = { ...TINY, enhancement: true };
    const tensors = passThrough(shape);
    tensors['aggregation.0.shortcut.conv.weight'].data[0] = 0;
    tensors['aggregation.0.shortcut.bn.bias'].data[0] = 2; // S = 2
    tensors['enhancement.0.shortcut.conv.weight'].data.set([10, 1]); // F = 10 M S + V
    const v = [-4, -3, -2, -1, 0, 1, 2, 3, 4]; // ψ(V) = V: its shortcut is the identity
    close(
      await heatmap(shape, tensors, v),
      v.map((x) => Math.max(0, (10 * 2) / (1 + Math.exp(x)) + x)),
    );
  });

  test('the head adds its bias', async () => {
    const tensors = passThrough(TINY);
    tensors['head.bias'].data[0] = 0.5;
    tensors['head.weight'].data[0] = -1;
    close(
      await heatmap(TINY, tensors, ONE_TO_NINE),
      ONE_TO_NINE.map((x) => 0.5 - x),
    );
  });
});

describe('conditions', () => {
  const J = CONDITION_JOINTS.length;
  /** σ is a cell. */
  const SHAPE = { ...TINY, height: 16, width: 2, k: 1, conditions: true };
  const unknown = (people: number): Float32Array => new Float32Array(3 * people * J * 2).fill(NaN);

  /** What the head reads of one channel of the conditions. */
  async function conditions(channel: number, expected: ExpectedJoints): Promise<Float32Array> {
    const tensors = passThrough(SHAPE);
    tensors['aggregation.0.shortcut.conv.weight'].data.fill(0);
    tensors['aggregation.0.shortcut.conv.weight'].data[3 + channel] = 1;
    const head = addon().createHead(SHAPE, tensors, 'cpu');
    const { handles } = await head.ingest(new Float32Array(3 * 32));
    const { heatmaps } = await head.estimate({
      keys: handles.subarray(0, 1),
      references: handles.subarray(1),
      weights: new Float32Array(2),
      expected,
      decode: 'quarter',
      maps: true,
    });
    return heatmaps!;
  }

  /** exp(−d² / 2) about places in cells, of the nearest one. */
  const bumps = (...places: [x: number, y: number][]): Float32Array =>
    Float32Array.from({ length: 32 }, (_, cell) => {
      const squares = places.map(([x, y]) => ((cell % 2) - x) ** 2 + (Math.floor(cell / 2) - y) ** 2);
      return Math.exp(-Math.min(...squares) / 2);
    });

  test('a joint each in the key, all joints in a local frame; the own person’s and the others’', async () => {
    const points = unknown(3);
    const put = (frame: number, person: number, joint: number, x: number, y: number): void =>
      points.set([x, y], ((frame * 3 + person) * J + joint) * 2);
    put(0, 0, 0, 0.5, 3);
    put(0, 1, 0, 1, 9);
    put(0, 2, 0, -1, 12);
    put(0, 2, J - 1, 0, 5);
    put(1, 0, 2, 0, 2);
    put(1, 0, 8, 1, 15);
    put(2, 1, 4, 1, 7);
    put(2, 2, 5, 0.25, 20);
    const expected = { people: 3, points };
    for (const [channel, wanted] of [
      [0, bumps([0.5, 3])],
      [1, bumps()],
      [J, bumps([1, 9], [-1, 12])],
      [J + 1, bumps()],
      [2 * J - 1, bumps([0, 5])],
      [2 * J, bumps([0, 2], [1, 15])],
      [2 * J + 1, bumps()],
      [2 * J + 2, bumps()],
      [2 * J + 3, bumps([1, 7], [0.25, 20])],
    ] as const) {
      const got = await conditions(channel, expected);
      if (wanted.every((value) => value === 0)) expect(got).toEqual(wanted);
      else expect(nmse(got, wanted)).toBeLessThan(1e-12);
    }
  });

  test.each([
    ['none', undefined],
    ['of nobody', { people: 0, points: new Float32Array(0) }],
    ['of fewer people', { people: 2, points: unknown(1) }],
  ])('places are asked for: %s', async (_, expected) => {
    await expect(async () => conditions(0, expected as ExpectedJoints)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('a head', () => {
  const { shape, head: tensors, tensors: values } = readGolden('full');
  const features = values.get('features')!.data;
  const gathered = 1 + 2 * shape.k + shape.n;
  const batchOf = (handles: Int32Array): EstimateBatch => ({
    keys: handles.filter((_, i) => i % gathered === 0),
    references: handles.filter((_, i) => i % gathered !== 0),
    weights: values.get('weights')!.data,
    decode: 'dark',
    maps: true,
  });

  test('gives the same for a person alone, in a batch, and for any number of threads', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(features);
    const { keys, references, weights } = batchOf(handles);
    const R = gathered - 1;
    const people = Array.from({ length: 9 }, (_, i) => i % 2);
    const pick = (array: Int32Array | Float32Array, per: number): number[] =>
      people.flatMap((person) => [...array.slice(person * per, (person + 1) * per)]);
    const batch = {
      keys: Int32Array.from(pick(keys, 1)),
      references: Int32Array.from(pick(references, R)),
      weights: Float32Array.from(pick(weights, R * shape.channels)),
      decode: 'quarter' as const,
      maps: true,
    };
    const alone = await head.estimate(batchOf(handles));
    const perPerson = shape.joints * shape.height * shape.width;
    for (const threads of [1, 3, 16]) {
      addon().setThreads(threads);
      const { heatmaps } = await head.estimate(batch);
      for (const [i, person] of people.entries()) {
        expect(heatmaps!.slice(i * perPerson, (i + 1) * perPerson)).toEqual(
          alone.heatmaps!.slice(person * perPerson, (person + 1) * perPerson),
        );
      }
    }
    addon().setThreads(2);
  });

  test('keeps maps until they are released, also while they are in use', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(features);
    const before = await head.estimate(batchOf(handles));
    const running = head.estimate(batchOf(handles));
    head.release(handles);
    expect((await running).joints).toEqual(before.joints);
    expect(() => head.release(handles)).toThrow('unknown map handle');
    await expect(async () => head.estimate(batchOf(handles))).rejects.toThrow('unknown map handle');
  });

  test('refuses work after it was disposed, finishes what was under way, and disposes twice', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(features);
    const running = head.estimate(batchOf(handles));
    const ingesting = head.ingest(features);
    head.dispose();
    head.dispose();
    expect((await running).joints).toHaveLength(2 * shape.joints * 3);
    expect((await ingesting).handles).toHaveLength(handles.length);
    await expect(async () => head.ingest(features)).rejects.toThrow('disposed');
    expect(() => head.release(handles)).toThrow('disposed');
  });

  test('an empty batch and no features give empty results', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    expect((await head.ingest(new Float32Array(0))).handles).toHaveLength(0);
    const nobody = { keys: new Int32Array(0), references: new Int32Array(0), weights: new Float32Array(0) };
    expect((await head.estimate({ ...nobody, decode: 'quarter' })).joints).toHaveLength(0);
  });

  test.each([
    ['keys', { keys: Int32Array.of(99) }],
    ['references', { references: new Int32Array(3) }],
    ['weights', { weights: new Float32Array(7) }],
  ])('refuses %s that do not fit', async (_, change) => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(features);
    const failing = async (): Promise<unknown> => head.estimate({ ...batchOf(handles), ...change });
    await expect(failing).rejects.toBeInstanceOf(GlposeError);
    await expect(failing).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('refuses places of joints without conditions', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    const { handles } = await head.ingest(features);
    const expected = { people: 1, points: new Float32Array(2 * 3 * 26) };
    await expect(async () => head.estimate({ ...batchOf(handles), expected })).rejects.toThrow('no conditions');
  });

  test('refuses half a map', async () => {
    const head = addon().createHead(shape, tensors, 'cpu');
    await expect(async () => head.ingest(features.slice(1))).rejects.toThrow('whole maps');
  });

  const failure = (change: Record<string, Tensor | undefined>, device = 'cpu'): GlposeError => {
    const changed = Object.fromEntries(Object.entries({ ...tensors, ...change }).filter(([, tensor]) => tensor));
    try {
      addon().createHead(shape, changed as Record<string, Tensor>, device);
    } catch (thrown) {
      return thrown as GlposeError;
    }
    throw new Error('expected createHead to throw');
  };

  test('names a missing, a misshapen and a damaged tensor', () => {
    const name = 'aggregation.0.bn1.running_mean';
    expect(failure({ [name]: undefined })).toMatchObject({ code: 'MODEL' });
    expect(failure({ [name]: undefined }).message).toContain(`no tensor ${name} (expected shape [6])`);
    expect(failure({ [name]: { shape: [2, 3], data: new Float32Array(6) } }).message).toContain(
      `expected shape [6] for the head's tensor ${name} but received [2, 3]`,
    );
    expect(failure({ [name]: { shape: [6], data: new Float32Array(6).fill(NaN) } }).message).toContain('not finite');
    expect(failure({ [name]: { shape: [6], data: new Float32Array(5) } })).toMatchObject({ code: 'INTERNAL' });
    const variance = 'psi.bn2.running_var';
    expect(failure({ [variance]: { shape: [6], data: new Float32Array(6).fill(-1) } }).message).toContain('negative');
  });

  test.each(['cuda', 'cuda:x', 'gpu', ''])('knows no device %j', (device) => {
    expect(failure({}, device)).toMatchObject({ code: 'DEVICE', exitCode: 3 });
  });

  test('says why cuda:99 is not there', () => {
    expect(failure({}, 'cuda:99')).toMatchObject({ code: 'DEVICE' });
    expect(failure({}, 'cuda:99').message).toMatch(/cuda:99/);
  });
});

test('info names the instruction set and says why there is no GPU', () => {
  const { isa, cuda } = addon().info();
  expect(['baseline', 'avx2', 'avx512']).toContain(isa);
  expect(cuda.devices.length > 0).toBe(cuda.problem === '');
});
