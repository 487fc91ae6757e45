import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_BUNDLE, loadBundle } from '../bundle/bundle.js';
import { COCO_JOINTS } from '../joints.js';
import { cutOnnx } from '../models/onnx-cut.js';
import type { ImageInput } from '../onnx/network-session.js';
import { parseOnnx } from '../onnx/onnx-model.js';
import { PAPER_SIZE } from './hrnet-bundle.js';
import { hrnetGraph } from './hrnet-graph.js';

/** Extractors. */
export const NETWORKS = ['hrnet_w48', 'default'] as const;
/** The default bundle's detector, too, which a GPU runs. */
export const DEVICE_NETWORKS = [...NETWORKS, 'detector'] as const;
export type NetworkName = (typeof DEVICE_NETWORKS)[number];

/** What of a network is run. */
export interface NetworkJob {
  input: ImageInput;
  output: string;
}

/** A network that is measured, and what it is run on. */
export interface WrittenJob {
  job: NetworkJob;
  /** The ONNX file. */
  file: string;
  /** [3, height, width] */
  image: Float32Array;
  /** [17, 3] of the input that says where joints are expected. */
  expected: Float32Array;
}

/** Writes what network-process.ts reads: job.json, network.onnx, image, expected. */
export async function writeNetworkJob(name: NetworkName, folder: string): Promise<WrittenJob> {
  const write = { hrnet_w48: writeHrnet, default: copyDefault, detector: copyDetector }[name];
  const job = await write(folder);
  const image = noise(3 * job.input.height * job.input.width);
  const expected = someExpected();
  writeFileSync(path.join(folder, 'job.json'), JSON.stringify(job));
  writeFileSync(path.join(folder, 'image'), image);
  writeFileSync(path.join(folder, 'expected'), expected);
  return { job, file: path.join(folder, 'network.onnx'), image, expected };
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

/** At its usual scale, for frames of 16:9. */
async function copyDetector(folder: string): Promise<NetworkJob> {
  const { config, detectorFile } = await loadBundle(DEFAULT_BUNDLE);
  copyFileSync(detectorFile!, path.join(folder, 'network.onnx'));
  const { name } = config.detector!.input;
  return { input: { name, width: 512, height: 288 }, output: 'regress' };
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
