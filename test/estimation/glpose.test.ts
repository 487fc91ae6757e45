import type { HeadConfig } from '../../src/bundle/config.js';
import type { Estimate, EstimateBatch, NativeHead } from '../../src/native/contract.js';
import type { Scene } from '../../src/estimation/estimator.js';
import type { CropNet } from '../../src/estimation/crop-net.js';
import { GlobalLocal } from '../../src/estimation/glpose.js';
import type { WindowPose } from '../../src/estimation/one-joint-one-person.js';
import type { OwnPoses } from '../../src/estimation/own-pose.js';
import type { Outputs } from '../../src/onnx/outputs.js';
import type { Joint, PersonWindow, Window } from '../../src/types.js';

/*
 * An extractor whose map is one cell with C = 2 channels, (frame, centre x of the window), and a head that records what it
 * is asked; a map's handle tells what it was cut from.
 */
class Recorder {
  readonly cuts: string[] = [];
  /** The first number of each coarse pose. */
  readonly meant: (number | undefined)[] = [];
  readonly alive = new Map<number, string>();
  private readonly made = new Map<number, string>();
  batches: EstimateBatch[] = [];

  readonly net = {
    extract: (image: { index: number }, people: PersonWindow[], use: (outputs: Outputs) => unknown) =>
      Promise.all(
        people.map(async ({ window: { centreX }, coarsePose }) => {
          this.cuts.push(`${image.index}:${centreX}`);
          this.meant.push(coarsePose?.[0]);
          return use({ features: { dims: [1, 2, 1, 1], data: Float32Array.of(image.index, centreX) } });
        }),
      ),
    extractCrop: async (crop: Float32Array, _: PersonWindow, use: (outputs: Outputs) => unknown) =>
      use({ features: { dims: [1, 2, 1, 1], data: crop } }),
  } as unknown as CropNet;

  readonly head = {
    device: 'cpu',
    ingest: async (features: Float32Array) => {
      const handles = Int32Array.from({ length: features.length / 2 }, () => ++this.next);
      handles.forEach((handle, i) => {
        const from = `${features[2 * i]}:${features[2 * i + 1]}`;
        this.alive.set(handle, from);
        this.made.set(handle, from);
      });
      return { handles, embeddings: features };
    },
    release: (handles: Int32Array) => handles.forEach((handle) => expect(this.alive.delete(handle)).toBe(true)),
    estimate: async (batch: EstimateBatch): Promise<Estimate> => {
      for (const handle of [...batch.keys, ...batch.references]) expect(this.alive.has(handle)).toBe(true);
      this.batches.push(batch);
      const floats = (each: number): Float32Array => new Float32Array(batch.keys.length * each);
      return { joints: floats(3), peaks: floats(36), heatmaps: floats(1) };
    },
    dispose: () => {},
  } satisfies NativeHead;

  private next = 0;

  /** What a map was cut from. */
  cutOf(handle: number): string {
    return this.made.get(handle)!;
  }

  /** What the references of one person were cut from, with the weights of channel 0. */
  references(batch: EstimateBatch, person: number): [string | undefined, number][] {
    const R = batch.references.length / batch.keys.length;
    return [...batch.references.subarray(person * R, (person + 1) * R)].map((handle, r) => [
      this.made.get(handle),
      Number(batch.weights[(person * R + r) * 2].toFixed(4)),
    ]);
  }
}

const FEATURES = { output: 'features', channels: 2, height: 1, width: 1, mean: [0, 0], std: [1, 1] };
const CONFIG = { k: 1, n: 2, m: 5, joints: ['nose'], localWeights: [0.5, 0.25], similarity: 'frame', decode: 'quarter' } as HeadConfig; // prettier-ignore

const windowAt = (centreX: number): Window => ({ centreX, centreY: 0, width: 10, height: 10 });
const scene = (index: number, ...centres: number[]): Scene => ({
  index,
  width: 1,
  height: 1,
  data: new Uint8Array(3),
  people: centres.map((centreX, trackId) => {
    const box = { x: centreX - 4, y: -4, width: 8, height: 8 };
    return { trackId, box, score: 1, window: windowAt(centreX) };
  }),
});
const drawn = (frame: number, centreX: number): Parameters<GlobalLocal['begin']>[0][number] => ({
  frame,
  person: 0,
  window: windowAt(centreX),
  crop: Float32Array.of(frame, centreX),
});

