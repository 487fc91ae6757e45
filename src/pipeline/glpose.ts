import type { ExtractorConfig, HeadConfig } from '../models/config.js';
import type { NativeHead } from '../native/binding.js';
import {
  toJoints,
  type EstimatedPose,
  type Estimator,
  type Reference,
  type Scene,
  type ScenePerson,
} from './estimator.js';
import type { CropNet } from './extract.js';
import { FeatureStore, type StoredMap } from './feature-store.js';
import { globalReferences, type Candidate } from './similarity.js';
import type { DrawnCandidate } from './survey.js';
import { betweenGrids, type CellTransform, type Window } from './window.js';

/**
 * Where the maps of the neighbouring frames come from. `exact`: the key's window is cut from every frame around it, as in the
 * paper, 2k+1 passes of the extractor for a key. `warp`: everyone is run through the extractor once a frame, in their own
 * window; a neighbour's map is resampled into the key's window.
 */
export type Reuse = 'exact' | 'warp';

const SAME_GRID: CellTransform = { scale: 1, shiftX: 0, shiftY: 0 };

/** A candidate with its map. */
interface StoredCandidate extends Candidate, StoredMap {
  window: Window;
}

/**
 * GLPose: what the key frame overlooks is mined from the same window in the frames around it (local) and from the most
 * similar people anywhere in the video (global). Legend: P people of the key frame   k, L = 2k, n, R = L + n as in the paper.
 */
export class GlobalLocal implements Estimator {
  readonly joints: readonly string[];
  readonly k: number;
  readonly m: number;
  private readonly store: FeatureStore;
  private candidates: StoredCandidate[] = [];

  /** @param reuse where the neighbours' maps come from, see `Reuse` */
  constructor(
    net: CropNet,
    private readonly features: ExtractorConfig['features'],
    private readonly head: NativeHead,
    private readonly config: HeadConfig,
    private readonly reuse: Reuse,
  ) {
    this.joints = config.joints;
    this.k = config.k;
    this.m = config.n > 0 ? config.m : 0;
    this.store = new FeatureStore(net, head, features.output);
  }

  async begin(drawn: readonly DrawnCandidate[]): Promise<void> {
    await this.store.clear();
    this.candidates = await Promise.all(
      drawn.map(async ({ frame, person, window, crop }) => {
        const map = await this.store.pin(frame, window, crop); // doubles as its own frame's map
        return { frame, person, window, ...map };
      }),
    );
  }

  async passed(frame: number): Promise<void> {
    await this.store.forgetBefore(frame - this.k);
  }

  async estimate(around: readonly Scene[], explain = false): Promise<EstimatedPose[]> {
    const { k, n, similarity, localWeights, decode } = this.config;
    const { people, index: keyFrame } = around[k];
    const { channels: C, width, height } = this.features;
    const P = people.length;
    const R = 2 * k + n;
    if (P === 0) return [];

    // V of everyone in every frame: maps[k + δ][person], cut from cuts[k + δ][person].
    const windows = people.map(({ window }) => window);
    const cuts = around.map((scene, place) =>
      people.map((person) => (place === k ? person.window : this.cutOf(person, scene))),
    );
    const maps = await Promise.all(around.map((scene, place) => this.store.maps(scene, cuts[place])));
    const keys = maps[k];

    const references = new Int32Array(P * R);
    const weights = new Float32Array(P * R * C);
    const transforms = new Float32Array(P * R * 3);
    const made: Reference[][] = [];
    for (let person = 0; person < P; person++) {
      const window = windows[person];
      const joined: (Reference & { handle: number; weights: Float32Array; transform: CellTransform })[] = [];
      for (const place of around.keys()) {
        if (place === k) continue;
        const weight = localWeights[place < k ? place : place - 1]; // W_l (Eq. 2)
        const frame = around[place].index;
        const { handle } = maps[place][person];
        const transform = betweenGrids(window, cuts[place][person], width, height);
        joined.push({
          kind: 'local',
          frame,
          window,
          weight,
          handle,
          weights: new Float32Array(C).fill(weight),
          transform,
        });
      }
      const chosen = globalReferences(keys[person].embedding, keyFrame, this.candidates, n, similarity); // W_g (Eq. 3)
      for (const { candidate, weight } of chosen) {
        const { frame, window: cut, handle } = candidate ?? { frame: keyFrame, window, ...keys[person] };
        const reference = {
          kind: 'global',
          frame,
          window: cut,
          weight: mean(weight),
          handle,
          weights: weight,
        } as const;
        joined.push({ ...reference, transform: SAME_GRID });
      }
      joined.forEach((reference, place) => {
        references[person * R + place] = reference.handle;
        weights.set(reference.weights, (person * R + place) * C);
        const { scale, shiftX, shiftY } = reference.transform;
        transforms.set([scale, shiftX, shiftY], (person * R + place) * 3);
      });
      made.push(joined.map(({ kind, frame, window, weight }) => ({ kind, frame, window, weight })));
    }

    // S, M, F, H (Eqs. 4, 5)
    const handles = Int32Array.from(keys, ({ handle }) => handle);
    const result = await this.head.estimate({ keys: handles, references, weights, transforms, decode, maps: explain });
    const of = (all: Float32Array, person: number): Float32Array =>
      all.subarray((person * all.length) / P, ((person + 1) * all.length) / P);
    return windows.map((window, person): EstimatedPose => {
      const joints = toJoints(of(result.joints, person), window, width);
      if (!explain) return { joints };
      const heatmaps = of(result.heatmaps!, person);
      const mask = result.masks && meanOverChannels(of(result.masks, person), width * height);
      return { joints, explanation: { window, references: made[person], heatmaps, mask, width, height } };
    });
  }

  /** The window to cut a person from a neighbouring frame with; the key's where the track has a gap there. */
  private cutOf(person: ScenePerson, scene: Scene): Window {
    const own = this.reuse === 'warp' ? scene.people.find(({ trackId }) => trackId === person.trackId) : undefined;
    return (own ?? person).window;
  }
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
