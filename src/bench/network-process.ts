/*
 * One side of the network's benchmark in a process of its own, so that its peak memory is its own. Prints one JSON line.
 * Arguments: inputs|native|onnxruntime, folder, threads, runs. The folder holds what network-job.ts wrote: job.json, network.onnx,
 * image, expected; the side adds its output.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addon } from '../native/binding.js';
import { COCO_JOINTS } from '../joints.js';
import type { ConvTiming } from '../native/contract.js';
import { networkSession, readNetwork, type OwnSession } from '../onnx/network-session.js';
import { mapValues } from '../onnx/pooled-runs.js';
import type { TensorData } from '../onnx/runtime.js';
import type { NetworkJob } from './network-job.js';
import { peakMiB } from './peak-memory.js';

export type NetworkSide = 'inputs' | 'native' | 'onnxruntime';

/** What the process prints. */
export interface NetworkProcessResult {
  /** One for each run. */
  milliseconds: number[];
  /** Of the processor, all threads, a run. */
  cpuMilliseconds: number;
  /** Peak resident set, MiB. */
  peakMiB: number;
  /** Native: of one run. */
  timings: ConvTiming[];
}

const WARM_UP = 2;

async function measure(run: () => Promise<unknown>, runs: number): Promise<Partial<NetworkProcessResult>> {
  for (let i = 0; i < WARM_UP; i++) await run();
  const milliseconds: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    milliseconds.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, cpuMilliseconds: (user + system) / 1e3 / runs };
}

const [side, folder, threads, runs] = process.argv.slice(2);
const { input, output } = JSON.parse(readFileSync(path.join(folder, 'job.json'), 'utf8')) as NetworkJob;
const file = path.join(folder, 'network.onnx');
const data = (name: string): Float32Array =>
  Float32Array.from(new Float32Array(new Uint8Array(readFileSync(path.join(folder, name))).buffer));
const given: Record<string, TensorData> = {
  [input.name]: { dims: [1, 3, input.height, input.width], data: data('image') },
};
if (input.expectedJoints !== undefined) {
  given[input.expectedJoints] = { dims: [1, COCO_JOINTS.length, 3], data: data('expected') };
}
addon().setThreads(Number(threads));
const result: NetworkProcessResult = { milliseconds: [], cpuMilliseconds: NaN, peakMiB: peakMiB(), timings: [] };

if (side === 'native') {
  const session = await load();
  const { [output]: last } = await session.run(given, [output]);
  Object.assign(result, await measure(() => session.run(given, [output], { [output]: last }), Number(runs)));
  result.peakMiB = peakMiB();
  writeFileSync(path.join(folder, 'native-output'), last.data);
  result.timings = await session.timings(given);
} else if (side === 'onnxruntime') {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const feeds = mapValues(given, ({ dims, data }) => new Tensor('float32', data, dims));
  Object.assign(result, await measure(() => session.run(feeds, [output]), Number(runs)));
  result.peakMiB = peakMiB();
  writeFileSync(
    path.join(folder, 'onnxruntime-output'),
    (await session.run(feeds, [output]))[output].data as Float32Array,
  );
}
process.stdout.write(`${JSON.stringify(result)}\n`);

/** In a function of its own, so that the file's bytes are not kept. */
async function load(): Promise<OwnSession> {
  const { network, missing } = await readNetwork(file, input, [output]);
  if (!network) throw new Error(missing);
  return networkSession(addon(), network, input, [output], 'cpu');
}