test('joins the same window of the neighbours by W_l, then the most similar candidates by W_g (Eqs. 2–4)', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, CONFIG, 'exact');
  await glpose.begin([drawn(0, 1), drawn(9, 2), drawn(5, 4)]);
  // Key frame 5 with embedding (5, 3); sums of products: (0, 1) → 3, (9, 2) → 51; (5, 4) is the key's own frame.
  await glpose.estimate([scene(4, 30), scene(5, 3), scene(6, 60)]);
  const references = recorder.references(recorder.batches[0], 0);
  expect(references.map(([from]) => from)).toEqual(['4:3', '6:3', '9:2', '0:1']);
  expect(references.slice(0, 2).map(([, weight]) => weight)).toEqual([0.5, 0.25]);
  expect(references[2][1]).toBeCloseTo(1, 4);
});

test('everyone has references of their own', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, { ...CONFIG, n: 0 }, 'exact');
  const poses = await glpose.estimate([scene(0, 1, 2), scene(1, 3, 4), scene(2)]);
  expect(poses).toHaveLength(2);
  const [batch] = recorder.batches;
  expect(recorder.references(batch, 0).map(([from]) => from)).toEqual(['0:3', '2:3']);
  expect(recorder.references(batch, 1).map(([from]) => from)).toEqual(['0:4', '2:4']);
  expect(await glpose.estimate([scene(1, 3), scene(2), scene(3)])).toEqual([]);
});

test('a frame and window seen before is not extracted again; a candidate’s map serves its own frame', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, CONFIG, 'exact');
  await glpose.begin([drawn(1, 7)]);
  const frames = [0, 1, 2, 3].map((index) => scene(index, 7)); // a person who stands still
  await glpose.estimate([frames[0], frames[0], frames[1]]);
  await glpose.estimate([frames[0], frames[1], frames[2]]);
  await glpose.estimate([frames[1], frames[2], frames[3]]);
  expect(recorder.cuts.sort()).toEqual(['0:7', '2:7', '3:7']);
});

test('maps are freed when no key needs them any more, and all of them with the next video', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, CONFIG, 'exact');
  await glpose.begin([drawn(50, 1)]);
  for (let t = 1; t < 20; t++) {
    await glpose.estimate([scene(t - 1, t - 1), scene(t, t), scene(t + 1, t + 1)]);
    await glpose.passed(t + 1);
    expect(recorder.alive.size).toBeLessThanOrEqual(1 + 2 * 3);
  }
  await glpose.begin([]);
  expect(recorder.alive.size).toBe(0);
});

test('with exact, a map of another frame is freed with its key, unless a later key has the same window', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, { ...CONFIG, n: 0 }, 'exact');
  await glpose.estimate([scene(0, 1, 5), scene(1, 2, 5), scene(2, 3, 5)]);
  expect([...recorder.alive.values()].sort()).toEqual(['0:5', '1:5', '2:5']);
});

test('of a crowd, few maps are in memory at a time, and the order of the people is kept', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, { ...CONFIG, n: 0 }, 'exact');
  let most = 0;
  recorder.head.estimate = async (batch) => {
    most = Math.max(most, recorder.alive.size);
    const heatmaps = new Float32Array(batch.keys.length);
    return { heatmaps, joints: Float32Array.from([...batch.keys].flatMap((key) => [0, 0, Number(recorder.cutOf(key).split(':')[1])])) }; // prettier-ignore
  };
  const crowd = Array.from({ length: 100 }, (_, i) => 1000 + 20 * i);
  const poses = await glpose.estimate([scene(0), scene(1, ...crowd), scene(2)]);
  expect(poses.map((pose) => pose!.joints[0]!.score)).toEqual(crowd);
  expect(most).toBeLessThan(3 * 20);
  expect(recorder.alive.size).toBe(0);
});

test('explains itself: where every joined map was cut from, and its weight', async () => {
  const recorder = new Recorder();
  recorder.head.estimate = async (batch) => ({
    joints: new Float32Array(batch.keys.length * 3),
    heatmaps: new Float32Array(1).fill(0.5),
    masks: Float32Array.of(0.2, 0.4),
  });
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, CONFIG, 'exact');
  await glpose.begin([drawn(9, 2)]);
  const [pose] = await glpose.estimate([scene(4, 1), scene(5, 3), scene(6, 1)], { explain: true });
  const { explanation } = pose!;
  expect(explanation!.references.map(({ kind, frame }) => [kind, frame])).toEqual([['local', 4], ['local', 6], ['global', 9], ['global', 5]]); // prettier-ignore
  expect(explanation!.references[0]).toMatchObject({ weight: 0.5, window: windowAt(3) });
  expect(explanation!.mask![0]).toBeCloseTo(0.3, 6);
});

