import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { GlposeError, messageOf } from '../errors.js';
import { POSETRACK17_JOINTS } from '../joints.js';
import { makeFolders } from '../storage/make-folders.js';
import { asOutputError } from '../storage/atomic-write.js';
import { OnnxRuntime, type OnnxSession, type TensorData } from '../onnx/runtime.js';
import { checkConfig, DEFAULT_BUNDLE, headShape, loadBundle, type Bundle } from '../bundle/bundle.js';
import type { BundleConfigFile } from '../bundle/config.js';
import { findStage3Branch0 } from './hrnet.js';
import { cutOnnx, withOutput } from './onnx-cut.js';
import { FLOAT32, parseOnnx, type OnnxModel, type OnnxValue } from '../onnx/onnx-model.js';
import { randomHead } from './random-head.js';
import { formatSafetensors } from '../bundle/safetensors.js';

export interface ImportOptions {
  /** Joint names of the network's heat maps, in their order. */
  joints: readonly string[];
  /** The tensor to cut at, instead of the one that the topology gives. */
  tensor?: string;
  /** Input size for graphs that leave it free. Default: 288×384. */
  inputSize?: { width: number; height: number };
}

export interface ImportReport {
  /** The new bundle's folder. */
  dir: string;
  producer: string;
  opset: number;
  /** The tensor that became the feature map. */
  tensor: string;
  input: { width: number; height: number };
  features: { channels: number; width: number; height: number };
  /** Operators of the cut graph and of the whole one. */
  nodes: { cut: number; whole: number };
}

/** The paper's configuration, for the input size of graphs that leave it free. */
const PAPER_INPUT = { width: 288, height: 384 };
/** ImageNet's statistics, which every HRNet is trained with, for values 0–255. */
const MEAN = [123.675, 116.28, 103.53] as const;
const STD = [58.395, 57.12, 57.375] as const;

/** A real person, to compare the cut with the uncut network on. */
const PERSON = fileURLToPath(new URL('../../../samples/person.png', import.meta.url));

/**
 * Makes a bundle out of an HRNet export: cuts the graph at stage 3, branch 0 (Eq. 1), keeps the whole network for the
 * single-frame baseline, adds the default bundle's detector and an untrained head of the paper's shape. Before anything
 * is kept, the cut is compared with the uncut network on a real crop and on noise: the feature maps must be equal.
 * @param source the ONNX file
 * @param dir the folder to make; must not exist
 * @throws MODEL where the file is not a network that can be used so, OUTPUT where the folder cannot be made
 */
export async function importHrnet(source: string, dir: string, options: ImportOptions): Promise<ImportReport> {
  const bytes = await readSource(source);
  const model = parseOnnx(bytes, source);
  const input = imageInput(model, options.inputSize);
  const heatmaps = heatmapOutput(model);
  const tensor = options.tensor ?? findStage3Branch0(model);
  const cut = cutOnnx(model, tensor);

  const partial = await makePartial(dir);
  try {
    await writeFile(path.join(partial, 'extractor.onnx'), cut);
    await writeFile(path.join(partial, 'probe.onnx'), withOutput(model, tensor));
    const features = await compare(partial, { model, input, tensor, heatmaps, joints: options.joints });
    await rm(path.join(partial, 'probe.onnx'));

    const report: ImportReport = {
      dir,
      producer: model.producer,
      opset: model.opset,
      tensor,
      input: { width: input.width, height: input.height },
      features,
      nodes: { cut: parseOnnx(cut, source).nodes.length, whole: model.nodes.length },
    };
    await fillBundle(partial, source, input.name, heatmaps.name, options.joints, report);
    await writeFile(path.join(partial, 'README.md'), modelCard(source, bytes, report));
    await loadBundle(partial).then((bundle) => bundle.loadHead());
    await rename(partial, dir);
    return report;
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    throw asOutputError(dir, thrown);
  }
}

async function readSource(source: string): Promise<Buffer> {
  try {
    return await readFile(source);
  } catch (thrown) {
    throw new GlposeError('MODEL', `${source} cannot be read: ${messageOf(thrown)}`, 'Give an ONNX file.');
  }
}

