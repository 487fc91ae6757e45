import type { Tensor } from '../native/contract.js';
import { headTensorShapes } from '../bundle/head-tensors.js';

/**
 * Tensors of a head that has not been trained: He initialisation for the blocks, N(0, 0.001) for the last convolution,
 * BatchNorm as at the start of training. Equal seeds give equal tensors on every machine.
 */
export function randomHead(shape: Parameters<typeof headTensorShapes>[0], seed: number): Map<string, Tensor> {
  const normal = normalSource(seed);
  const tensors = new Map<string, Tensor>();
  for (const [name, dims] of headTensorShapes(shape)) {
    const count = dims.reduce((product, side) => product * side, 1);
    const data = new Float32Array(count);
    if (dims.length === 4) {
      const fanIn = dims[1] * dims[2] * dims[3];
      const deviation = name === 'head.weight' ? 0.001 : Math.sqrt(2 / fanIn);
      for (let i = 0; i < count; i++) data[i] = deviation * normal();
    } else if (name.endsWith('running_var') || (name.endsWith('.weight') && dims.length === 1)) data.fill(1);
    tensors.set(name, { shape: dims, data });
  }
  return tensors;
}

/** Seeded, nearly normal numbers: sums of uniform ones, as logarithms differ in the last bit from machine to machine. */
function normalSource(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}
