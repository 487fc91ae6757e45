/*
 * Networks for poses have learnt mostly from people who stand or sit. Whom the coarse pose has lying or upside down is looked at in a window
 * turned so that they are upright in it, too, and the extractor's own pose says in which of the two they are seen better. Share and angle were
 * chosen on LSPET's training photos (athletes) and COCO's training stills, whose people are upright.
 */
import { idOf, windowOf, type Turn } from '../geometry/window.js';
import { COCO_JOINTS } from '../joints.js';
import type { Joint, Window } from '../types.js';
import type { Scene, ScenePerson } from './estimator.js';

/** How far from upright a trunk is that is looked at turned, radians. */
const LYING = Math.PI / 3;
/** How much higher the joints' mean score must be in the turned window. */
const SURER = 1.1;

const SHOULDERS = placesOf('left_shoulder', 'right_shoulder');
const HIPS = placesOf('left_hip', 'right_hip');

/** What the extractor by itself sees of one person in one frame. */
export type OwnLook = (scene: Scene, person: ScenePerson) => Promise<readonly (Joint | null)[]>;

/** People in the windows in which they are seen best. */
export class Upright {
  /** By frame, then by person. */
  private readonly windows = new Map<number, Map<string, Promise<Window>>>();

  /** @param aspect width / height of windows */
  constructor(
    private readonly look: OwnLook,
    private readonly aspect: number,
  ) {}

  async of(scene: Scene): Promise<Scene> {
    const people = scene.people.map(async (person) => {
      const turned = inTurnedWindow(person, this.aspect);
      return turned ? { ...person, window: await this.windowOf(scene, person, turned) } : person;
    });
    return { ...scene, people: await Promise.all(people) };
  }

  forgetBefore(frame: number): void {
    for (const index of this.windows.keys()) if (index < frame) this.windows.delete(index);
  }

  private windowOf(scene: Scene, person: ScenePerson, turned: ScenePerson): Promise<Window> {
    const known = this.windows.get(scene.index) ?? new Map<string, Promise<Window>>();
    this.windows.set(scene.index, known);
    let window = known.get(idOf(person));
    if (!window) {
      window = this.better(scene, person, turned);
      window.catch(() => {}); // whoever waits for it is told
      known.set(idOf(person), window);
    }
    return window;
  }

  private async better(scene: Scene, person: ScenePerson, turned: ScenePerson): Promise<Window> {
    const looks = [this.look(scene, person), this.look(scene, turned)];
    await Promise.allSettled(looks);
    const [straight, other] = (await Promise.all(looks)).map(sureness);
    return other > SURER * straight ? turned.window : person.window;
  }
}

/**
 * Somebody who, by their coarse pose, is not upright, as they would be seen if they were; undefined of everyone else.
 * @param aspect width / height of windows
 */
export function inTurnedWindow(person: ScenePerson, aspect: number): ScenePerson | undefined {
  const turn = person.coarsePose && turnOf(person.coarsePose);
  return turn ? { ...person, window: windowOf(person.box, aspect, turn) } : undefined;
}

/** The turn of a window in which a pose's trunk points down; 0 where it does so in the image, or nobody knows. */
export function turnOf(coarsePose: Float32Array): Turn {
  const middle = (places: readonly number[], i: number): number =>
    (coarsePose[2 * places[0] + i] + coarsePose[2 * places[1] + i]) / 2;
  const [x, y] = [0, 1].map((i) => middle(HIPS, i) - middle(SHOULDERS, i));
  const angle = Math.atan2(-x, y); // clockwise from down
  if (!(Math.abs(angle) >= LYING)) return 0;
  return ((Math.round(angle / (Math.PI / 2)) + 4) % 4) as Turn;
}

/** The mean score of the joints that the extractor itself has. */
function sureness(joints: readonly (Joint | null)[]): number {
  const own = joints.filter((joint) => !joint?.estimated);
  return own.reduce((total, joint) => total + (joint?.score ?? 0), 0) / own.length;
}

function placesOf(...names: (typeof COCO_JOINTS)[number][]): number[] {
  return names.map((name) => COCO_JOINTS.indexOf(name));
}
