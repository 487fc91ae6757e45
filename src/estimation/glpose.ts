import type { ExtractorConfig, HeadConfig } from '../bundle/config.js';
import type { Joint, PersonWindow, Reference } from '../types.js';
import type { Addon, NativeHead } from '../native/contract.js';
import {
  toJoints,
  type EstimatedPose,
  type Estimator,
  type Scene,
  type SceneOptions,
  type ScenePerson,
} from './estimator.js';
import { expectedAbout, joinExpected, sceneInMirror, withoutLocal, type ExpectedPeople } from './conditions.js';
import { inCompany, keepApart, type WindowPose } from './one-joint-one-person.js';
import { averaged, inMirror, orderOfPairs, transformInMirror, turnedBack } from './mirror.js';
import { heatmapPeaks } from './peaks.js';
import { Batcher } from '../concurrency/batcher.js';
import type { Crop, CropNet } from './crop-net.js';
import { FeatureStore, type StoredMap } from './feature-store.js';
import { FirstLook } from './first-look.js';
import { movedByOffsets } from './joint-offsets.js';
import type { OwnPoses } from './own-pose.js';
import { withSecondOpinion } from './second-opinion.js';
import { globalReferences, type Candidate } from './similarity.js';
import type { DrawnCandidate } from './candidates.js';
import { betweenGrids, idOf, type CellTransform } from '../geometry/window.js';

/**
 * Where the maps of the neighbouring frames come from. `exact`: the key's window is cut from every frame around it, as in the
 * paper, 2k+1 passes of the extractor for a key. `warp`: everyone is run through the extractor once a frame, in their own
 * window; a neighbour's map is resampled into the key's window.
 */
export type Reuse = 'exact' | 'warp';

const SAME_GRID: CellTransform = { scale: 1, shiftX: 0, shiftY: 0 };
/** People of one key that are under way at a time: of a crowd, not all maps are in memory at once. */
const GROUP = 16;
/** People whom the head takes together. */
const BATCH = 16;

/** One person for the head: a key's map and what is joined with it. */
interface HeadInput {
  key: number;
  references: WeightedReference[];
  /** Where joints are expected, see `expectedAbout`; empty for heads without conditions. */
  expected: readonly ExpectedPeople[];
  also: Also;
}

/** What is asked of the head beside joints. */
interface Also {
  /** What the heat maps offer. */
  peaks: boolean;
  /** The heat maps and the mask. */
  maps: boolean;
}

/** A map to join with the key's. */
interface WeightedReference extends Reference {
  handle: number;
  /** [C] */
  weights: Float32Array;
  transform: CellTransform;
}

/** The head's answer for one person; shapes as in `Estimate`, without B. */
interface Answer {
  joints: Float32Array;
  peaks?: Float32Array;
  heatmaps?: Float32Array;
  masks?: Float32Array;
}

/** A person's pose as the head has it, and as the extractor does. */
interface PersonEstimate extends WindowPose, Pick<EstimatedPose, 'explanation'> {
  /** In the extractor's joints; where it gives its own poses, too. */
  own?: WindowPose;
}

/** A candidate with its map. */
interface StoredCandidate extends Candidate, StoredMap, PersonWindow {}

/**
 * GLPose: what the key frame overlooks is mined from the same window in the frames around it (local) and from the most
 * similar people anywhere in the video (global). Legend: P people of the key frame   k, L = 2k, n, R = L + n as in the paper.
 */
export class GlobalLocal implements Estimator {
  readonly joints: readonly string[];
  readonly k: number;
  readonly m: number;
  private readonly store: FeatureStore;
  /** What a head with conditions is told. */
  private readonly firstLook?: FirstLook;
  private readonly asking: Batcher<HeadInput, Answer>;
  private candidates: StoredCandidate[] = [];
  /** The same people in the mirror; with a flip test. */
  private mirroredCandidates: StoredCandidate[] = [];
  private signal?: AbortSignal;

