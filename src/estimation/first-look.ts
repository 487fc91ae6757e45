import { COCO_JOINTS } from '../joints.js';
import type { Joint } from '../types.js';
import type { Scene } from './estimator.js';
import type { FeatureStore } from './feature-store.js';
import { inCompany, keepApart } from './one-joint-one-person.js';

/** Score from which a joint of the extractor's own pose says more than the coarse pose. */
const SEEN = 0.1;

/**
 * A first look at everyone in a frame: the extractor's own poses, each joint one person's. They are nearer to the truth than the
 * coarse poses, and a head with conditions is told these instead. Everyone's own window has been, or will be, extracted anyway.
 */
export class FirstLook {
  private readonly scenes = new Map<number, Promise<Scene>>();

  /**
   * @param store decodes the extractor's own poses
   * @param joints of these, by name
   */
  constructor(
    private readonly store: FeatureStore,
    private readonly joints: readonly string[],
  ) {}

  /** The scene with better coarse poses; the windows stay. */
  of(scene: Scene, signal?: AbortSignal): Promise<Scene> {
    let seen = this.scenes.get(scene.index);
    if (!seen) {
      seen = this.look(scene, signal);
      seen.catch(() => {}); // whoever waits for it is told
      this.scenes.set(scene.index, seen);
    }
    return seen;
  }

  forgetBefore(frame: number): void {
    for (const index of this.scenes.keys()) if (index < frame) this.scenes.delete(index);
  }

  private async look(scene: Scene, signal?: AbortSignal): Promise<Scene> {
    const { people } = scene;
    const company = inCompany(people);
    const asked = people.map((person) => this.store.map(scene, person, signal));
    try {
      const maps = await Promise.all(asked);
      const poses = maps.map(({ pose }, i) => (company[i] ? pose! : { joints: pose!.joints }));
      const joints = keepApart(people, poses, this.joints, 1);
      const sharper = people.map((person, i) => ({
        ...person,
        coarsePose: this.sharper(person.coarsePose, joints[i]!),
      }));
      return { ...scene, people: sharper };
    } finally {
      await Promise.allSettled(asked);
      for (const person of people) await this.store.release(scene.index, person, true);
    }
  }

  /** COCO joints as in `PersonWindow`; NaN where neither has one. */
  private sharper(coarsePose: Float32Array | undefined, joints: readonly (Joint | null)[]): Float32Array {
    const pose = coarsePose?.slice() ?? new Float32Array(2 * COCO_JOINTS.length).fill(NaN);
    COCO_JOINTS.forEach((name, q) => {
      const joint = joints[this.joints.indexOf(name)];
      if (joint && !joint.occluded && joint.score >= SEEN) pose.set([joint.x, joint.y], 2 * q);
    });
    return pose;
  }
}
