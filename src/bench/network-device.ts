import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { addon } from '../native/binding.js';
import { cutWindow } from '../native/cut-window.js';
import type { ImageWindow } from '../onnx/device-windows.js';
import { networkSession, readNetwork, type ImageInput } from '../onnx/network-session.js';
import type { TensorData } from '../onnx/runtime.js';
import type { Image } from '../types.js';
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
  /**
   * Whole calls for each number of crops at once, medians: crops up and features down; and `fromFrame`, one frame up as bytes, its windows
   * cut there, features left there, as `infer` does it.
   */
  batches: (CallFigures & { crops: number; fromFrame: CallFigures })[];
}

interface CallFigures {
  milliseconds: number;
  cropsPerSecond: number;
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
    const native = addon();
    const standardisation = { ...job.input, mean: [128, 128, 128], std: [64, 64, 64] };
    const session = networkSession(native, network, job.input, [job.output], device, standardisation);
    const keeping = networkSession(native, network, job.input, [job.output], device, {
      ...standardisation,
      kept: job.output,
    });
    const others = (crops: number): Float32Array[] => (expectedJoints === undefined ? [] : [repeated(expected, crops)]);
    const timed = async (crops: number, body: () => Promise<unknown>): Promise<CallFigures> => {
      const times: number[] = [];
      for (let i = -WARM_UP; i < runs; i++) {
        const start = performance.now();
        await body();
        if (i >= 0) times.push(performance.now() - start);
      }
      const milliseconds = median(times);
      return { milliseconds, cropsPerSecond: (1e3 * crops) / milliseconds };
    };
    const feeds = (images: Float32Array, places: Float32Array, crops: number): Record<string, TensorData> => ({
      [job.input.name]: { dims: [crops, 3, height, width], data: images },
      ...(expectedJoints !== undefined && {
        [expectedJoints]: { dims: [crops, places.length / 3 / crops, 3], data: places },
      }),
    });
    const run = async (crops: number): Promise<Float32Array> => {
      const given = feeds(repeated(image, crops), repeated(expected, crops), crops);
      return (await session.run(given, [job.output]))[job.output].data;
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
      const frame = anyFrame();
      const windows = windowsOf(frame, 1, 0, job.input);
      const cut = await cutWindow(native, frame, windows[0].person.window, standardisation);
      const fromCrop = await session.run(feeds(cut, repeated(expected, 1), 1), [job.output]);
      await session.windows!.run(windows, others(1), [job.output], (outputs) => {
        const error = nmse(outputs[job.output].data, fromCrop[job.output].data);
        if (error <= LARGEST_NMSE) return;
        throw new GlposeError(
          'INTERNAL',
          `the features of a window of ${name} are off: NMSE ${error} against its crop's`,
        );
      });
      let index = 0; // every call looks at a frame of its own
      for (const crops of batches) {
        const last = (await run(crops)).slice(-alone.length);
        if (last.some((value, i) => value !== alone[i])) {
          throw new GlposeError('INTERNAL', `the features of ${name} depend on how many crops go together (${crops})`);
        }
        const fromFrame = (): Promise<unknown> =>
          keeping.windows!.run(windowsOf(frame, crops, ++index, job.input), others(crops), [], () => {});
        figures.batches.push({
          crops,
          ...(await timed(crops, () => run(crops))),
          fromFrame: await timed(crops, fromFrame),
        });
      }
      return figures;
    } finally {
      session.dispose();
      keeping.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A frame as videos have them, of arbitrary values. */
function anyFrame(): Image {
  const [width, height] = [1920, 1080];
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  return { width, height, data };
}

/** Windows of people all over a frame. @param index of the frame */
function windowsOf(frame: Image, count: number, index: number, input: ImageInput): ImageWindow[] {
  return Array.from({ length: count }, (_, i) => {
    const [centreX, centreY] = [(i * 311) % frame.width, (i * 173 + 400) % frame.height];
    const window = { centreX, centreY, width: 400, height: (400 * input.height) / input.width };
    return { image: { ...frame, index }, person: { window } };
  });
}

function repeated(values: Float32Array, times: number): Float32Array {
  const all = new Float32Array(values.length * times);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}
