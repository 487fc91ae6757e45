import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseSafetensors } from '../../src/bundle/safetensors.js';
import type { ExpectedJoints, HeadShape, Tensor } from '../../src/native/contract.js';
import { ROOT } from '../shared-data.js';

const FOLDER = path.join(ROOT, 'test/native/golden');

/** One case of training/golden.py: a head, its input and what the PyTorch reference makes of it. */
export interface Golden {
  people: number;
  shape: HeadShape;
  /** The head's own tensors, by the names of head.safetensors. */
  head: Record<string, Tensor>;
  /** Input and results: features, weights, with conditions expected, embeddings, heatmaps, s and, with enhancement, mask and f. */
  tensors: ReadonlyMap<string, Tensor>;
}

export const goldenNames = readdirSync(FOLDER).map((file) => path.basename(file, '.safetensors'));

export function readGolden(name: string): Golden {
  return readGoldenFile(path.join(FOLDER, `${name}.safetensors`));
}

export function readGoldenFile(file: string): Golden {
  const { tensors, metadata } = parseSafetensors(readFileSync(file), file);
  const setting = (key: string): number => JSON.parse(metadata[key]) as number;
  const head: Record<string, Tensor> = {};
  for (const [key, tensor] of tensors) if (key.startsWith('head/')) head[key.slice('head/'.length)] = tensor;
  return {
    people: setting('people'),
    head,
    tensors,
    shape: {
      channels: setting('channels'),
      height: setting('height'),
      width: setting('width'),
      blockWidth: setting('block_width'),
      joints: setting('joints'),
      k: setting('k'),
      n: setting('n'),
      enhancement: metadata.enhancement === 'true',
      enhancementBlocks: setting('enhancement_blocks'),
      kernel: setting('kernel') as 1 | 3 | 5,
      conditions: metadata.conditions === 'true',
      featureMean: tensors.get('mean')!.data,
      featureStd: tensors.get('std')!.data,
    },
  };
}

/** Where joints are expected; with conditions. @param person of the case's; all of them without one */
export function expectedOf({ tensors, people }: Golden, person?: number): ExpectedJoints | undefined {
  const expected = tensors.get('expected');
  if (!expected) return undefined;
  const { data, shape } = expected;
  const size = data.length / people;
  const points = person === undefined ? data : data.subarray(person * size, (person + 1) * size);
  return { people: shape[2], points };
}

/** Σ (a − b)² / Σ b²: normalised mean squared error of `a` against the reference `b`. */
export function nmse(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let error = 0;
  let power = 0;
  for (let i = 0; i < a.length; i++) {
    error += (a[i] - b[i]) ** 2;
    power += b[i] ** 2;
  }
  return error / power;
}
