import type { OwnPoseConfig } from '../bundle/config.js';
import type { JointOffsets } from '../bundle/joint-offsets.js';
import type { Addon } from '../native/contract.js';
import {
  NUMBERS_OF_JOINT,
  type DecodeLayer,
  type MapShape,
  type Network,
  type PeaksLayer,
  type PoseLayer,
} from '../native/network.js';
import { DISTANCE_OFFSET } from '../onnx/located-joints.js';
import type { Outputs } from '../onnx/outputs.js';
import type { PersonWindow } from '../types.js';
import { expectedOf } from './crop-net.js';
import { toJoints } from './estimator.js';
import { expectationSoftness } from './expectation.js';
import { moveNetPose } from './movenet-pose.js';
import type { WindowPose } from './one-joint-one-person.js';
import { heatmapPeaks } from './peaks.js';

/** Decodes the extractor's own poses, with all that their windows offer. */
export interface OwnPoses {
  readonly joints: readonly string[];
  /** From where the net has its joints to where the bundle's others have them. */
  readonly offsets?: JointOffsets;
  /** @param outputs of the person's window, [1, …] each */
  decode(outputs: Outputs, person: PersonWindow): WindowPose;
}

/** Outputs of `withReadOuts`. */
const READ_OUTS = { joints: 'own pose: joints', peaks: 'own pose: peaks' };

/** The outputs of a net in which it shows joints by itself. */
export function ownPoseOutputs(config: OwnPoseConfig): string[] {
  return config.kind === 'movenet' ? Object.values(config.outputs) : [config.output];
}

/** The one of them that holds heat maps [N, K, h, w]. */
export function ownHeatmaps(config: OwnPoseConfig): string {
  return config.kind === 'movenet' ? config.outputs.heatmap : config.output;
}

/**
 * A network that also says what `decodeOwnPose` needs of its maps, as outputs after the others: some thousand numbers a person instead of
 * hundreds of thousands. The network as it is where it cannot: without the input of where joints are expected.
 * @param outputs names of the network's outputs, in their order
 */
export function withReadOuts(
  network: Network,
  outputs: readonly string[],
  config: OwnPoseConfig,
): { network: Network; outputs: readonly string[] } {
  const mapOf = (name: string): number => network.outputs[outputs.indexOf(name)];
  const heatmaps = mapOf(ownHeatmaps(config));
  if (heatmaps === undefined || (config.kind === 'movenet' && network.inputs < 2)) return { network, outputs };
  const { channels, height } = network.maps[heatmaps];
  const first = network.maps.length;
  const offsets = config.kind === 'movenet' ? mapOf(config.outputs.offset) : null;
  const ofJoints = { name: READ_OUTS.joints, out: first, heatmaps };
  const joints: DecodeLayer | PoseLayer =
    config.kind === 'heatmaps'
      ? { ...ofJoints, op: 'decode', method: config.decode }
      : {
          ...ofJoints,
          op: 'pose',
          offsets: offsets!,
          regress: mapOf(config.outputs.regress),
          center: mapOf(config.outputs.center),
          expected: 1,
          ...trustIn(height),
        };
  const peaks: PeaksLayer = { name: READ_OUTS.peaks, out: first + 1, op: 'peaks', heatmaps, offsets };
  const numbersOf = ({ op }: typeof joints | PeaksLayer): MapShape => ({
    channels: channels * NUMBERS_OF_JOINT[op],
    height: 1,
    width: 1,
  });
  return {
    network: {
      ...network,
      maps: [...network.maps, numbersOf(joints), numbersOf(peaks)],
      layers: [...network.layers, joints, peaks],
      outputs: [...network.outputs, joints.out, peaks.out],
    },
    outputs: [...outputs, joints.name, peaks.name],
  };
}

/** The outputs of a net with read-outs that `decodeOwnPose` does not need, and others than the own pose's are read for. */
export function withoutOwnMaps(outputs: readonly string[], config: OwnPoseConfig): string[] {
  if (!outputs.includes(READ_OUTS.joints)) return [...outputs];
  const maps = ownPoseOutputs(config);
  return outputs.filter((name) => !maps.includes(name));
}

/**
 * The extractor's own pose of one person, the joints as `config` names them: by what the net read out of its maps where it did, else by the maps.
 * @param outputs of the person's window, [1, …] each
 * @param company whether others are in sight of the window
 */
export function decodeOwnPose(
  native: Pick<Addon, 'decode' | 'peaks' | 'pose'>,
  config: OwnPoseConfig,
  outputs: Outputs,
  person: PersonWindow,
  company: boolean,
): WindowPose {
  const map = (name: string): Float32Array => outputs[name].data;
  const [, K, h, w] = outputs[ownHeatmaps(config)].dims;
  const heatmaps = map(ownHeatmaps(config));
  const readOut = (name: string): Float32Array | undefined => outputs[name]?.data;
  const peaks = (offsets?: Float32Array): Float32Array | undefined =>
    company ? (readOut(READ_OUTS.peaks) ?? native.peaks(heatmaps, [1, K, h, w], offsets)) : undefined;
  if (config.kind === 'heatmaps') {
    const places = readOut(READ_OUTS.joints) ?? native.decode(heatmaps, [1, K, h, w], config.decode);
    const joints = toJoints(places, person.window, w);
    const found = peaks();
    return { joints, peaks: found && heatmapPeaks(found, joints, person.window, w) };
  }
  const { offset, regress, center } = config.outputs;
  const decode = (): Float32Array => {
    const trust = trustIn(h);
    const expected = expectedOf([person], 1).data;
    const maps = [map(offset), map(regress), map(center)] as const;
    return native.pose(heatmaps, ...maps, expected, [K, h, w], trust.offset, trust.softness);
  };
  return moveNetPose(readOut(READ_OUTS.joints) ?? decode(), peaks(map(offset)), person, w);
}

/** MoveNet's own, and a coarse pose's, in maps of h rows. */
function trustIn(h: number): { offset: number; softness: number } {
  return { offset: DISTANCE_OFFSET, softness: expectationSoftness(h) };
}
