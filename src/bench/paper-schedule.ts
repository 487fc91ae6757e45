import type * as Ort from 'onnxruntime-node';
import { headShape, type Bundle } from '../bundle/bundle.js';
import { addon } from '../native/binding.js';
import { cutWindow } from '../native/cut-window.js';
import { expectedAbout, joinExpected, withoutLocal, type ExpectedPeople } from '../estimation/conditions.js';
import { toJoints, type Scene } from '../estimation/estimator.js';
import { meanJointScore } from '../estimation/glpose.js';
import { expectedOf, type Crop } from '../estimation/crop-net.js';
import { globalReferences, type Candidate } from '../estimation/similarity.js';
import type { DrawnCandidate } from '../estimation/candidates.js';
import type { Image, Joint, PersonWindow, Window } from '../types.js';

/**
 * The paper's schedule as one would write it down: for every person of a key, the window is cut from 2k+1 frames, each crop
 * goes through the extractor, then the head runs; the candidates are extracted once a video. One thing after the other, nothing
 * else is kept. The extractor is one session with all threads; crops and head are those of the pipeline.
 */
export class PaperSchedule {
  private constructor(
    private readonly bundle: Bundle,
    private readonly session: Ort.InferenceSession,
    private readonly head: ReturnType<ReturnType<typeof addon>['createHead']>,
    private readonly ort: typeof Ort,
  ) {}

  /** @param bundle with a head */
  static async load(bundle: Bundle, threads: number): Promise<PaperSchedule> {
    const native = addon();
    native.setThreads(threads);
    const ort = await import('onnxruntime-node'); // no other command loads it in the main thread
    const session = await ort.InferenceSession.create(bundle.extractorFile, { intraOpNumThreads: threads });
    const tensors = await bundle.loadHead();
    return new PaperSchedule(bundle, session, native.createHead(headShape(bundle.config), tensors, 'cpu'), ort);
  }

  /** The maps of the candidates, once a video. */
  async candidates(drawn: readonly DrawnCandidate[]): Promise<(Candidate & { handle: number })[]> {
    const candidates: (Candidate & { handle: number })[] = [];
    for (const { frame, person, window, coarsePose, crop } of drawn) {
      candidates.push({ frame, person, ...(await this.map(crop, { window, coarsePose })) });
    }
    return candidates;
  }

  /**
   * @param around 2k+1 frames, the key in the middle
   * @returns the joints of everyone in the key
   */
  async estimate(
    around: readonly Scene[],
    candidates: readonly (Candidate & { handle: number })[],
  ): Promise<Joint[][]> {
    const { features } = this.bundle.config.extractor;
    const { k, n, similarity, localWeights, conditions, decode, secondLook } = this.bundle.config.head!;
    const C = features.channels;
    const poses: Joint[][] = [];
    for (const person of around[k].people) {
      const { window } = person;
      const maps: { handle: number; embedding: Float32Array }[] = [];
      for (const scene of around) {
        const { coarsePose } = scene.people.find(({ trackId }) => trackId === person.trackId) ?? person;
        maps.push(await this.map(await this.cut(scene, window), { window, coarsePose }));
      }
      const expected = conditions ? expectedAbout(person, around, features.width, features.height) : [];
      const key = maps[k];
      const local = maps.filter((_, place) => place !== k);
      const global = globalReferences(key.embedding, around[k].index, candidates, n, similarity);
      const weights = [
        ...localWeights.map((weight) => new Float32Array(C).fill(weight)),
        ...global.map(({ weight }) => weight),
      ];
      const look = async (weighted: Float32Array[], told: readonly ExpectedPeople[]): Promise<Float32Array> => {
        const { joints } = await this.head.estimate({
          keys: Int32Array.of(key.handle),
          references: Int32Array.from(
            [...local, ...global.map(({ candidate }) => candidate ?? key)],
            ({ handle }) => handle,
          ),
          weights: Float32Array.from(weighted.flatMap((weight) => [...weight])),
          expected: conditions ? joinExpected([told]) : undefined,
          decode,
        });
        return joints;
      };
      let joints = await look(weights, expected);
      if (secondLook !== undefined && meanJointScore(joints) < secondLook) {
        const withheld = weights.map((weight, r) => (r < 2 * k ? new Float32Array(C) : weight));
        const again = await look(withheld, withoutLocal(expected));
        if (meanJointScore(again) > meanJointScore(joints)) joints = again;
      }
      this.head.release(Int32Array.from(maps, ({ handle }) => handle));
      poses.push(toJoints(joints, window, features.width));
    }
    return poses;
  }

  private async map(crop: Crop, person: PersonWindow): Promise<{ handle: number; embedding: Float32Array }> {
    const { input, features } = this.bundle.config.extractor;
    const feeds = { [input.name]: new this.ort.Tensor('float32', crop, [1, 3, input.height, input.width]) };
    if (input.expectedJoints !== undefined) {
      const { data, dims } = expectedOf([person], 1);
      feeds[input.expectedJoints] = new this.ort.Tensor('float32', data as Float32Array, dims);
    }
    const outputs = await this.session.run(feeds, [features.output]);
    const { handles, embeddings } = await this.head.ingest(outputs[features.output].data as Float32Array);
    return { handle: handles[0], embedding: embeddings };
  }

  private cut(image: Image, window: Window): Promise<Crop> {
    return cutWindow(addon(), image, window, this.bundle.config.extractor.input);
  }

  async dispose(): Promise<void> {
    this.head.dispose();
    await this.session.release();
  }
}
