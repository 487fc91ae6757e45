import type { ExtractorConfig } from '../bundle/config.js';
import type { Addon } from '../native/contract.js';
import { cutWindow } from '../native/cut-window.js';
import { Batcher } from '../concurrency/batcher.js';
import type { OnnxSession, TensorData } from '../onnx/runtime.js';
import type { ImageWindow } from '../onnx/device-windows.js';
import type { Output, Outputs } from '../onnx/outputs.js';
import { mapValues, PooledRuns } from '../onnx/pooled-runs.js';
import { COCO_JOINTS } from '../joints.js';
import { inWindow } from '../geometry/window.js';
import { mirrorRows } from './mirror.js';
import { paintOver } from './painted-over.js';
import type { Image, PersonWindow, Window } from '../types.js';

/** One person's window, resampled to the extractor's input and standardised: [3, H, W]. */
export type Crop = Float32Array;

/** A window whose outputs somebody waits for. */
interface Wanted extends ImageWindow {
  use(outputs: Outputs): unknown;
  /** Whether every output, not only what is read as a rule. */
  all?: boolean;
  signal?: AbortSignal;
}

/** Cuts windows out of images and runs a net of the bundle's input size on them. */
export class CropNet {
  /** Width of the input, pixels. */
  readonly columns: number;
  /** Width / height of the input. */
  readonly aspect: number;
  /** Runs that go side by side. */
  readonly lanes: number;
  /** Windows that it works on at a time; as many again are cut meanwhile. */
  readonly atOnce: number;
  /** Windows that went through the net so far. */
  extracted = 0;
  private readonly extracting: Batcher<Wanted, unknown>;
  private readonly runs: PooledRuns;

  /**
   * @param batch windows a run: 1 on the CPU, where larger batches gain nothing and cost memory. Larger ones of ONNX Runtime's are
   * filled up, so that a window's outputs do not depend on how many others were there; with glpose's own kernels they never do
   * @param read those of the session's outputs that are read as a rule, where it cuts windows itself; default: `outputs`
   */
  constructor(
    private readonly native: Addon,
    private readonly session: OnnxSession,
    private readonly input: ExtractorConfig['input'],
    private readonly outputs: string[],
    private readonly batch: number,
    private readonly read: readonly string[] = outputs,
  ) {
    this.columns = input.width;
    this.aspect = input.width / input.height;
    this.lanes = session.width;
    this.atOnce = batch * session.width;
    this.runs = new PooledRuns(session, outputs);
    this.extracting = new Batcher(batch, 2 * session.width, (wanted) => this.extractTogether(wanted));
  }

  /** Crops [3, H, W] of windows of one image. */
  async cut(image: Image, windows: readonly Window[]): Promise<Crop[]> {
    return Promise.all(windows.map((window) => this.cutInto(new Float32Array(this.cropLength), image, window)));
  }

  /** The crop of one window, in memory that may have been another's: see `release`. */
  cutOne(image: Image, window: Window): Promise<Crop> {
    return this.cutInto(this.session.buffers.take(this.cropLength), image, window);
  }

  /** Takes a crop of `cutOne` that nobody uses any more. */
  release(crop: Crop): void {
    this.session.buffers.give(crop);
  }

  /** A crop's mirror image, a copy. */
  mirrored(crop: Crop): Crop {
    const copy = crop.slice();
    mirrorRows(copy, this.columns);
    return copy;
  }

  /**
   * Runs the net on crops.
   * @param people whose crops they are, as far as anybody is meant
   * @returns each output by name, [N, …] over all crops
   */
  async run(crops: readonly Crop[], people: readonly PersonWindow[] = []): Promise<Outputs> {
    this.extracted += crops.length;
    const runs: Promise<Outputs>[] = [];
    for (let start = 0; start < crops.length; start += this.batch) {
      const some = crops.slice(start, start + this.batch);
      const data = this.session.buffers.take(some.length * this.cropLength);
      some.forEach((crop, i) => data.set(crop, i * crop.length));
      runs.push(this.session.run(this.feedsOf(data, people.slice(start, start + this.batch)), this.outputs));
    }
    const parts = await Promise.all(runs);
    return Object.fromEntries(this.outputs.map((name) => [name, concatenate(parts.map((part) => part[name]))]));
  }

  /**
   * Cuts people's windows out of an image, here or on the session's device, and runs the net on them. They wait in line with those
   * of other calls: of a crowd, too, only a few crops and outputs are in memory.
   * @param use takes the outputs of one window, [1, …] by name, which are overwritten once its promise has settled
   * @param signal drops the windows that wait; its reason is thrown
   * @param all whether every output is there, not only those that are read as a rule, of which the others' data may be empty
   */
  extract<T>(
    image: ImageWindow['image'],
    people: readonly PersonWindow[],
    use: (outputs: Outputs, index: number) => T | Promise<T>,
    signal?: AbortSignal,
    all?: boolean,
  ): Promise<T[]> {
    const of = (i: number): Pick<Wanted, 'use' | 'signal' | 'all'> => ({ use: (outputs) => use(outputs, i), signal, all }); // prettier-ignore
    const wanted = people.map((person, i) => ({ image, person, ...of(i) }));
    return Promise.all(wanted.map((one) => this.extracting.add(one) as Promise<T>));
  }

