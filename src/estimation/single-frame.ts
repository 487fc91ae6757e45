import type { OwnPoseConfig } from '../bundle/config.js';
import type { Addon } from '../native/contract.js';
import type { EstimatedPose, Estimator, Scene, SceneOptions } from './estimator.js';
import { inCompany, keepApart, type WindowPose } from './one-joint-one-person.js';
import { movedByOffsets } from './joint-offsets.js';
import { averaged, inMirror, outputsTurnedBack } from './mirror.js';
import type { CropNet } from './crop-net.js';
import type { Outputs } from '../onnx/outputs.js';
import { decodeOwnPose, ownHeatmaps } from './own-pose.js';
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

  /** @param flip whether everyone is looked at in the mirror, too, and the maps are averaged */
  constructor(
    private readonly native: Addon,
    private readonly net: CropNet,
    private readonly config: OwnPoseConfig,
    private readonly flip = false,
  ) {
    this.joints = config.kind === 'movenet' ? [...config.joints, ...DERIVED_JOINTS] : config.joints;
  }

  async begin(_: readonly DrawnCandidate[], signal?: AbortSignal): Promise<void> {
    this.signal = signal; // nothing else is remembered from one frame to another
  }

  async passed(): Promise<void> {}

  async estimate(
    [scene]: readonly Scene[],
    { explain = false, poseNms, shareOut, agreement = true }: SceneOptions = {},
  ): Promise<(EstimatedPose | null)[]> {
    const { people } = scene;
    const { config } = this;
    const company = inCompany(people, shareOut);
    const poses: Decoded[] = [];
    // Of the mirrored maps, which wait for the others, only a few are in memory at a time.
    const group = this.flip ? this.net.atOnce : people.length;
    for (let start = 0; start < people.length; start += group) {
      const some = people.slice(start, start + group);
      const others = this.flip ? await this.mirroredOutputs(scene, some) : [];
      const decode = (outputs: Outputs, i: number): Decoded =>
        this.decode(averagedOutputs(outputs, others.at(i)), some[i], company[start + i], explain);
      poses.push(...(await this.net.extract(scene, some, decode, this.signal, explain || this.flip)));
    }
    const asSeen = keepApart(people, poses, config.joints, poseNms);
    const moved = agreement ? movedByOffsets(asSeen, config.joints, config.offsets) : asSeen;
    return moved.map((joints, i): EstimatedPose | null => {
      if (!joints) return null;
      const all = config.kind === 'movenet' ? withDerivedJoints(config.joints, joints) : joints;
      return { joints: all, explanation: poses[i].explanation };
    });
  }

  /** What the net gives of people's mirrored windows, turned back. */
  private mirroredOutputs(scene: Scene, people: readonly PersonWindow[]): Promise<Outputs[]> {
    const { columns } = this.net;
    const mirrored = people.map((person) => inMirror(person, columns));
    const turn = (outputs: Outputs): Outputs => outputsTurnedBack(outputs, this.config, columns);
    return this.net.extract(scene, mirrored, turn, this.signal, true);
  }

  /** @param company whether others are in sight of the window */
  private decode(outputs: Outputs, person: PersonWindow, company: boolean, explain: boolean): Decoded {
    const { data, dims } = outputs[ownHeatmaps(this.config)];
    const [, , height, width] = dims;
    const pose = decodeOwnPose(this.native, this.config, outputs, person, company);
    if (!explain) return pose;
    const explanation = { window: person.window, references: [], heatmaps: data.slice(), width, height };
    return { ...pose, explanation };
  }
}

/** The mean of two looks at one window, of the maps that the other look has; the first where there is no other. */
function averagedOutputs(outputs: Outputs, others?: Outputs): Outputs {
  if (!others) return outputs;
  return Object.fromEntries(
    Object.entries(others).map(([name, { dims, data }]) => [name, { dims, data: averaged(outputs[name].data, data) }]),
  );
}
