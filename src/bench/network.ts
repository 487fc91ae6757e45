import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULT_BUNDLE, loadBundle } from '../bundle/bundle.js';
import { GlposeError } from '../errors.js';
import { COCO_JOINTS } from '../joints.js';
import { cutOnnx } from '../models/onnx-cut.js';
import { addon } from '../native/binding.js';
import type { Ceilings } from '../native/contract.js';
import { fasterOnCpu, readNetwork, type ImageInput } from '../onnx/network-session.js';
import { parseOnnx } from '../onnx/onnx-model.js';
import type { ConvShare } from './head.js';
import { nmse } from './head-reference.js';
import { PAPER_SIZE } from './hrnet-bundle.js';
import { hrnetGraph } from './hrnet-graph.js';
import { referenceNetwork } from './network-reference.js';
import type { NetworkJob, NetworkProcessResult, NetworkSide } from './network-process.js';
import { median, percentile } from './statistics.js';

const PROCESS = fileURLToPath(new URL('./network-process.js', import.meta.url));
/** The largest error against float64 at which a speed counts. */
const LARGEST_NMSE = 1e-9;

export const NETWORKS = ['hrnet_w48', 'default'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** Medians; milliseconds a crop; MiB above a process that only loads the image. */
export interface NetworkFigures {
  /** What runs it by default on a CPU. */
  runtime: 'glpose' | 'onnxruntime';
  /** What glpose's own kernels lack; then nothing below was measured: ONNX Runtime runs the network. */
  missingOperator: string | null;
  /** ONNX Runtime's time over glpose's own kernels'. */
  speed_vs_ort: number | null;
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
    const job = await (name === 'hrnet_w48' ? writeHrnet(folder) : copyDefault(folder));
    const file = path.join(folder, 'network.onnx');
    const { network, missing } = await readNetwork(file, job.input, [job.output]);
    if (missing !== null) {
      const left = { speed_vs_ort: null, memory_vs_ort: null, nmse: null, native: null, onnxruntime: null };
      return { runtime: 'onnxruntime', missingOperator: missing, ...left, convolutions: [] };
    }
    const image = noise(3 * job.input.height * job.input.width);
    writeFileSync(path.join(folder, 'job.json'), JSON.stringify(job));
    const expected = someExpected();
    writeFileSync(path.join(folder, 'image'), image);
    writeFileSync(path.join(folder, 'expected'), expected);

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
    const speeds = rounds.native.map(
      (round, i) => median(rounds.onnxruntime[i].milliseconds) / median(round.milliseconds),
    );
    return {
      runtime: fasterOnCpu(addon(), network) ? 'glpose' : 'onnxruntime',
      missingOperator: null,
      speed_vs_ort: median(speeds),
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

/** The paper's extractor with arbitrary weights: HRNet-W48 up to stage 3, branch 0. */
async function writeHrnet(folder: string): Promise<NetworkJob> {
  const { channels, width, height } = PAPER_SIZE;
  const { onnx, stage3Branch0 } = hrnetGraph({ width: channels, size: { width, height }, modules: [1, 4, 0] });
  const input: ImageInput = { name: 'input', width, height };
  writeFileSync(path.join(folder, 'network.onnx'), cutOnnx(parseOnnx(onnx, 'the generated HRNet'), stage3Branch0));
  return { input, output: stage3Branch0 };
}

async function copyDefault(folder: string): Promise<NetworkJob> {
  const { config, extractorFile } = await loadBundle(DEFAULT_BUNDLE);
  copyFileSync(extractorFile, path.join(folder, 'network.onnx'));
  const { name, width, height, expectedJoints } = config.extractor.input;
  return { input: { name, width, height, expectedJoints }, output: config.extractor.features.output };
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

/** Where joints are expected, [17, 3] as y, x, known: every second one. */
function someExpected(): Float32Array {
  const places = noise(3 * COCO_JOINTS.length).map((value) => (value + 1) / 2);
  return places.map((share, i) => (Math.floor(i / 3) % 2 === 1 ? 0 : i % 3 === 2 ? 1 : share));
}

/** Reproducible numbers, uniform in (−1, 1). */
function noise(count: number): Float32Array {
  let state = 2;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}
