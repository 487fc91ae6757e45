import { readFile } from 'node:fs/promises';
import { GlposeError, messageOf } from '../errors.js';
import type { Addon, ConvTiming } from '../native/contract.js';
import type { NetInput } from '../native/cut-window.js';
import type { Network } from '../native/network.js';
import { BufferPool } from './buffer-pool.js';
import { DeviceWindows } from './device-windows.js';
import { OnnxGraph } from './graph.js';
import { describeMissing, lower } from './lowering/lower.js';
import { parseOnnx } from './onnx-model.js';
import type { OnnxSession, TensorData } from './runtime.js';

/** The input of a graph that takes images of one size. */
export interface ImageInput {
  name: string;
  width: number;
  height: number;
  /** The input [N, 17, 3] that says where joints are expected. */
  expectedJoints?: string;
}

/** A graph as glpose's own kernels can run it; or, in words, what keeps them from it: the first operator that they lack. */
export type OwnNetwork = { network: Network; missing: null } | { network: null; missing: string };

/**
 * Reads a graph for the addon's kernels.
 * @param outputs tensors to give back
 * @throws MODEL where the file cannot be read
 */
export async function readNetwork(file: string, input: ImageInput, outputs: readonly string[]): Promise<OwnNetwork> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (thrown) {
    throw new GlposeError(
      'MODEL',
      `${file} cannot be read: ${messageOf(thrown)}`,
      'Import or install the model again.',
    );
  }
  try {
    const graph = new OnnxGraph(parseOnnx(bytes, file));
    const { name, width, height, expectedJoints } = input;
    const lowered = lower(graph, { name, channels: 3, height, width, expectedJoints }, outputs);
    return lowered.missing ? { network: null, missing: describeMissing(lowered.missing) } : lowered;
  } catch (thrown) {
    // ONNX Runtime may still know what to do with it.
    if (thrown instanceof GlposeError && thrown.code === 'MODEL') return { network: null, missing: thrown.message };
    throw thrown;
  }
}

/**
 * Whether the addon runs a network faster than ONNX Runtime does on a CPU: where most multiplications are those of 3×3 convolutions
 * of stride 1, of which Winograd's algorithm needs a quarter. Measured with AVX2 and AVX-512 only.
 */
export function fasterOnCpu(native: Addon, { maps, layers }: Network): boolean {
  if (native.info().isa === 'baseline') return false;
  let all = 0;
  let saved = 0;
  for (const layer of layers) {
    if (layer.op !== 'conv') continue;
    const { channels, height, width } = maps[layer.out];
    const macs = channels * (layer.depthwise ? 1 : maps[layer.source].channels) * layer.kernel ** 2 * height * width;
    all += macs;
    if (layer.kernel === 3 && layer.stride === 1 && !layer.depthwise) saved += macs;
  }
  return saved > all / 2;
}

/** What runs a graph on a CPU, and why, in words. */
export function describeRuntime(native: Addon, { network, missing }: OwnNetwork): string {
  if (missing !== null) return `ONNX Runtime; glpose's own kernels lack ${missing}`;
  return fasterOnCpu(native, network) ? "glpose's own kernels" : 'ONNX Runtime, which is the faster one here';
}

export interface OwnSession extends OnnxSession {
  /** How long each layer takes, one image by itself. @param feeds as those of `run` */
  timings(feeds: Record<string, TensorData>): Promise<ConvTiming[]>;
  dispose(): void;
}

/**
 * A network in the addon, ready to run. Its layers use all threads of the addon's pool, so that one run at a time is enough.
 * @param outputs names of the network's outputs, in their order
 * @param device `cpu` or `cuda:<index>`
 * @param cutting for a session that cuts windows itself: the standardisation of its input, and the output that is to stay on the device
 * @param buffers memory for feeds and outputs
 * @throws MODEL where the layers contradict one another, DEVICE, MEMORY
 */
export function networkSession(
  native: Addon,
  network: Network,
  input: ImageInput,
  outputs: readonly string[],
  device: string,
  cutting?: NetInput & { kept?: string },
  buffers = new BufferPool(),
): OwnSession {
  const own = native.createNetwork(network.maps, network.inputs, network.outputs, device);
  for (const layer of network.layers) own.add(layer);
  const shapes = network.outputs.map((map) => network.maps[map]);
  const inputs = input.expectedJoints === undefined ? [input.name] : [input.name, input.expectedJoints];
  const dataOf = (feeds: Record<string, TensorData>): Float32Array[] => inputs.map((name) => feeds[name].data);
  return {
    inputs,
    outputs: [...outputs],
    maxBatch: Infinity,
    width: 1,
    buffers,
    windows:
      cutting &&
      new DeviceWindows(
        native,
        own,
        cutting,
        outputs.map((name, i) => ({ name, dims: [shapes[i].channels, shapes[i].height, shapes[i].width] })),
        buffers,
        cutting.kept,
      ),
    async run(feeds, wanted, into) {
      const [count] = feeds[input.name].dims;
      const results = outputs.map((name, i): TensorData | null => {
        if (!wanted.includes(name)) return null;
        const { channels, height, width } = shapes[i];
        const given = into?.[name];
        return (
          given ?? { dims: [count, channels, height, width], data: buffers.take(count * channels * height * width) }
        );
      });
      await own.run({ inputs: dataOf(feeds), count, into: results.map((result) => result && result.data) });
      dataOf(feeds).forEach((data) => buffers.give(data));
      return Object.fromEntries(outputs.flatMap((name, i) => (results[i] ? [[name, results[i]] as const] : [])));
    },
    timings: async (feeds) => (await own.run({ inputs: dataOf(feeds), count: 1, timings: true })).timings,
    dispose: () => own.dispose(),
  };
}
