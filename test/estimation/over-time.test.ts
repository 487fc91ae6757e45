import { expect, test } from '@jest/globals';
import { overTime } from '../../src/estimation/over-time.js';
import type { FramePoses, Joint } from '../../src/types.js';

const K = 4;
const ASPECT = 0.75;
const FPS = 25;

/** A frame of people, each with one joint. */
function frame(
  index: number,
  joints: Record<number, Joint | null>,
  timeSeconds: number | null = index / FPS,
): FramePoses {
  const box = { x: 0, y: 0, width: 60, height: 160 };
  const people = Object.entries(joints).map(([trackId, joint]) => ({
    trackId: Number(trackId),
    box,
    boxScore: 1,
    score: joint?.score ?? 0,
    joints: [joint],
  }));
  return { index, name: String(index), timeSeconds, people };
}

const at = (x: number, score = 0.8): Joint => ({ x, y: 50, score });

async function settled(frames: readonly FramePoses[], most = K): Promise<FramePoses[]> {
  async function* each(): AsyncGenerator<FramePoses> {
    yield* frames;
  }
  const all: FramePoses[] = [];
  for await (const one of overTime(each(), ['left_wrist'], most, ASPECT)) all.push(one);
  return all;
}

const places = (frames: readonly FramePoses[], trackId = 0): (number | undefined)[] =>
  frames.map(({ people }) => people.find((person) => person.trackId === trackId)?.joints[0]?.x);

test('a joint that jumps in one frame goes back to the line of the others', async () => {
  const frames = Array.from({ length: 13 }, (_, t) => frame(t, { 0: at(t === 6 ? 150 : 3 * t, t === 6 ? 0.4 : 0.8) }));
  const found = places(await settled(frames));
  expect(found[6]).toBeCloseTo(18, 0);
});

test('a surely seen joint that moves evenly stays where it is', async () => {
  const frames = Array.from({ length: 13 }, (_, t) => frame(t, { 0: at(4 * t) }));
  const found = places(await settled(frames));
  for (const t of [4, 5, 6, 7, 8]) expect(found[t]).toBeCloseTo(4 * t, 5);
});

test('frames come out as they went in, whatever their number', async () => {
  for (const count of [0, 1, 2, K, K + 1, 2 * K + 1, 30]) {
    const frames = Array.from({ length: count }, (_, t) => frame(t, { 0: at(10) }));
    const all = await settled(frames);
    expect(all.map(({ index }) => index)).toEqual(frames.map(({ index }) => index));
    expect(all.map(({ people }) => people[0].joints[0])).toEqual(frames.map(() => ({ x: expect.closeTo(10), y: expect.closeTo(50), score: expect.closeTo(0.8) }))); // prettier-ignore
  }
});

test('what a frame comes to depends on the frames around only, not on where the video begins', async () => {
  const frames = Array.from({ length: 30 }, (_, t) => frame(t, { 0: at(10 * Math.sin(t), 0.3 + 0.6 * Math.abs(Math.cos(3 * t))) })); // prettier-ignore
  const [whole, part] = [await settled(frames), await settled(frames.slice(7, 24))];
  expect(part.slice(K, -K)).toEqual(whole.slice(7 + K, 24 - K));
});

test('people have a say in their own joints only', async () => {
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, t === 4 ? { 0: at(70), 1: at(40) } : { 1: at(10) }));
  const all = await settled(frames);
  expect(places(all, 0)[4]).toBe(70);
  expect(places(all, 1)[4]).toBeCloseTo(10, 0); // outvoted by itself
});

test('nobody’s joint goes to where somebody else’s is', async () => {
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, t === 4 ? { 0: at(12), 1: at(40) } : { 1: at(10) }));
  expect(places(await settled(frames), 1)[4]).toBe(40);
});

test('frames far off in time say nothing, nor do hidden joints; hidden ones are placed and stay hidden', async () => {
  const slow = Array.from({ length: 9 }, (_, t) => frame(t, { 0: at(t === 4 ? 100 : 10) }, t / 4));
  expect(places(await settled(slow))[4]).toBe(100);
  const hidden = (x: number): Joint => ({ ...at(x, 0.01), occluded: true });
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, { 0: t === 4 ? hidden(30) : at(10) }));
  expect((await settled(frames))[4].people[0].joints[0]).toEqual({ x: expect.closeTo(10, 0), y: expect.closeTo(50), score: 0.01, occluded: true }); // prettier-ignore
  const others = Array.from({ length: 9 }, (_, t) => frame(t, { 0: t === 4 ? at(30) : hidden(10) }));
  expect(places(await settled(others))[4]).toBe(30);
});

test('a pose’s score is that of its joints as they are now', async () => {
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, { 0: at(10, t === 4 ? 0.2 : 0.9) }));
  const [pose] = (await settled(frames))[4].people;
  expect(pose.joints[0]!.score).toBeGreaterThan(0.4);
  expect(pose.score).toBeCloseTo(pose.joints[0]!.score * pose.boxScore);
});

test('joints that nobody gives stay away', async () => {
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, { 0: t === 4 ? null : at(10) }));
  expect((await settled(frames))[4].people[0].joints).toEqual([null]);
});

test('frames without times follow one another as those of usual videos', async () => {
  const jump = (t: number): Joint => at(t === 6 ? 150 : 3 * t, t === 6 ? 0.4 : 0.8);
  const frames = Array.from({ length: 13 }, (_, t) => frame(t, { 0: jump(t) }, null));
  expect(places(await settled(frames))[6]).toBeCloseTo(18, 0);
});

test('two who would come together both stay', async () => {
  const frames = Array.from({ length: 9 }, (_, t) => frame(t, { 0: at(t === 4 ? 40 : 10), 1: at(t === 4 ? 70 : 12) }));
  const [frame4] = (await settled(frames)).slice(4);
  expect(places([frame4], 0)[0]).toBe(40);
  expect(places([frame4], 1)[0]).toBe(70);
});
