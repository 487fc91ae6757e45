import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { ExtractorConfig } from '../bundle/config.js';
import { loadBundle, type Bundle } from '../bundle/bundle.js';
import { POSETRACK17_JOINTS } from '../joints.js';
import { addon } from '../native/binding.js';
import type { PersonDetector } from '../detection/detector.js';
import { CropNet, type Crop } from '../estimation/crop-net.js';
import { Model } from '../estimation/model.js';
import { OnnxRuntime } from '../onnx/runtime.js';
import type { Image, Joint, PersonWindow, Window } from '../types.js';
import type { ExtractorIdentity } from './layout.js';

/** A bundle's feature extractor as inference runs it, on the CPU; the bundle needs no head. Owns threads: dispose it. */
export class Extractor {
  private constructor(
    readonly bundle: Bundle,
    readonly net: CropNet,
    private readonly runtime: OnnxRuntime,
    /** The extractor's own poses, and the bundle's detector. */
    private readonly teacher: Model,
  ) {}

  /**
   * @throws MODEL where the bundle is unfit
   */
  static async open(nameOrPath: string, options: { threads?: number } = {}): Promise<Extractor> {
    const bundle = await loadBundle(nameOrPath);
    const { input, features } = bundle.config.extractor;
    const { threads = availableParallelism() } = options;
    const native = addon();
    native.setThreads(threads);
    const runtime = new OnnxRuntime(threads);
    try {
      const session = await runtime.load(bundle.extractorFile, null);
      const net = new CropNet(native, session, input, [features.output], 1);
      const teacher = await Model.load(nameOrPath, { method: 'single-frame', device: 'cpu', threads });
      return new Extractor(bundle, net, runtime, teacher);
    } catch (thrown) {
      await runtime.dispose();
      throw thrown;
    }
  }

  get features(): ExtractorConfig['features'] {
    return this.bundle.config.extractor.features;
  }

  /** The bundle's own detector where it says by coarse poses who is meant, and the extractor listens; else null. */
  get detector(): PersonDetector | null {
    const { input } = this.bundle.config.extractor;
    return input.expectedJoints === undefined ? null : this.teacher.detector;
  }

  /** The joints of the bundle's head; PoseTrack17's where it has none. */
  get joints(): readonly string[] {
    return this.bundle.config.head?.joints ?? POSETRACK17_JOINTS;
  }

  async identity(): Promise<ExtractorIdentity> {
    const { input, features } = this.bundle.config.extractor;
    const digest = createHash('sha256').update(await readFile(this.bundle.extractorFile));
    return { sha256: digest.digest('hex'), input, output: features.output };
  }

  /**
   * Feature maps F [C, h, w] of crops, not standardised.
   * @param people whose crops they are, with the windows in the same coordinates as their coarse poses
   */
  async maps(crops: readonly Crop[], people: readonly PersonWindow[]): Promise<Float32Array[]> {
    if (crops.length === 0) return [];
    const { data } = (await this.net.run(crops, people))[this.features.output];
    const size = data.length / crops.length;
    return crops.map((_, i) => data.subarray(i * size, (i + 1) * size));
  }

  /**
   * The extractor's own pose, by joint name, in image pixels.
   * @param coarsePose of the person who is meant, where several are in sight
   */
  async ownPose(image: Image, window: Window, coarsePose?: Float32Array): Promise<Map<string, Joint>> {
    const { estimator } = this.teacher;
    const { centreX, centreY, width, height } = window;
    const box = { x: centreX - width / 2, y: centreY - height / 2, width, height };
    const people = [{ trackId: 0, box, score: 1, window, coarsePose }];
    const [pose] = await estimator.estimate([{ ...image, index: 0, people }]);
    const { joints } = pose!; // nobody else is there
    return new Map(joints.flatMap((joint, i) => (joint ? [[estimator.joints[i], joint] as const] : [])));
  }

  async dispose(): Promise<void> {
    await this.teacher.dispose();
    await this.runtime.dispose();
  }
}
