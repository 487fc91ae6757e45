import type { OwnPoseConfig } from '../bundle/config.js';
import type { Addon } from '../native/contract.js';
import { toJoints, type EstimatedPose, type Estimator, type Scene } from './estimator.js';
import type { CropNet } from './crop-net.js';
import type { Outputs } from '../onnx/pooled-runs.js';
import { decodeMoveNetPose } from './movenet-pose.js';
import { DERIVED_JOINTS, withDerivedJoints } from './derived-joints.js';
import type { DrawnCandidate } from './candidates.js';
import type { PersonWindow } from '../types.js';

/** The extractor's own poses, from the key frame alone: the baseline beside GLPose. */
export class SingleFrame implements Estimator {
  readonly joints: readonly string[];
  readonly k = 0;
  readonly m = 0;
  private signal?: AbortSignal;

  constructor(
    private readonly native: Addon,
    private readonly net: CropNet,
    private readonly config: OwnPoseConfig,
  ) {
    this.joints = config.kind === 'movenet' ? [...config.joints, ...DERIVED_JOINTS] : config.joints;
  }

  async begin(_: readonly DrawnCandidate[], signal?: AbortSignal): Promise<void> {
    this.signal = signal; // nothing else is remembered from one frame to another
  }

  async passed(): Promise<void> {}

  async estimate([scene]: readonly Scene[], explain = false): Promise<EstimatedPose[]> {
    const { people } = scene;
    return this.net.extract(scene, people, (outputs, i) => this.decode(outputs, people[i], explain), this.signal);
  }

  private decode(outputs: Outputs, person: PersonWindow, explain: boolean): EstimatedPose {
    const { config } = this;
    const { window } = person;
    const map = (name: string): Float32Array => outputs[name].data;
    const heat = config.kind === 'movenet' ? config.outputs.heatmap : config.output;
    const [, K, h, w] = outputs[heat].dims;
    const heatmaps = map(heat);
    const explanation = explain
      ? { window, references: [], heatmaps: heatmaps.slice(), width: w, height: h }
      : undefined;
    if (config.kind === 'heatmaps') {
      const places = this.native.decode(heatmaps, [1, K, h, w], config.decode);
      return { joints: toJoints(places, window, w), explanation };
    }
    const { offset, regress, center } = config.outputs;
    const maps = { h, w, heatmap: heatmaps, offset: map(offset), regress: map(regress), center: map(center) };
    return { joints: withDerivedJoints(config.joints, decodeMoveNetPose(maps, person)), explanation };
  }
}
