import { expect, test } from '@jest/globals';
import type { Scene, ScenePerson } from '../../src/estimation/estimator.js';
import type { FeatureStore } from '../../src/estimation/feature-store.js';
import { FirstLook } from '../../src/estimation/first-look.js';
import type { WindowPose } from '../../src/estimation/one-joint-one-person.js';
import { COCO_JOINTS } from '../../src/joints.js';

const [NOSE, WRIST, KNEE] = ['nose', 'left_wrist', 'left_knee'].map((name) => COCO_JOINTS.indexOf(name as never));
const JOINTS = ['nose', 'left_wrist'];

function person(trackId: number, x: number, coarse = x): ScenePerson {
  const window = { centreX: x, centreY: 50, width: 60, height: 80 };
  const box = { x: x - 20, y: 20, width: 40, height: 60 };
  const coarsePose = Float32Array.from({ length: 34 }, (_, i) => (i % 2 === 0 ? coarse : 50));
  return { trackId, box, score: 0.9, window, coarsePose };
}

const sceneOf = (index: number, ...people: ScenePerson[]): Scene => ({ index, width: 200, height: 100, data: new Uint8Array(0), people }); // prettier-ignore

/** A store whose extractor sees what it is told to. */
function storeOf(poseOf: (person: ScenePerson) => WindowPose): {
  store: FeatureStore;
  asked: number[];
  held: () => number;
} {
  const asked: number[] = [];
  let held = 0;
  const map = async (_: unknown, who: ScenePerson): Promise<unknown> => {
    asked.push(who.trackId);
    held++;
    return { handle: 0, embedding: new Float32Array(0), pose: poseOf(who) };
  };
  const release = async (): Promise<void> => void held--;
  return { store: { map, release } as unknown as FeatureStore, asked, held: () => held };
}

const at = ({ coarsePose }: ScenePerson, q: number): number[] => [...coarsePose!.subarray(2 * q, 2 * q + 2)];

test('joints that are seen take the place of the coarse pose’s; the others stay', async () => {
  const joints = [
    { x: 70, y: 30, score: 0.8 },
    { x: 90, y: 60, score: 0.02 }, // nothing speaks for it
  ];
  const { store } = storeOf(() => ({ joints, peaks: [[], []] }));
  const { people } = await new FirstLook(store, JOINTS).of(sceneOf(3, person(1, 80)));
  expect([at(people[0], NOSE), at(people[0], WRIST), at(people[0], KNEE)]).toEqual([
    [70, 30],
    [80, 50],
    [80, 50],
  ]);
  expect(people[0].window).toEqual(person(1, 80).window);
});

test('of two who are about, a joint is one person’s only', async () => {
  // Both windows show one wrist, at 100; it is expected there of the second.
  const seen = { x: 100, y: 50, score: 0.9 };
  const nose = (x: number): WindowPose['joints'][0] => ({ x, y: 25, score: 0.9 });
  const { store } = storeOf(({ window }) => ({
    joints: [nose(window.centreX), seen],
    peaks: [[{ ...nose(window.centreX), value: 0.9 }], [{ ...seen, value: 0.9 }]] as unknown as WindowPose['peaks'],
  }));
  const { people } = await new FirstLook(store, JOINTS).of(sceneOf(3, person(1, 80, 60), person(2, 100)));
  expect(at(people[1], WRIST)).toEqual([100, 50]);
  expect(at(people[0], WRIST)).toEqual([60, 50]);
});

test('a frame is looked at once, until it is forgotten; all maps are given back', async () => {
  const { store, asked, held } = storeOf(() => ({ joints: [] }));
  const first = new FirstLook(store, JOINTS);
  const scene = sceneOf(3, person(1, 80), person(2, 150));
  expect(await first.of(scene)).toBe(await first.of(scene));
  first.forgetBefore(3);
  await first.of(scene);
  expect(asked).toEqual([1, 2]);
  first.forgetBefore(4);
  await first.of(scene);
  expect(asked).toEqual([1, 2, 1, 2]);
  expect(held()).toBe(0);
});

test('where the extractor fails, whoever looks is told, and nothing is held', async () => {
  const { store, held } = storeOf(({ trackId }) => {
    if (trackId === 2) throw new Error('no memory');
    return { joints: [] };
  });
  await expect(new FirstLook(store, JOINTS).of(sceneOf(3, person(1, 80), person(2, 90)))).rejects.toThrow('no memory');
  expect(held()).toBe(0);
});
