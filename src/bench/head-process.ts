/*
 * One side of the head's benchmark in a process of its own, so that its peak memory is its own. Reads what `prepare` of
 * head.ts wrote, prints one JSON line. Arguments: inputs|native|onnxruntime, folder, threads, runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { PEOPLE_EXPECTED } from '../estimation/conditions.js';
import { CONDITION_JOINTS } from '../joints.js';
import type { ConvTiming, ExpectedJoints, HeadShape } from '../native/contract.js';
import path from 'node:path';
import { parseSafetensors } from '../bundle/safetensors.js';
import { addon } from '../native/binding.js';
import { gathered, someExpected } from './cases.js';
import { peakMiB } from './peak-memory.js';

export type Side = 'inputs' | 'native' | 'onnxruntime';

/** What the process prints. Times in milliseconds, one for each run. */
export interface HeadProcessResult {
  /** From the extractor's maps to heat maps (ONNX Runtime) or joints (native: maps handed over, then the estimate). */
  whole: number[];
  /** Native: the estimate alone, the maps being there, as in the pipeline. */
  estimate: number[];
  /** Peak resident set, MiB. */
  peakMiB: number;
  /** Native: of one run. */
  timings: ConvTiming[];
}

const WARM_UP = 3;

interface Inputs {
  shape: HeadShape;
  /** [1 + R, C, h, w] */
  features: Float32Array<ArrayBuffer>;
  /** [R, C] */
  weights: Float32Array<ArrayBuffer>;
}

function floats(file: string): Float32Array<ArrayBuffer> {
  const bytes = readFileSync(file);
  const own = new Float32Array(bytes.length / 4);
  new Uint8Array(own.buffer).set(bytes);
  return own;
}

function readInputs(folder: string): Inputs {
  const plain = JSON.parse(readFileSync(path.join(folder, 'shape.json'), 'utf8')) as HeadShape;
  const shape = {
    ...plain,
    featureMean: Float32Array.from(Object.values(plain.featureMean)),
    featureStd: Float32Array.from(Object.values(plain.featureStd)),
  };
  return { shape, features: floats(path.join(folder, 'features')), weights: floats(path.join(folder, 'weights')) };
}

async function runNative(folder: string, inputs: Inputs, threads: number, runs: number): Promise<HeadProcessResult> {
  const file = path.join(folder, 'head.safetensors');
  addon().setThreads(threads);
  const head = addon().createHead(
    inputs.shape,
    Object.fromEntries(parseSafetensors(readFileSync(file), file).tensors),
    'cpu',
  );
  const result: HeadProcessResult = { whole: [], estimate: [], peakMiB: 0, timings: [] };
  for (let run = -WARM_UP; run < runs; run++) {
    const start = performance.now();
    const { handles } = await head.ingest(inputs.features);
    const batch = {
      keys: handles.subarray(0, 1),
      references: handles.subarray(1),
      weights: inputs.weights,
      expected: someExpected(inputs.shape),
      decode: 'quarter' as const,
    };
    const stored = performance.now();
    await head.estimate(batch);
    const end = performance.now();
    if (run >= 0) {
      result.whole.push(end - start);
      result.estimate.push(end - stored);
    }
    if (run === runs - 1) {
      result.peakMiB = peakMiB();
      result.timings = (await head.estimate({ ...batch, timings: true })).timings!;
      const { heatmaps } = await head.estimate({ ...batch, maps: true });
      writeFileSync(path.join(folder, 'native-heatmaps'), heatmaps!);
    }
    head.release(handles);
  }
  return result;
}

/** The exported graph's input `expected`: as many people as it takes, NaN for those who are not there. */
function forOnnx({ people, points }: ExpectedJoints): [Float32Array, dims: number[]] {
  const J = CONDITION_JOINTS.length;
  const frames = points.length / (people * J * 2);
  const all = new Float32Array(frames * PEOPLE_EXPECTED * J * 2).fill(NaN);
  for (let frame = 0; frame < frames; frame++) {
    const some = points.subarray(frame * people * J * 2, (frame + 1) * people * J * 2);
    all.set(some, frame * PEOPLE_EXPECTED * J * 2);
  }
  return [all, [frames, PEOPLE_EXPECTED, J, 2]];
}

async function runOnnxRuntime(
  folder: string,
  inputs: Inputs,
  threads: number,
  runs: number,
): Promise<HeadProcessResult> {
  addon(); // keeps ONNX Runtime from reporting its use
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const { shape, features, weights } = inputs;
  const { channels: C, height: h, width: w } = shape;
  const R = gathered(shape) - 1;
  const session = await InferenceSession.create(path.join(folder, 'head.onnx'), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const feeds: Record<string, OrtTensor> = {
    key: new Tensor('float32', features.subarray(0, C * h * w), [1, C, h, w]),
    references: new Tensor('float32', features.subarray(C * h * w), [R, C, h, w]),
    weights: new Tensor('float32', weights, [R, C]),
  };
  const expected = someExpected(shape);
  if (expected) feeds.expected = new Tensor('float32', ...forOnnx(expected));
  const result: HeadProcessResult = { whole: [], estimate: [], peakMiB: 0, timings: [] };
  for (let run = -WARM_UP; run < runs; run++) {
    const start = performance.now();
    const { heatmaps } = await session.run(feeds, ['heatmaps']);
    const end = performance.now();
    if (run >= 0) result.whole.push(end - start);
    if (run === runs - 1) {
      result.peakMiB = peakMiB();
      writeFileSync(path.join(folder, 'onnxruntime-heatmaps'), heatmaps.data as Float32Array);
    }
  }
  return result;
}

const [side, folder, threads, runs] = process.argv.slice(2);
const inputs = readInputs(folder);
const result =
  side === 'native'
    ? await runNative(folder, inputs, Number(threads), Number(runs))
    : side === 'onnxruntime'
      ? await runOnnxRuntime(folder, inputs, Number(threads), Number(runs))
      : { whole: [], estimate: [], peakMiB: peakMiB(), timings: [] };
process.stdout.write(`${JSON.stringify(result)}\n`);