  /**
   * Runs the net on a crop that was cut before.
   * @param use as that of `extract`
   */
  async extractCrop<T>(crop: Crop, person: PersonWindow, use: (outputs: Outputs) => T | Promise<T>): Promise<T> {
    const { windows } = this.session;
    if (!windows) return use(await this.run([crop], [person]));
    this.extracted++;
    return windows.run({ crops: crop, count: 1 }, this.othersOf([person]), this.read, use);
  }

  private async extractTogether(wanted: Wanted[]): Promise<Promise<unknown>[]> {
    for (const { signal } of wanted) signal?.throwIfAborted();
    this.extracted += wanted.length;
    const people = wanted.map(({ person }) => person);
    const useEach = async (outputs: Outputs): Promise<Promise<unknown>[]> => {
      const results = wanted.map(async ({ use }, i) => use(mapValues(outputs, (output) => part(output, i))));
      await Promise.allSettled(results);
      return results;
    };
    const { windows, buffers } = this.session;
    if (windows) {
      const names = wanted.some(({ all }) => all) ? [...this.read, ...this.outputs] : this.read;
      // The device cuts upright windows, and does not paint: where anybody is painted over, or lies, they are cut here.
      const cutsHere = people.some(({ inFront, window }) => inFront || window.turn);
      const crops = cutsHere ? await this.cutTogether(wanted, buffers.take(wanted.length * this.cropLength)) : null;
      try {
        return await windows.run(crops ? { crops, count: wanted.length } : wanted, this.othersOf(people), names, useEach); // prettier-ignore
      } finally {
        if (crops) buffers.give(crops);
      }
    }
    const crops = await this.cutTogether(wanted, buffers.take(this.batch * this.cropLength));
    return this.runs.run(this.feedsOf(crops, people), useEach);
  }

  /** @param crops memory for as many crops, at least */
  private async cutTogether(wanted: readonly Wanted[], crops: Float32Array): Promise<Float32Array> {
    const length = this.cropLength;
    const cut = wanted.map(async ({ image, person }, i) => {
      const crop = await this.cutInto(crops.subarray(i * length, (i + 1) * length), image, person.window);
      paintOver(crop, this.columns, person);
      if (person.mirrored) mirrorRows(crop, this.columns);
    });
    await Promise.all(cut);
    return crops;
  }

  /** Before another video: forgets the images that are on the session's device. */
  forgetImages(): void {
    this.session.windows?.forget();
  }

  private cutInto(out: Float32Array, image: Image, window: Window): Promise<Crop> {
    return cutWindow(this.native, image, window, this.input, out);
  }

  /** The net's inputs beside crops. */
  private othersOf(people: readonly PersonWindow[]): Float32Array[] {
    return this.input.expectedJoints === undefined ? [] : [expectedOf(people, people.length).data];
  }

  private get cropLength(): number {
    return 3 * this.input.width * this.input.height;
  }

  /**
   * @param data whole crops
   * @param people whose they are; fewer where nobody is meant in the last ones
   */
  private feedsOf(data: Float32Array, people: readonly PersonWindow[]): Record<string, TensorData> {
    const { name, width, height, expectedJoints } = this.input;
    const count = data.length / this.cropLength;
    const feeds: Record<string, TensorData> = { [name]: { dims: [count, 3, height, width], data } };
    if (expectedJoints !== undefined) {
      feeds[expectedJoints] = expectedOf(people, count, this.session.buffers.take(count * EXPECTED_VALUES));
    }
    return feeds;
  }
}

/** Values of one person in what `expectedOf` gives. */
const EXPECTED_VALUES = COCO_JOINTS.length * 3;

/**
 * What `expectedJoints` of a bundle takes.
 * @param data memory for it
 * @returns [count, 17, 3]: y, x as shares of the window, 1; zeros where nobody is meant, or a joint is not known
 */
export function expectedOf(
  people: readonly PersonWindow[],
  count: number,
  data: Float32Array = new Float32Array(count * EXPECTED_VALUES),
): TensorData {
  const Q = COCO_JOINTS.length;
  data.fill(0);
  for (const [i, { window, coarsePose }] of people.entries()) {
    for (let q = 0; coarsePose && q < Q; q++) {
      const { x, y } = inWindow(window, coarsePose[2 * q], coarsePose[2 * q + 1]);
      if (!Number.isNaN(x)) data.set([y, x, 1], (i * Q + q) * 3);
    }
  }
  return { dims: [count, Q, 3], data };
}

/** The i-th item of a batch, still a batch. */
function part({ dims: [count, ...dims], data, kept }: Output, i: number): Output {
  const length = data.length / count;
  return {
    dims: [1, ...dims],
    data: data.subarray(i * length, (i + 1) * length),
    ...(kept && { kept: { ...kept, index: i } }),
  };
}

/** Joins tensors along the first axis. */
function concatenate(parts: TensorData[]): TensorData {
  if (parts.length === 1) return parts[0];
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dims: [parts.reduce((total, part) => total + part.dims[0], 0), ...parts[0].dims.slice(1)], data };
}
