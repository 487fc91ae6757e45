import type { OwnPoseConfig } from '../bundle/config.js';
import type { Addon } from '../native/contract.js';
import { toJoints, type EstimatedPose, type Estimator, type Scene, type SceneOptions } from './estimator.js';
import { inCompany, keepApart, type WindowPose } from './one-joint-one-person.js';
import { heatmapPeaks } from './peaks.js';
import type { CropNet } from './crop-net.js';
import type { Outputs } from '../onnx/pooled-runs.js';
import { decodeMoveNetPose } from './movenet-pose.js';
import { DERIVED_JOINTS, withDerivedJoints } from './derived-joints.js';
import type { DrawnCandidate } from './candidates.js';
import type { Explanation, PersonWindow } from '../types.js';

interface Decoded extends WindowPose {
  explanation?: Explanation;
}

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

  async estimate(
    [scene]: readonly Scene[],
    { explain = false, poseNms }: SceneOptions = {},
  ): Promise<(EstimatedPose | null)[]> {
    const { people } = scene;
    const { config } = this;
    const company = inCompany(people);
    const decode = (outputs: Outputs, i: number): Decoded => this.decode(outputs, people[i], company[i], explain);
    const poses = await this.net.extract(scene, people, decode, this.signal);
    return keepApart(people, poses, config.joints, poseNms).map((joints, i): EstimatedPose | null => {
      if (!joints) return null;
      const all = config.kind === 'movenet' ? withDerivedJoints(config.joints, joints) : joints;
      return { joints: all, explanation: poses[i].explanation };
    });
  }

  /** @param company whether others are in sight of the window */
  private decode(outputs: Outputs, person: PersonWindow, company: boolean, explain: boolean): Decoded {
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
      const joints = toJoints(this.native.decode(heatmaps, [1, K, h, w], config.decode), window, w);
      return { joints, peaks: company ? heatmapPeaks(heatmaps, joints, window, h, w) : undefined, explanation };
    }
    const { offset, regress, center } = config.outputs;
    const maps = { h, w, heatmap: heatmaps, offset: map(offset), regress: map(regress), center: map(center) };
    return { ...decodeMoveNetPose(maps, person, company), explanation };
  }
}