/** The one input of the graph: an image [N, 3, height, width]. */
function imageInput(
  { file, inputs }: OnnxModel,
  size: ImportOptions['inputSize'],
): { name: string; width: number; height: number } {
  const fail: (problem: string) => never = (problem) => {
    throw new GlposeError('MODEL', `${file}: ${problem}`, 'Expected one float32 image input [N, 3, height, width].');
  };
  if (inputs.length !== 1) fail(`the graph has ${inputs.length} inputs`);
  const [{ name, elementType, dims }] = inputs;
  if (elementType !== FLOAT32) fail(`input ${name} is not of type float32`);
  if (dims?.length !== 4) fail(`input ${name} is not of four dimensions`);
  const [count, channels, height, width] = dims;
  if (channels !== undefined && channels !== 3) fail(`input ${name} has ${channels} channels`);
  if (count !== undefined && count !== 1) fail(`input ${name} takes ${count} images at a time`);
  const chosen = {
    width: width ?? size?.width ?? PAPER_INPUT.width,
    height: height ?? size?.height ?? PAPER_INPUT.height,
  };
  if (size && (size.width !== chosen.width || size.height !== chosen.height)) {
    fail(`input ${name} is ${width}×${height}, so it cannot be ${size.width}×${size.height}`);
  }
  return { name, ...chosen };
}

/** The one output of the graph: heat maps [N, K, h, w]. */
function heatmapOutput({ file, outputs }: OnnxModel): OnnxValue {
  if (outputs.length === 1) return outputs[0];
  const names = outputs.map(({ name }) => name).join(', ');
  const remedy = 'Export the network without decoding, so that it gives heat maps [N, K, h, w] only.';
  throw new GlposeError('MODEL', `${file}: the graph has ${outputs.length} outputs (${names})`, remedy);
}

interface Comparison {
  model: OnnxModel;
  input: { name: string; width: number; height: number };
  tensor: string;
  heatmaps: OnnxValue;
  joints: readonly string[];
}

/** Runs the cut and the uncut network on a real crop and on noise. @returns the feature map's size */
async function compare(
  dir: string,
  { model, input, tensor, heatmaps, joints }: Comparison,
): Promise<{ channels: number; width: number; height: number }> {
  const fail: (problem: string, remedy?: string) => never = (problem, remedy = '') => {
    throw new GlposeError('MODEL', `${model.file}: ${problem}`, remedy);
  };
  const crops = [await personCrop(input.width, input.height), noise(3 * input.width * input.height)];
  const runtime = new OnnxRuntime(1);
  try {
    const run = async (session: OnnxSession, outputs: string[]): Promise<Record<string, TensorData>[]> => {
      const results: Record<string, TensorData>[] = [];
      for (const crop of crops) {
        const dims = [1, 3, input.height, input.width];
        results.push(await session.run({ [input.name]: { dims, data: crop.slice() } }, outputs));
      }
      return results;
    };
    const whole = await run(await runtime.load(path.join(dir, 'probe.onnx'), null), [tensor, heatmaps.name]);
    const parts = await run(await runtime.load(path.join(dir, 'extractor.onnx'), null), [tensor]);

    const [, K] = whole[0][heatmaps.name].dims;
    if (whole[0][heatmaps.name].dims.length !== 4) fail(`output ${heatmaps.name} is not heat maps [N, K, h, w]`);
    if (K !== joints.length) {
      fail(`the network gives ${K} heat maps, but ${joints.length} joints are named`, 'Name its joints with --joints.');
    }
    const { dims } = parts[0][tensor];
    if (dims.length !== 4) fail(`tensor ${tensor} is [${dims.join(', ')}], not a feature map [N, C, h, w]`);
    for (const [i, kind] of ['a real crop', 'noise'].entries()) {
      const expected = whole[i][tensor].data;
      const wrong = parts[i][tensor].data.findIndex((value, at) => !Object.is(value, expected[at]));
      if (wrong >= 0) {
        fail(`the cut gives ${parts[i][tensor].data[wrong]} on ${kind}, the whole network ${expected[wrong]}`);
      }
      if (!expected.every(Number.isFinite)) fail(`the feature map of ${kind} holds values that are not finite`);
    }
    const [, channels, height, width] = dims;
    return { channels, width, height };
  } finally {
    await runtime.dispose();
  }
}

