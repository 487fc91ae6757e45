import { inTurnedWindow, turnOf, Upright } from '../../src/estimation/upright.js';
import type { Scene, ScenePerson } from '../../src/estimation/estimator.js';
import { windowOf } from '../../src/geometry/window.js';
import { COCO_JOINTS } from '../../src/joints.js';
import type { Joint } from '../../src/types.js';

const ASPECT = 3 / 4;

/** Shoulders about (50, 50), hips 20 pixels from there in a direction, clockwise from down, in degrees. */
function lying(degrees: number): Float32Array {
  const pose = new Float32Array(2 * COCO_JOINTS.length);
  const [dx, dy] = [-20 * Math.sin((degrees / 180) * Math.PI), 20 * Math.cos((degrees / 180) * Math.PI)];
  COCO_JOINTS.forEach((name, q) => pose.set(name.endsWith('hip') ? [50 + dx, 50 + dy] : [50, 50], 2 * q));
  return pose;
}

function person(degrees: number | null): ScenePerson {
  const box = { x: 20, y: 30, width: 60, height: 40 };
  const coarsePose = degrees === null ? undefined : lying(degrees);
  return { trackId: 7, box, score: 0.9, window: windowOf(box, ASPECT), coarsePose };
}

function scene(...people: ScenePerson[]): Scene {
  return { index: 4, width: 100, height: 100, data: new Uint8Array(30_000), people };
}

function seen(score: number): Joint[] {
  return [
    { x: 0, y: 0, score },
    { x: 0, y: 0, score: 0, estimated: true }, // says nothing
  ];
}

test.each([
  [0, 0],
  [55, 0],
  [-55, 0],
  [65, 1],
  [90, 1],
  [134, 1],
  [140, 2],
  [180, 2],
  [-140, 2],
  [-90, 3],
  [-65, 3],
])('a trunk at %i degrees: %i quarter turns', (degrees, turn) => {
  expect(turnOf(lying(degrees))).toBe(turn);
});

test('nobody knows: no turn', () => {
  expect(turnOf(new Float32Array(34).fill(NaN))).toBe(0);
  expect(inTurnedWindow(person(null), ASPECT)).toBeUndefined();
});

test('who lies has the window in which the extractor is surer', async () => {
  for (const [turnedScore, isTurned] of [
    [0.6, true],
    [0.54, false], // not by a tenth
    [0.2, false],
  ] as const) {
    const look = async (_: Scene, { window }: ScenePerson): Promise<Joint[]> => seen(window.turn ? turnedScore : 0.5);
    const one = person(90);
    const { people } = await new Upright(look, ASPECT).of(scene(one));
    expect(people[0].window).toEqual(isTurned ? windowOf(one.box, ASPECT, 1) : one.window);
  }
});

test('whoever is upright, or of whom nobody knows, is not looked at', async () => {
  const look = (): never => {
    throw new Error('a look');
  };
  const all = scene(person(0), person(30), person(null));
  expect(await new Upright(look, ASPECT).of(all)).toEqual(all);
});

test('everyone is looked at once a frame, and the window stays the same object until the frame is forgotten', async () => {
  let looks = 0;
  const look = async (): Promise<Joint[]> => seen(1 + looks++);
  const upright = new Upright(look, ASPECT);
  const window = async (): Promise<object> => (await upright.of(scene(person(180)))).people[0].window;
  const [first, second] = await Promise.all([window(), window()]);
  expect(second).toBe(first);
  upright.forgetBefore(4);
  expect(await window()).toBe(first);
  expect(looks).toBe(2);
  upright.forgetBefore(5);
  expect(await window()).toEqual(first);
  expect(looks).toBe(4);
});

test('what a look throws, whoever asks is told', async () => {
  const upright = new Upright(() => Promise.reject(new Error('no network')), ASPECT);
  await expect(upright.of(scene(person(90)))).rejects.toThrow('no network');
});