  /**
   * @param reuse where the neighbours' maps come from, see `Reuse`
   * @param flip where it is given, key, neighbours and candidates are looked at in the mirror, too; decodes the mean of the two answers
   * @param ownPose where the net gives its own poses, too: a second opinion beside the head's, and a head with conditions is told them
   */
  constructor(
    private readonly net: CropNet,
    private readonly features: ExtractorConfig['features'],
    private readonly head: NativeHead,
    private readonly config: HeadConfig,
    private readonly reuse: Reuse,
    private readonly flip?: Pick<Addon, 'decode' | 'peaks'>,
    private readonly ownPose?: OwnPoses,
  ) {
    this.joints = config.joints;
    this.k = config.k;
    this.m = config.n > 0 ? config.m : 0;
    this.store = new FeatureStore(net, head, features.output, ownPose?.decode);
    if (ownPose && config.conditions) this.firstLook = new FirstLook(this.store, ownPose.joints);
    this.asking = new Batcher(BATCH, 1, (people) => this.ask(people));
  }

  async begin(drawn: readonly DrawnCandidate[], signal?: AbortSignal): Promise<void> {
    this.signal = signal;
    this.firstLook?.forgetBefore(Infinity);
    await this.store.clear();
    this.candidates = await this.pinned(drawn, (crop, person) => [crop, person]);
    if (!this.flip) return;
    const { net } = this;
    this.mirroredCandidates = await this.pinned(drawn, (crop, person) => [
      net.mirrored(crop),
      inMirror(person, net.columns),
    ]);
  }

  /** @param seen what the net is given of a candidate's crop */
  private pinned(
    drawn: readonly DrawnCandidate[],
    seen: (crop: Crop, person: PersonWindow) => [Crop, PersonWindow],
  ): Promise<StoredCandidate[]> {
    const stored = drawn.map(async ({ frame, person, window, coarsePose, crop: straight }) => {
      const [crop, who] = seen(straight, { window, coarsePose });
      const map = await this.store.pin(frame, who, crop); // doubles as its own frame's map
      return { frame, person, window, ...map };
    });
    return Promise.all(stored);
  }

  async passed(frame: number): Promise<void> {
    this.firstLook?.forgetBefore(frame - this.k);
    await this.store.forgetBefore(frame - this.k);
  }

  async glimpse(scene: Scene, person: ScenePerson): Promise<readonly Joint[] | undefined> {
    if (!this.ownPose) return undefined;
    const asked = this.store.map(scene, person, this.signal);
    try {
      return (await asked).pose!.joints;
    } finally {
      await Promise.allSettled([asked]);
      await this.store.release(scene.index, person, false);
    }
  }

  async estimate(
    around: readonly Scene[],
    { explain = false, poseNms, shareOut, agreement = true, once = false }: SceneOptions = {},
  ): Promise<(EstimatedPose | null)[]> {
    const { people } = around[this.k];
    const company = inCompany(people, shareOut);
    const later = once ? null : new Set(around.slice(this.k + 1).flatMap((scene) => scene.people.map(idOf)));
    const poses: PersonEstimate[] = [];
    for (let start = 0; start < people.length; start += GROUP) {
      const group = people.slice(start, start + GROUP);
      const estimated = await Promise.allSettled(
        group.map((person, i) => this.estimatePerson(person, around, later, company[start + i], explain)),
      );
      for (const result of estimated) {
        if (result.status === 'rejected') throw result.reason;
        poses.push(result.value);
      }
    }
    const asSeen = keepApart(people, poses, this.joints, poseNms);
    const joints = agreement ? movedByOffsets(asSeen, this.joints, this.config.offsets) : asSeen;
    const own = agreement ? this.ownJoints(people, poses, company, poseNms) : null;
    const windows = people.map(({ window }) => window);
    const both = own ? withSecondOpinion(joints, own, windows, this.joints) : joints;
    return both.map((joints, i) => joints && { joints, explanation: poses[i].explanation });
  }

  /** What the extractor by itself sees of each person, joints as the head names them; null where it does not say. */
  private ownJoints(
    people: readonly ScenePerson[],
    poses: readonly PersonEstimate[],
    company: readonly boolean[],
    poseNms?: number,
  ): ((Joint | null)[] | null)[] | null {
    const { ownPose } = this;
    if (!ownPose) return null;
    const own = poses.map(({ own }, i) => (company[i] ? own! : { joints: own!.joints }));
    const places = this.joints.map((name) => ownPose.joints.indexOf(name));
    const joints = keepApart(people, own, ownPose.joints, poseNms);
    return movedByOffsets(joints, ownPose.joints, ownPose.offsets).map(
      (joints) => joints && places.map((place) => joints[place] ?? null),
    );
  }