/** The sample person at the input's size, standardised: [3, height, width]. */
async function personCrop(width: number, height: number): Promise<Float32Array> {
  const image = sharp(PERSON).removeAlpha().toColourspace('srgb').resize(width, height, { fit: 'fill' });
  const rgb = await image.raw().toBuffer();
  const crop = new Float32Array(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    for (let c = 0; c < 3; c++) crop[c * width * height + at] = (rgb[3 * at + c] - MEAN[c]) / STD[c];
  }
  return crop;
}

/** Numbers in −2 … 2 without pattern. */
function noise(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  });
}

/** A folder beside the one to make, which takes its name when everything is in it. */
async function makePartial(dir: string): Promise<string> {
  if (await stat(dir).catch(() => undefined)) {
    throw new GlposeError('OUTPUT', `${dir} exists already`, 'Remove it, or name another folder with --out.');
  }
  try {
    await makeFolders(path.dirname(path.resolve(dir)));
    return await mkdtemp(`${path.resolve(dir)}.partial-`);
  } catch (thrown) {
    throw asOutputError(dir, thrown);
  }
}

/** Writes what a bundle has besides the extractor: the whole network, the detector, a head and config.json. */
async function fillBundle(
  dir: string,
  source: string,
  input: string,
  heatmaps: string,
  joints: readonly string[],
  report: ImportReport,
): Promise<void> {
  const shipped: Bundle = await loadBundle(DEFAULT_BUNDLE);
  const file: BundleConfigFile = {
    format: 1,
    name: path.basename(report.dir).replace(/[^A-Za-z0-9._-]|^[._-]+/g, '') || 'hrnet',
    description: `HRNet features (stage 3, branch 0) of ${path.basename(source)}; the GLPose head is not trained`,
    license: 'that of the imported weights',
    extractor: {
      file: 'extractor.onnx',
      input: { name: input, ...report.input, mean: [...MEAN], std: [...STD] },
      features: { output: report.tensor, ...report.features },
      ownPose: { kind: 'heatmaps', file: 'full.onnx', output: heatmaps, joints: [...joints], decode: 'quarter' },
    },
    detector: shipped.config.detector,
    head: {
      file: 'head.safetensors',
      trained: false,
      blockWidth: report.features.channels,
      joints: [...POSETRACK17_JOINTS],
      k: 4,
      n: 6,
      m: 20,
    },
  };
  const config = checkConfig(file, path.join(dir, 'config.json'));
  await writeFile(path.join(dir, 'config.json'), `${JSON.stringify(file, null, 2)}\n`);
  await copyFile(source, path.join(dir, 'full.onnx'));
  await copyFile(shipped.detectorFile!, path.join(dir, shipped.config.detector!.file));
  const head = formatSafetensors(randomHead(headShape(config), 1), 'F16', { trained: 'false' });
  await writeFile(path.join(dir, 'head.safetensors'), head);
}

function modelCard(source: string, bytes: Buffer, report: ImportReport): string {
  const { input, features, nodes } = report;
  return `# ${path.basename(report.dir)}

Made by \`glpose models import\` from \`${path.basename(source)}\`
(SHA-256 ${createHash('sha256').update(bytes).digest('hex')}; ${report.producer || 'unknown exporter'}, opset ${report.opset}).

* Extractor: the graph up to tensor \`${report.tensor}\` (stage 3, branch 0), ${nodes.cut} of ${nodes.whole} operators:
  ${input.width}×${input.height} in, ${features.channels} channels of ${features.width}×${features.height} out. On a real
  crop and on noise it gave exactly what the whole network computes there.
* Single-frame baseline: the whole network's heat maps (\`full.onnx\`, the imported file unchanged).
* Detector: that of ${DEFAULT_BUNDLE} (MoveNet MultiPose, Google, Apache-2.0).
* Head: random weights. \`--method single-frame\` gives real poses; GLPose needs a head trained on these features.

The imported weights keep the terms of their source.
`;
}
