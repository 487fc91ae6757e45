import { expectedOf, type Crop } from '../../estimation/crop-net.js';
import { OnnxRuntime, type OnnxSession, type TensorData } from '../../onnx/runtime.js';

/** How a network compares with the one that it was made from, on the same crops and one core. */
export interface Comparison {
  /** Σ (new − old)² / Σ old², by output. */
  nmse: Record<string, number>;
  /** Median time of a crop. */
  milliseconds: { before: number; after: number };
}

export interface NetworkInput {
  name: string;
  width: number;
  height: number;
  expectedJoints?: string;
}

/** Runs two networks in turn, so that what else the machine does slows both alike. */
export async function compareNetworks(
  before: string,
  after: string,
  input: NetworkInput,
  outputs: string[],
  crops: readonly Crop[],
): Promise<Comparison> {
  const runtime = new OnnxRuntime(1);
  try {
    const networks = [await runtime.load(before, null), await runtime.load(after, null)];
    for (const network of networks) await runOn(network, input, outputs, crops[0]); // the first run makes room
    const times: [number[], number[]] = [[], []];
    const sums = outputs.map(() => ({ error: 0, power: 0 }));
    for (const crop of crops) {
      const results: Awaited<ReturnType<typeof runOn>>[] = [];
      for (const [i, network] of networks.entries()) {
        const started = performance.now();
        results.push(await runOn(network, input, outputs, crop));
        times[i].push(performance.now() - started);
      }
      outputs.forEach((name, i) => {
        const [old, renewed] = results.map((result) => result[name].data);
        for (let at = 0; at < old.length; at++) {
          sums[i].error += (renewed[at] - old[at]) ** 2;
          sums[i].power += old[at] ** 2;
        }
      });
    }
    const nmse = outputs.map((name, i) => [name, sums[i].error === 0 ? 0 : sums[i].error / sums[i].power]);
    return {
      nmse: Object.fromEntries(nmse) as Record<string, number>,
      milliseconds: { before: median(times[0]), after: median(times[1]) },
    };
  } finally {
    await runtime.dispose();
  }
}

/** Runs a network on one crop, which stays usable. */
export function runOn(
  network: OnnxSession,
  { name, width, height, expectedJoints }: NetworkInput,
  outputs: string[],
  crop: Crop,
): ReturnType<OnnxSession['run']> {
  const feeds: Record<string, TensorData> = { [name]: { dims: [1, 3, height, width], data: crop.slice() } };
  if (expectedJoints !== undefined && network.inputs.includes(expectedJoints)) {
    feeds[expectedJoints] = expectedOf([], 1);
  }
  return network.run(feeds, outputs);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