  /**
   * @param later ids (`idOf`) of the people of the following frames; null where nothing is needed again
   * @param company whether others are in sight of the person's window
   */
  private async estimatePerson(
    person: ScenePerson,
    around: readonly Scene[],
    later: ReadonlySet<string> | null,
    company: boolean,
    explain: boolean,
  ): Promise<PersonEstimate> {
    const { width, height } = this.features;
    const { window } = person;
    const { flip } = this;
    const also = { peaks: company && !flip, maps: explain || flip !== undefined };
    const { joined, answer: straight, own } = await this.look(person, around, later, also);
    const answer = flip
      ? this.meanOf(straight, (await this.look(person, around, later, also, true)).answer, flip, company)
      : straight;
    const joints = toJoints(answer.joints, window, width);
    const peaks = company ? heatmapPeaks(answer.peaks!, joints, window, width) : undefined;
    if (!explain) return { joints, peaks, own };
    const references = joined.references.map(({ kind, frame, window, weight }) => ({ kind, frame, window, weight }));
    const mask = answer.masks && meanOverChannels(answer.masks, width * height);
    return { joints, peaks, own, explanation: { window, references, heatmaps: answer.heatmaps!, mask, width, height } };
  }

  /**
   * One look at a person, and what it was made from.
   * @param mirrored whether it is a look in the mirror; its answer is, too
   */
  private async look(
    person: ScenePerson,
    around: readonly Scene[],
    later: ReadonlySet<string> | null,
    also: Also,
    mirrored = false,
  ): Promise<{ joined: HeadInput; answer: Answer; own?: WindowPose }> {
    const { k, store } = this;
    const { n, similarity, localWeights } = this.config;
    const { channels: C, width, height } = this.features;
    const { columns } = this.net;
    const { window } = person;
    const keyFrame = around[k].index;

    // V in every frame, k before and k after the key's.
    const cuts = around.map((scene, place) => (place === k ? person : this.cutOf(person, scene)));
    const seen = mirrored ? cuts.map((cut) => inMirror(cut, columns)) : cuts;
    const asked = around.map((scene, place) => store.map(scene, seen[place], this.signal));
    try {
      const found = await Promise.all(asked);
      const key = found[k];
      const local = found.flatMap(({ handle }, place): WeightedReference[] => {
        if (place === k) return [];
        const weight = localWeights[place < k ? place : place - 1]; // W_l (Eq. 2)
        const weights = new Float32Array(C).fill(weight);
        const straight = betweenGrids(window, cuts[place].window, width, height);
        const transform = mirrored ? transformInMirror(straight, width, columns / width) : straight;
        return [{ kind: 'local', frame: around[place].index, window, weight, handle, weights, transform }];
      });
      const candidates = mirrored ? this.mirroredCandidates : this.candidates;
      const chosen = globalReferences(key.embedding, keyFrame, candidates, n, similarity); // W_g (Eq. 3)
      const global = chosen.map(({ candidate, weight: weights }): WeightedReference => {
        const { frame, window: cut, handle } = candidate ?? { frame: keyFrame, window, ...key };
        return { kind: 'global', frame, window: cut, weight: mean(weights), handle, weights, transform: SAME_GRID };
      });
      const toldAround = await this.told(around);
      const seenAround = mirrored ? toldAround.map((scene) => sceneInMirror(scene, window, columns)) : toldAround;
      const looked = await this.withSecondLook({
        key: key.handle,
        references: [...local, ...global],
        expected: this.config.conditions ? expectedAbout(person, seenAround, width, height) : [],
        also,
      });
      return { ...looked, own: key.pose };
    } finally {
      await Promise.allSettled(asked);
      for (const [place, scene] of around.entries()) {
        const cut = cuts[place];
        // Keys to come have it as the map of their own window, or as this person's own map in their neighbour.
        const lasting = later?.has(idOf(cut)) || (later !== null && this.reuse === 'warp' && this.isOwn(cut, scene));
        await store.release(scene.index, seen[place], lasting);
      }
    }
  }

  /** The mean of two looks, the second in the mirror. */
  private meanOf(
    straight: Answer,
    mirrored: Answer,
    { decode, peaks }: Pick<Addon, 'decode' | 'peaks'>,
    company: boolean,
  ): Answer {
    const { width, height } = this.features;
    const K = this.joints.length;
    const other = turnedBack(mirrored.heatmaps!, width, orderOfPairs(this.config.flipPairs, K));
    const heatmaps = averaged(straight.heatmaps!, other);
    const shape = [1, K, height, width] as const;
    const joints = decode(heatmaps, [...shape], this.config.decode);
    return { ...straight, heatmaps, joints, peaks: company ? peaks(heatmaps, [...shape]) : undefined };
  }

