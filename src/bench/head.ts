import { execFile } from 'node:child_process';
import type { Ceilings } from '../native/contract.js';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GlposeError } from '../errors.js';
import { headOnnx } from '../models/head-onnx.js';
import { randomHead } from '../models/random-head.js';
import { formatSafetensors } from '../bundle/safetensors.js';
import { addon } from '../native/binding.js';
import { gathered, someExpected, type HeadCase } from './cases.js';
import type { HeadProcessResult, Side } from './head-process.js';
import { nmse, referenceHead } from './head-reference.js';
import { median, percentile } from './statistics.js';

const PROCESS = fileURLToPath(new URL('./head-process.js', import.meta.url));
/** The largest error against float64 at which a speed counts. */
const LARGEST_NMSE = 1e-7;

export interface ConvShare {
  name: string;
  /** Multiplications of the definition. */
  gmac: number;
  milliseconds: number;
  /** 2·macs per second over the measured ceiling: above 1 where an algorithm saves multiplications. */
  shareOfPeak: number;
}

/** Times in milliseconds, medians unless named otherwise; memory in MiB above a process that only loads the inputs. */
export interface HeadFigures {
  /** Extractor's maps → result: ONNX Runtime's run over ingest + estimate. */
  speed_vs_ort: number;
  /** Peak memory, native over ONNX Runtime. */
  memory_vs_ort: number;
  /** Heat maps against float64. */
  nmse: number;
  native: { whole: number; p90: number; estimate: number; memoryMiB: number };
  onnxruntime: { whole: number; p90: number; nmse: number; memoryMiB: number };
  convolutions: ConvShare[];
}

export interface HeadBenchOptions {
  /** Of either side. */
  threads: number;
  ceilings: Ceilings;
  /** Turns that the two sides take, so that a busy spell of the machine meets both. Default 3. */
  rounds?: number;
  /** Of a turn, after the warm-up. Default 20. */
  runs?: number;
  signal: AbortSignal;
}

/**
 * Measures a head against ONNX Runtime running the exported graph: the same weights, inputs and threads, each side in a
 * process of its own, in turns. Verifies before it reports.
 * @throws INTERNAL where the native head's heat maps are wrong
 */
export async function benchHead({ name, shape }: HeadCase, options: HeadBenchOptions): Promise<HeadFigures> {
  const { ceilings, rounds: turns = 3 } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), `glpose-bench-${name}-`));
  try {
    const tensors = Object.fromEntries(randomHead(shape, 1));
    const map = shape.channels * shape.height * shape.width;
    const features = noise(gathered(shape) * map, 2);
    const weights = noise((gathered(shape) - 1) * shape.channels, 3);
    writeFileSync(path.join(folder, 'shape.json'), JSON.stringify(shape));
    writeFileSync(path.join(folder, 'head.safetensors'), formatSafetensors(new Map(Object.entries(tensors)), 'F32'));
    writeFileSync(path.join(folder, 'head.onnx'), headOnnx(shape, tensors, 'benchmark'));
    writeFileSync(path.join(folder, 'features'), features);
    writeFileSync(path.join(folder, 'weights'), weights);

    const rounds: Record<Side, HeadProcessResult[]> = { inputs: [], native: [], onnxruntime: [] };
    for (let round = 0; round < turns; round++) {
      for (const side of ['inputs', 'onnxruntime', 'native'] as const) {
        rounds[side].push(await runSide(side, folder, options));
      }
    }
    const wanted = referenceHead(shape, tensors, features, weights, someExpected(shape));
    const errorOf = (side: Side): number => nmse(floats(path.join(folder, `${side}-heatmaps`)), wanted);
    const error = errorOf('native');
    if (!(error <= LARGEST_NMSE)) {
      throw new GlposeError('INTERNAL', `the native head's heat maps (${name}) are off: NMSE ${error} against float64`);
    }

    const memory = (side: Side): number => median(rounds[side].map(({ peakMiB }) => peakMiB));
    const times = (side: Side, what: 'whole' | 'estimate'): number[] => rounds[side].flatMap((round) => round[what]);
    const native = memory('native') - memory('inputs');
    const onnxruntime = memory('onnxruntime') - memory('inputs');
    return {
      // Round by round: both sides of a ratio saw the machine in the same minute.
      speed_vs_ort: median(rounds.native.map(({ whole }, i) => median(rounds.onnxruntime[i].whole) / median(whole))),
      memory_vs_ort: native / onnxruntime,
      nmse: error,
      native: {
        whole: median(times('native', 'whole')),
        p90: percentile(times('native', 'whole'), 0.9),
        estimate: median(times('native', 'estimate')),
        memoryMiB: native,
      },
      onnxruntime: {
        whole: median(times('onnxruntime', 'whole')),
        p90: percentile(times('onnxruntime', 'whole'), 0.9),
        nmse: errorOf('onnxruntime'),
        memoryMiB: onnxruntime,
      },
      convolutions: shares(rounds.native, ceilings),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the machine can do at most with `threads` threads. */
export function measureCeilings(threads: number): Promise<Ceilings> {
  addon().setThreads(threads);
  return addon().ceilings('cpu');
}

function shares(rounds: HeadProcessResult[], { gflops }: Ceilings): ConvShare[] {
  return rounds[0].timings.map(({ name, macs }, i) => {
    const milliseconds = median(rounds.map(({ timings }) => timings[i].milliseconds));
    return { name, gmac: macs / 1e9, milliseconds, shareOfPeak: (2 * macs) / (milliseconds / 1e3) / (gflops * 1e9) };
  });
}

async function runSide(
  side: Side,
  folder: string,
  { threads, runs = 20, signal }: HeadBenchOptions,
): Promise<HeadProcessResult> {
  const argv = [PROCESS, side, folder, String(threads), String(runs)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { signal });
  return JSON.parse(stdout) as HeadProcessResult;
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Reproducible numbers, uniform in (−1, 1). */
function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}
