import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GlposeError } from '../errors.js';
import { addon } from '../native/binding.js';
import type { Ceilings } from '../native/contract.js';
import { fasterOnCpu, readNetwork } from '../onnx/network-session.js';
import type { ConvShare } from './head.js';
import { nmse } from './head-reference.js';
import { referenceNetwork } from './network-reference.js';
import { writeNetworkJob, type NetworkName } from './network-job.js';
import type { NetworkProcessResult, NetworkSide } from './network-process.js';
import { median, percentile } from './statistics.js';

const PROCESS = fileURLToPath(new URL('./network-process.js', import.meta.url));
/** The largest error against float64 at which a speed counts. */
const LARGEST_NMSE = 1e-9;

/** Medians; milliseconds a crop; MiB above a process that only loads the image. */
export interface NetworkFigures {
  /** What runs it by default on a CPU. */
  runtime: 'glpose' | 'onnxruntime';
  /** What glpose's own kernels lack; then nothing below was measured: ONNX Runtime runs the network. */
  missingOperator: string | null;
  /** ONNX Runtime's time over glpose's own kernels'. */
  speed_vs_ort: number | null;
  /** The same of the processor's time. With one thread other work on the machine hardly disturbs it; with more, ONNX Runtime's wait at work. */
  cpu_vs_ort: number | null;
  /** Peak memory, own over ONNX Runtime's. */
  memory_vs_ort: number | null;
  /** The features against float64. */
  nmse: number | null;
  native: SideFigures | null;
  onnxruntime: SideFigures | null;
  /** Convolutions of one kind together, the longest first. */
  convolutions: ConvShare[];
}

interface SideFigures {
  milliseconds: number;
  p90: number;
  memoryMiB: number;
  nmse: number;
}

export interface NetworkBenchOptions {
  /** Of either side. */
  threads: number;
  ceilings: Ceilings;
  /** Turns that the two sides take, so that a busy spell of the machine meets both. */
  rounds: number;
  /** Of a turn, after the warm-up. */
  runs: number;
  signal: AbortSignal;
  /** Takes what is being done, in words. */
  onStep?(step: string): void;
}

/**
 * Measures an extractor on glpose's own kernels against ONNX Runtime: the same file, image and threads, each side in a process of
 * its own, in turns. Verifies before it reports.
 * @throws INTERNAL where the features are wrong
 */
export async function benchNetwork(name: NetworkName, options: NetworkBenchOptions): Promise<NetworkFigures> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `glpose-bench-${name}-`));
  try {
    const { job, file, image, expected } = await writeNetworkJob(name, folder);
    const { network, missing } = await readNetwork(file, job.input, [job.output]);
    if (missing !== null) {
      const left = {
        speed_vs_ort: null,
        cpu_vs_ort: null,
        memory_vs_ort: null,
        nmse: null,
        native: null,
        onnxruntime: null,
      };
      return { runtime: 'onnxruntime', missingOperator: missing, ...left, convolutions: [] };
    }
    const rounds: Record<NetworkSide, NetworkProcessResult[]> = { inputs: [], native: [], onnxruntime: [] };
    for (let round = 0; round < options.rounds; round++) {
      options.onStep?.(`${name}: round ${round + 1} of ${options.rounds}`);
      for (const side of ['inputs', 'onnxruntime', 'native'] as const) {
        rounds[side].push(await runSide(side, folder, options));
      }
    }
    options.onStep?.(`${name}: the same in float64`);
    const [wanted] = referenceNetwork(network, [image, expected]);
    const empty = median(rounds.inputs.map((round) => round.peakMiB));
    const figures = (side: NetworkSide): SideFigures => {
      const times = rounds[side].flatMap((round) => round.milliseconds);
      return {
        milliseconds: median(times),
        p90: percentile(times, 0.9),
        memoryMiB: median(rounds[side].map((round) => round.peakMiB)) - empty,
        nmse: nmse(floats(path.join(folder, `${side}-output`)), wanted),
      };
    };
    const [native, onnxruntime] = [figures('native'), figures('onnxruntime')];
    if (!(native.nmse <= LARGEST_NMSE)) {
      throw new GlposeError('INTERNAL', `the features of ${name} are off: NMSE ${native.nmse} against float64`);
    }
    // Round by round: both sides of a ratio saw the machine in the same minute.
    const ratio = (of: (round: NetworkProcessResult) => number): number =>
      median(rounds.native.map((round, i) => of(rounds.onnxruntime[i]) / of(round)));
    return {
      runtime: fasterOnCpu(addon(), network) ? 'glpose' : 'onnxruntime',
      missingOperator: null,
      speed_vs_ort: ratio(({ milliseconds }) => median(milliseconds)),
      cpu_vs_ort: ratio(({ cpuMilliseconds }) => cpuMilliseconds),
      memory_vs_ort: native.memoryMiB / onnxruntime.memoryMiB,
      nmse: native.nmse,
      native,
      onnxruntime,
      convolutions: shares(),
    };

    function shares(): ConvShare[] {
      const kinds = new Map<string, { macs: number; milliseconds: number }>();
      network!.layers.forEach((layer, i) => {
        if (layer.op !== 'conv') return;
        const [from, to] = [network!.maps[layer.source], network!.maps[layer.out]];
        const way = `${layer.kernel}×${layer.kernel}${layer.stride > 1 ? `/${layer.stride}` : ''}`;
        const kind = `${way} ${from.channels}→${to.channels}, ${to.height}×${to.width}`;
        const milliseconds = median(rounds.native.map(({ timings }) => timings[i].milliseconds));
        const known = kinds.get(kind) ?? { macs: 0, milliseconds: 0 };
        const { macs } = rounds.native[0].timings[i];
        kinds.set(kind, { macs: known.macs + macs, milliseconds: known.milliseconds + milliseconds });
      });
      return [...kinds]
        .map(([kind, { macs, milliseconds }]) => ({
          name: kind,
          gmac: macs / 1e9,
          milliseconds,
          shareOfPeak: (2 * macs) / (milliseconds / 1e3) / (options.ceilings.gflops * 1e9),
        }))
        .sort((a, b) => b.milliseconds - a.milliseconds);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runSide(
  side: NetworkSide,
  folder: string,
  { threads, runs, signal }: NetworkBenchOptions,
): Promise<NetworkProcessResult> {
  const argv = [PROCESS, side, folder, String(threads), String(runs)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { signal });
  return JSON.parse(stdout) as NetworkProcessResult;
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