describe('offsets of joints', () => {
  const joints = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'];
  /** Of the head, a trunk a cell high and one wide, shoulders at the top of the map. A cell is 10 pixels. */
  const places = Float32Array.of(1, 0, 0.8, 0, 0, 0.8, 1, 1, 0.8, 0, 1, 0.8);

  async function estimated(config: Partial<HeadConfig>, agreement: boolean, own?: OwnPoses): Promise<Joint[]> {
    const recorder = new Recorder();
    recorder.head.estimate = async () => ({ joints: places, heatmaps: new Float32Array(1) });
    const all = { ...CONFIG, n: 0, joints, ...config };
    const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, all, 'warp', undefined, own);
    const [pose] = await glpose.estimate([scene(0, 5), scene(1, 5), scene(2, 5)], { agreement });
    return pose!.joints.map((joint) => joint!);
  }
  const down = (after: Joint[], before: Joint[]): number[] => after.map(({ y }, k) => y - before[k].y);

  test('move the head’s joints, but not where the head alone counts', async () => {
    const offsets = { shoulder: { down: -0.1, out: 0 } };
    const plain = await estimated({}, true);
    expect(down(await estimated({ offsets }, true), plain)).toEqual([expect.closeTo(-1), expect.closeTo(-1), 0, 0]);
    expect(await estimated({ offsets }, false)).toEqual(plain);
  });

  test('move the extractor’s, before both agree', async () => {
    const plain = await estimated({}, true);
    const own = { joints, decode: (): WindowPose => ({ joints: plain }) };
    const offsets = { hip: { down: 0.02, out: 0 } };
    const moved = down(await estimated({}, true, { ...own, offsets }), await estimated({}, true, own));
    expect(moved).toEqual([0, 0, expect.closeTo(0.06), expect.closeTo(0.06)]); // of 0.2 pixels
  });
});

describe('a second look, without the local frames', () => {
  const config = { ...CONFIG, n: 1, secondLook: 0.4 };
  const around = [scene(4, 1), scene(5, 3), scene(6, 1)];

  /** What a head makes of a person that scores `full` with the local frames and `without` when their weights are 0. */
  async function estimated(
    full: number,
    without: number,
  ): Promise<{ looks: [string | undefined, number][][]; weights: number[]; score: number }> {
    // prettier-ignore
    const recorder = new Recorder();
    const looks: [string | undefined, number][][] = [];
    recorder.head.estimate = async (batch) => {
      looks.push(recorder.references(batch, 0));
      const score = looks.at(-1)![0][1] === 0 ? without : full;
      return { joints: Float32Array.of(0, 0, score), heatmaps: new Float32Array(1) };
    };
    const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, config, 'warp');
    await glpose.begin([drawn(9, 2)]);
    const [pose] = await glpose.estimate(around, { explain: true });
    const { joints, explanation } = pose!;
    return { looks, weights: explanation!.references.map(({ weight }) => weight), score: joints[0]!.score };
  }

  test('is taken where the first is unsure, and counts where it is surer', async () => {
    const { looks, weights, score } = await estimated(0.25, 0.375);
    expect(looks).toEqual([[['4:1', 0.5], ['6:1', 0.25], ['9:2', 1]], [['4:1', 0], ['6:1', 0], ['9:2', 1]]]); // prettier-ignore
    expect(score).toBe(0.375);
    expect(weights).toEqual([0, 0, 1]); // what the pose was made from
  });

  test('does not count where it is no surer', async () => {
    const { looks, weights, score } = await estimated(0.25, 0.25);
    expect(looks).toHaveLength(2);
    expect(score).toBe(0.25);
    expect(weights).toEqual([0.5, 0.25, 1]);
  });

  test('is not taken where the first is sure', async () => {
    expect(await estimated(0.5, 0.75)).toMatchObject({ looks: [expect.anything()], score: 0.5 });
  });
});

