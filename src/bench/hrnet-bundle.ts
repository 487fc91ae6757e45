import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COCO_JOINTS, POSETRACK17_JOINTS } from '../joints.js';
import { checkConfig, DEFAULT_BUNDLE, headShape, loadBundle } from '../bundle/bundle.js';
import type { BundleConfigFile } from '../bundle/config.js';
import { cutOnnx, withOutput } from '../models/onnx-cut.js';
import { parseOnnx } from '../onnx/onnx-model.js';
import { randomHead } from '../models/random-head.js';
import { formatSafetensors } from '../bundle/safetensors.js';
import { makeFolderAtomically } from '../storage/atomic-folder.js';
import { hrnetGraph } from './hrnet-graph.js';

/** The paper's extractor: HRNet-W48 at 384×288. */
export const PAPER_SIZE = { channels: 48, width: 288, height: 384 } as const;

/**
 * Writes a bundle of the paper's size with arbitrary weights: an HRNet that ends at stage 3, branch 0, and a head of the paper's
 * shape. It takes the time and the memory of the real one; its poses mean nothing. Its single-frame heat maps are one 1×1
 * convolution of the feature map, in the same file.
 * @param dir the folder to make; what was there is replaced
 * @param size channels of branch 0 and the input's size in pixels (multiples of 32)
 * @throws OUTPUT where the disk refuses
 */
export async function writeHrnetBundle(dir: string, size: HrnetSize = PAPER_SIZE): Promise<void> {
  const { channels, width, height } = size;
  const shipped = await loadBundle(DEFAULT_BUNDLE);
  const { onnx, stage3Branch0 } = hrnetGraph({ width: channels, size: { width, height }, modules: [1, 4, 0] });
  const whole = parseOnnx(onnx, 'the generated HRNet');
  const [heatmaps] = whole.outputs;
  // Stage 3 also makes branches 1 and 2, which only stage 4 would read: the cut leaves them out.
  const extractor = withOutput(parseOnnx(cutOnnx(whole, heatmaps.name), whole.file), stage3Branch0);

  const file: BundleConfigFile = {
    format: 1,
    name: `generated-hrnet-w${channels}`,
    description: `For benchmarks: HRNet-W${channels} up to stage 3, branch 0, with arbitrary weights; its poses mean nothing`,
    license: 'Apache-2.0',
    extractor: {
      file: 'extractor.onnx',
      input: { name: 'input', width, height, mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
      features: { output: stage3Branch0, channels, width: width / 4, height: height / 4 },
      ownPose: {
        kind: 'heatmaps',
        file: 'extractor.onnx',
        output: heatmaps.name,
        joints: [...COCO_JOINTS],
        decode: 'quarter',
      },
    },
    detector: shipped.config.detector,
    head: {
      file: 'head.safetensors',
      trained: false,
      blockWidth: channels,
      joints: [...POSETRACK17_JOINTS],
      k: 4,
      n: 6,
      m: 20,
    },
  };
  const config = checkConfig(file, path.join(dir, 'config.json'));
  await makeFolderAtomically(dir, async (temporary) => {
    await writeFile(path.join(temporary, 'extractor.onnx'), extractor);
    await writeFile(path.join(temporary, 'config.json'), `${JSON.stringify(file, null, 2)}\n`);
    await copyFile(shipped.detectorFile!, path.join(temporary, shipped.config.detector!.file));
    const head = formatSafetensors(randomHead(headShape(config), 1), 'F16', { trained: 'false' });
    await writeFile(path.join(temporary, 'head.safetensors'), head);
  });
}

interface HrnetSize {
  channels: number;
  width: number;
  height: number;
}
