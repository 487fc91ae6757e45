import { readFile, rm, writeFile } from 'node:fs/promises';
import { GlposeError } from '../../errors.js';
import type { Crop } from '../../estimation/crop-net.js';
import { OnnxRuntime } from '../../onnx/runtime.js';
import { parseOnnx } from '../../onnx/onnx-model.js';
import { ActivationStatistics } from './activation-statistics.js';
import { runOn, type NetworkInput } from './comparison.js';
import { storeAsFloat16 } from './float16.js';
import { OnnxGraph } from '../../onnx/graph.js';
import { planInt8, toInt8 } from './int8.js';
import { raiseOpset } from './opset.js';
import { simplify } from '../../onnx/simplify.js';

/** `int8`: weights and activations as integers, fast on a CPU. `float16`: weights stored in half the space. */
export type QuantizeType = 'int8' | 'float16';

export interface CalibrationOptions {
  input: NetworkInput;
  crops: readonly Crop[];
  signal?: AbortSignal;
}

/**
 * Writes a network in another number format.
 * @param source an ONNX file of float32 or float16 weights
 * @param target the file to write; a file beside it holds the observed network for a while
 * @returns operators that became integer ones
 * @throws MODEL where the network cannot be quantised
 */
export async function quantizeNetwork(
  source: string,
  target: string,
  type: QuantizeType,
  calibration: CalibrationOptions,
): Promise<number> {
  const graph = new OnnxGraph(parseOnnx(await readFile(source), source));
  if (graph.nodes.some(({ op }) => op === 'DequantizeLinear' || op === 'QLinearConv')) {
    throw new GlposeError('MODEL', `${source} is quantised already`, 'Give the bundle that it was made from.');
  }
  simplify(graph);
  let integer = 0;
  if (type === 'float16') storeAsFloat16(graph);
  else {
    raiseOpset(graph);
    const plan = planInt8(graph);
    integer = plan.operators.size;
    if (integer === 0) {
      throw new GlposeError('MODEL', `${source} has no convolution that can run on integers`, 'Try --type float16.');
    }
    const tensors = [...plan.tensors.keys()];
    toInt8(graph, plan, await observe(graph, tensors, `${target}.observed`, calibration));
  }
  await writeFile(target, graph.write());
  return integer;
}

/** Runs the network on the calibration crops. @returns the statistics of each of the tensors */
async function observe(
  graph: OnnxGraph,
  tensors: string[],
  file: string,
  { input, crops, signal }: CalibrationOptions,
): Promise<Map<string, ActivationStatistics>> {
  const statistics = new Map(tensors.map((name) => [name, new ActivationStatistics(`${graph.file}: tensor ${name}`)]));
  const made = tensors.filter((name) => !graph.inputs.includes(name));
  const runtime = new OnnxRuntime(1); // every tensor of a run is in memory: one run at a time
  try {
    await writeFile(file, graph.write(made));
    const network = await runtime.load(file, null);
    for (const crop of crops) {
      signal?.throwIfAborted();
      const results = await runOn(network, input, made, crop);
      for (const name of made) statistics.get(name)!.add(results[name].data, results[name].dims);
      statistics.get(input.name)?.add(crop, [1, 3, input.height, input.width]);
    }
    return statistics;
  } finally {
    await runtime.dispose();
    await rm(file, { force: true });
  }
}
