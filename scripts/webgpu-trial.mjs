/*
 * Whether ONNX Runtime's WebGPU provider computes what its CPU provider does, of the shipped extractor on noise.
 *
 *   node scripts/webgpu-trial.mjs      Linux x86-64 with a Vulkan driver: a GPU's, or Mesa's software one
 */
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const FILE = fileURLToPath(new URL('../models/glpose-movenet/extractor.onnx', import.meta.url));
/** What the graph leaves free. */
const SIZES = { N: 1, H: 256, W: 192 };

let state = 1;
/** Numbers in −1 … 1 without pattern. */
function noise() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
}

const cpu = await InferenceSession.create(FILE, { executionProviders: ['cpu'] });
const feeds = Object.fromEntries(
  cpu.inputMetadata.map(({ name, shape }) => {
    const dims = shape.map((side) => SIZES[side] ?? side);
    const count = dims.reduce((product, side) => product * side, 1);
    return [name, new Tensor('float32', Float32Array.from({ length: count }, noise), dims)];
  }),
);
const expected = await cpu.run(feeds);
const gpu = await InferenceSession.create(FILE, { executionProviders: ['webgpu'], logSeverityLevel: 4 });
for (const run of ['first', 'second']) {
  const began = performance.now();
  const found = await gpu.run(feeds);
  console.log(`${run} run: ${Math.round(performance.now() - began)} ms`);
  for (const [name, { data }] of Object.entries(expected)) {
    let [error, norm] = [0, 0];
    data.forEach((value, i) => {
      error += (value - found[name].data[i]) ** 2;
      norm += value ** 2;
    });
    console.log(`  ${name}: NMSE ${(error / norm).toExponential(1)}`);
  }
}