describe('where joints are expected', () => {
  const around = [scene(4, 1), scene(5, 3, 8), scene(6, 1)].map((one) => ({
    ...one,
    people: one.people.map((person) => ({ ...person, coarsePose: new Float32Array(34).fill(5 + person.trackId) })),
  }));
  /** Of each frame and person the nose's x, by the key's window of 10 pixels about 3, or 8, and one cell. */
  const noses = ({ expected }: EstimateBatch): number[] =>
    [...expected!.points].filter((_, i) => i % 26 === 0).map((x) => Math.round(10 * x) / 10);

  test('is told to heads with conditions, and not again of the local frames', async () => {
    const recorder = new Recorder();
    const config = { ...CONFIG, n: 0, secondLook: 0.4, conditions: true };
    const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, config, 'warp');
    await glpose.estimate(around);
    const [first, second] = recorder.batches;
    expect(first.expected!.people).toBe(2);
    expect(noses(first)).toEqual([0.7, 0.8, 0.7, NaN, 0.7, NaN, 0.3, 0.2, NaN, 0.2, NaN, 0.2]);
    expect(noses(second)).toEqual([0.7, 0.8, NaN, NaN, NaN, NaN, 0.3, 0.2, NaN, NaN, NaN, NaN]);
  });

  test('gives way to what the extractor itself sees, and nobody is extracted again for that', async () => {
    const recorder = new Recorder();
    const config = { ...CONFIG, n: 0, conditions: true };
    // Its own pose: the nose one pixel right of where the coarse pose has it.
    const decode = (_: Outputs, { coarsePose }: PersonWindow): WindowPose => ({
      joints: [{ x: coarsePose![0] + 1, y: coarsePose![1], score: 0.8 }],
    });
    const own = { joints: ['nose'], decode };
    const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, config, 'warp', undefined, own);
    await glpose.estimate(around);
    expect(noses(recorder.batches[0]).slice(0, 3)).toEqual([0.8, 0.9, 0.8]);
    const without = new Recorder();
    await new GlobalLocal(without.net, FEATURES, without.head, config, 'warp').estimate(around);
    expect(recorder.cuts.sort()).toEqual(without.cuts.sort());
    await glpose.begin([]);
    expect(recorder.alive.size).toBe(0);
  });

  test('is not told to others', async () => {
    const recorder = new Recorder();
    await new GlobalLocal(recorder.net, FEATURES, recorder.head, CONFIG, 'warp').estimate(around);
    expect(recorder.batches[0].expected).toBeUndefined();
  });
});

test('with warp everyone is extracted once a frame, in their own window, and neighbours are resampled into the key’s', async () => {
  const recorder = new Recorder();
  const features = { ...FEATURES, width: 4, height: 4 };
  const glpose = new GlobalLocal(recorder.net, features, recorder.head, { ...CONFIG, n: 0 }, 'warp');
  const walk = [0, 1, 2, 3, 4].map((t) => scene(t, 10 * t));
  for (const t of [1, 2, 3]) await glpose.estimate(walk.slice(t - 1, t + 2));
  expect(recorder.cuts.sort()).toEqual(['0:0', '1:10', '2:20', '3:30', '4:40']);
  // Windows are 10 pixels wide, 4 cells: a neighbour's grid lies one window, 4 cells, aside.
  expect([...recorder.batches[1].transforms!]).toEqual([1, 4, 0, 1, -4, 0]);
});

test('with warp, a neighbour in which the track has a gap gives the key’s own window', async () => {
  const recorder = new Recorder();
  const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, { ...CONFIG, n: 0 }, 'warp');
  await glpose.estimate([scene(0, 5), scene(1, 6), scene(2)]);
  expect(recorder.references(recorder.batches[0], 0).map(([from]) => from)).toEqual(['0:5', '2:6']);
  expect([...recorder.batches[0].transforms!.slice(3)]).toEqual([1, 0, 0]);
});

test.each(['warp', 'exact'] as const)(
  'with %s, every frame says who is meant there; the key does where the track has a gap',
  async (reuse) => {
    const recorder = new Recorder();
    const glpose = new GlobalLocal(recorder.net, FEATURES, recorder.head, { ...CONFIG, n: 0 }, reuse);
    const meant = (index: number, nose: number): Scene => {
      const { people, ...rest } = scene(index, 5);
      return { ...rest, people: people.map((person) => ({ ...person, coarsePose: new Float32Array(34).fill(nose) })) };
    };
    await glpose.estimate([meant(0, 10), meant(1, 11), scene(2)]);
    expect(recorder.cuts).toEqual(['0:5', '1:5', '2:5']);
    expect(recorder.meant).toEqual([10, 11, 11]);
  },
);