  /**
   * S, M, F, H (Eqs. 4, 5). Where the answer is unsure, the whole window may be spoiled, and then its 2k maps only mislead: the
   * head looks again without them, at the key and the global people, and the surer answer counts. For heads that have been
   * trained to do without, see `secondLook`.
   */
  private async withSecondLook(joined: HeadInput): Promise<{ joined: HeadInput; answer: Answer }> {
    const answer = await this.asking.add(joined);
    const { secondLook } = this.config;
    if (secondLook === undefined || meanJointScore(answer.joints) >= secondLook) return { joined, answer };
    const references = joined.references.map((reference) =>
      reference.kind === 'local' ? withheld(reference) : reference,
    );
    const withoutThem = { ...joined, references, expected: withoutLocal(joined.expected) };
    const again = await this.asking.add(withoutThem);
    if (meanJointScore(again.joints) <= meanJointScore(answer.joints)) return { joined, answer };
    return { joined: withoutThem, answer: again };
  }

  /** Runs the head on several people, of whatever frames. */
  private async ask(people: readonly HeadInput[]): Promise<Answer[]> {
    const P = people.length;
    const R = 2 * this.k + this.config.n;
    const { channels: C } = this.features;
    const keys = Int32Array.from(people, ({ key }) => key);
    const references = new Int32Array(P * R);
    const weights = new Float32Array(P * R * C);
    const transforms = new Float32Array(P * R * 3);
    for (const [place, reference] of people.flatMap((person) => person.references).entries()) {
      const { scale, shiftX, shiftY } = reference.transform;
      references[place] = reference.handle;
      weights.set(reference.weights, place * C);
      transforms.set([scale, shiftX, shiftY], place * 3);
    }
    const maps = people.some(({ also }) => also.maps);
    const peaks = people.some(({ also }) => also.peaks);
    const { conditions, decode } = this.config;
    const expected = conditions ? joinExpected(people.map((person) => person.expected)) : undefined;
    const batch = { keys, references, weights, transforms, expected, decode, peaks, maps };
    const answer = await this.head.estimate(batch);
    return people.map((_, person) => {
      const of = (all: Float32Array): Float32Array =>
        all.subarray((person * all.length) / P, ((person + 1) * all.length) / P);
      const { peaks, heatmaps, masks } = answer;
      return {
        joints: of(answer.joints),
        peaks: peaks && of(peaks),
        heatmaps: heatmaps && of(heatmaps),
        masks: masks && of(masks),
      };
    });
  }

  /** The frames as a head with conditions is told of them. */
  private async told(around: readonly Scene[]): Promise<readonly Scene[]> {
    const { firstLook } = this;
    return firstLook ? Promise.all(around.map((scene) => firstLook.of(scene, this.signal))) : around;
  }

  private isOwn({ window }: PersonWindow, scene: Scene): boolean {
    return scene.people.some((person) => person.window === window);
  }

  /**
   * How a person is cut from a neighbouring frame: who is meant is known of that frame, or, where the track has a gap there,
   * of the key; the window is theirs with `warp`, where it is turned like the key's, else the key's.
   */
  private cutOf(person: ScenePerson, scene: Scene): PersonWindow {
    const own = scene.people.find(({ trackId }) => trackId === person.trackId) ?? person;
    const isOwn = this.reuse === 'warp' && own.window.turn === person.window.turn;
    return isOwn ? own : { window: person.window, coarsePose: own.coarsePose, inFront: own.inFront };
  }
}

/** Mean score of joints [K, 3]. */
export function meanJointScore(joints: Float32Array): number {
  return joints.reduce((total, value, i) => (i % 3 === 2 ? total + value : total), 0) / (joints.length / 3);
}

/** The same map with weight 0. */
function withheld(reference: WeightedReference): WeightedReference {
  return { ...reference, weight: 0, weights: new Float32Array(reference.weights.length), transform: SAME_GRID };
}

function mean(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** [channels, cells] → [cells] */
function meanOverChannels(maps: Float32Array, cells: number): Float32Array {
  const result = new Float32Array(cells);
  const channels = maps.length / cells;
  maps.forEach((value, i) => (result[i % cells] += value / channels));
  return result;
}
