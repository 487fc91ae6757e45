import type { OwnPoseConfig } from '../bundle/config.js';
import type { Addon } from '../native/contract.js';
import type { Outputs } from '../onnx/outputs.js';
import type { PersonWindow } from '../types.js';
import { toJoints } from './estimator.js';
import { decodeMoveNetPose } from './movenet-pose.js';
import type { WindowPose } from './one-joint-one-person.js';
import { heatmapPeaks } from './peaks.js';

/** Decodes the extractor's own poses, with all that their windows offer. */
export interface OwnPoses {
  readonly joints: readonly string[];
  /** @param outputs of the person's window, [1, …] each */
  decode(outputs: Outputs, person: PersonWindow): WindowPose;
}

/** The outputs of a net in which it shows joints by itself. */
export function ownPoseOutputs(config: OwnPoseConfig): string[] {
  return config.kind === 'movenet' ? Object.values(config.outputs) : [config.output];
}

/** The one of them that holds heat maps [N, K, h, w]. */
export function ownHeatmaps(config: OwnPoseConfig): string {
  return config.kind === 'movenet' ? config.outputs.heatmap : config.output;
}

/**
 * The extractor's own pose of one person, the joints as `config` names them.
 * @param outputs of the person's window, [1, …] each
 * @param company whether others are in sight of the window
 */
export function decodeOwnPose(
  native: Pick<Addon, 'decode'>,
  config: OwnPoseConfig,
  outputs: Outputs,
  person: PersonWindow,
  company: boolean,
): WindowPose {
  const map = (name: string): Float32Array => outputs[name].data;
  const name = ownHeatmaps(config);
  const [, K, h, w] = outputs[name].dims;
  const heatmap = map(name);
  if (config.kind === 'heatmaps') {
    const { window } = person;
    const joints = toJoints(native.decode(heatmap, [1, K, h, w], config.decode), window, w);
    return { joints, peaks: company ? heatmapPeaks(heatmap, joints, window, h, w) : undefined };
  }
  const { offset, regress, center } = config.outputs;
  const maps = { h, w, heatmap, offset: map(offset), regress: map(regress), center: map(center) };
  return decodeMoveNetPose(maps, person, company);
}
