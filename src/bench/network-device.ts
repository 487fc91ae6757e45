import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { addon } from '../native/binding.js';
import type { TensorData } from '../onnx/runtime.js';
import { networkSession, readNetwork } from '../onnx/network-session.js';
import { nmse } from './head-reference.js';
import { writeNetworkJob, type NetworkName } from './network-job.js';
import { referenceNetwork } from './network-reference.js';
import { median } from './statistics.js';

/** The largest error against float64 at which a speed in half precision counts. */
const LARGEST_NMSE = 1e-4;
const WARM_UP = 3;

export interface DeviceFigures {
  device: string;
  /** The features against float64. */
  nmse: number;
  /** Whole calls, crops up and features down, for each number of crops at once: medians. */
  batches: { crops: number; milliseconds: number; cropsPerSecond: number }[];
}

export interface DeviceBenchOptions {
  /** `cuda:<index>`; `cpu`, too. */
  device: string;
  /** Crops at once. */
  batches: readonly number[];
  /** Of a batch size, after the warm-up. */
  runs: number;
}

/**
 * Measures an extractor on glpose's own kernels on one device. Verifies before it reports.
 * @throws DEVICE where it is not there, INTERNAL where the features are wrong, or differ from one place of a batch to another
 */
export async function benchNetworkOnDevice(name: NetworkName, options: DeviceBenchOptions): Promise<DeviceFigures> {
  const { device, batches, runs } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), `glpose-bench-${name}-`));
  try {
    const { job, file, image, expected } = await writeNetworkJob(name, folder);
    const { network, missing } = await readNetwork(file, job.input, [job.output]);
    if (missing !== null) throw new GlposeError('INTERNAL', `glpose's own kernels lack ${missing} of ${name}`);
    const { width, height, expectedJoints } = job.input;
    const session = networkSession(addon(), network, job.input, [job.output], device);
    const run = async (crops: number): Promise<Float32Array> => {
      const feeds: Record<string, TensorData> = {
        [job.input.name]: { dims: [crops, 3, height, width], data: repeated(image, crops) },
      };
      if (expectedJoints !== undefined) {
        feeds[expectedJoints] = { dims: [crops, expected.length / 3, 3], data: repeated(expected, crops) };
      }
      return (await session.run(feeds, [job.output]))[job.output].data;
    };
    try {
      const alone = await run(1);
      const figures: DeviceFigures = {
        device,
        nmse: nmse(alone, referenceNetwork(network, [image, expected])[0]),
        batches: [],
      };
      if (!(figures.nmse <= LARGEST_NMSE)) {
        throw new GlposeError('INTERNAL', `the features of ${name} are off: NMSE ${figures.nmse} against float64`);
      }
      for (const crops of batches) {
        const last = (await run(crops)).slice(-alone.length);
        if (last.some((value, i) => value !== alone[i])) {
          throw new GlposeError('INTERNAL', `the features of ${name} depend on how many crops go together (${crops})`);
        }
        const times: number[] = [];
        for (let i = -WARM_UP; i < runs; i++) {
          const start = performance.now();
          await run(crops);
          if (i >= 0) times.push(performance.now() - start);
        }
        const milliseconds = median(times);
        figures.batches.push({ crops, milliseconds, cropsPerSecond: (1e3 * crops) / milliseconds });
      }
      return figures;
    } finally {
      session.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function repeated(values: Float32Array, times: number): Float32Array {
  const all = new Float32Array(values.length * times);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}
