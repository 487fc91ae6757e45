import { expect, test } from '@jest/globals';
import { givenPeople } from '../../src/estimation/given-people.js';
import type { ReadableFrame } from '../../src/estimation/neighbourhood.js';
import type { GivenDetection, PeopleSource } from '../../src/estimation/survey.js';
import type { Detection } from '../../src/types.js';

const FRAME = { index: 3, name: '3', width: 640, height: 480, data: new Uint8Array(0), problem: '', timeSeconds: null } as ReadableFrame; // prettier-ignore
const ASPECT = 0.75;
const pose = (x: number): Float32Array => new Float32Array(34).fill(x);
const box = (x: number): Detection['box'] => ({ x, y: 100, width: 60, height: 160 });
const seen = (x: number, score = 0.9): Detection => ({ box: box(x), score, coarsePose: pose(x) });

function asked(
  given: readonly GivenDetection[],
  found: readonly Detection[],
): { people: PeopleSource; looks: number[][] } {
  const looks: number[][] = [];
  const detector: PeopleSource = {
    everyone: async (_, scales) => {
      looks.push([...scales]);
      return found;
    },
  };
  return { people: givenPeople(async () => given, detector, ASPECT), looks };
}

test('of people in sight of one another the detector says whose joints are whose, each by their own box', async () => {
  const given = [
    { box: box(200), score: 1, trackId: 7 },
    { box: box(240), score: 0.5, trackId: 8 },
  ];
  const { people, looks } = asked(given, [seen(243), seen(198), seen(400)]);
  expect(await people.everyone(FRAME, [])).toEqual([
    { ...given[0], coarsePose: pose(198) },
    { ...given[1], coarsePose: pose(243) },
  ]);
  expect(looks).toHaveLength(1);
  expect(looks[0].length).toBeGreaterThan(0);
});

test('one detection speaks for one box, and for none that it does not fit', async () => {
  const given = [box(200), box(210), box(300)].map((one) => ({ box: one, score: 1 }));
  const { people } = asked(given, [seen(208)]);
  const poses = (await people.everyone(FRAME, [])).map(({ coarsePose }) => coarsePose?.[0]);
  expect(poses).toEqual([undefined, 208, undefined]);
});

test('nobody is looked for where people stand alone, or bring their own coarse poses, or there is no detector', async () => {
  const apart = [
    { box: box(0), score: 1 },
    { box: box(500), score: 1 },
  ];
  const told = [200, 240].map((x) => ({ box: box(x), score: 1, coarsePose: pose(1) }));
  for (const given of [[], apart, told]) {
    const { people, looks } = asked(given, [seen(200), seen(240)]);
    expect(await people.everyone(FRAME, [])).toBe(given);
    expect(looks).toEqual([]);
  }
  const alone = givenPeople(async () => told, null, ASPECT);
  expect(await alone.everyone(FRAME, [])).toBe(told);
});
