import { bridge } from '../../src/postprocessing/bridge.js';
import type { FramePoses, Joint } from '../../src/types.js';

const SURE = 0.5;

/** One person a track; a joint is [x, score], at y = 2x. */
function frame(index: number, tracks: Record<number, ([number, number] | null)[]>): FramePoses {
  const people = Object.entries(tracks).map(([id, joints]) => ({
    trackId: Number(id),
    box: { x: 0, y: 0, width: 100, height: 100 },
    boxScore: 0.9,
    score: 0.6,
    joints: joints.map((joint): Joint | null => (joint ? { x: joint[0], y: 2 * joint[0], score: joint[1] } : null)),
  }));
  return { index, name: String(index), timeSeconds: null, people };
}

async function* from(frames: FramePoses[], pulled: number[] = []): AsyncGenerator<FramePoses> {
  for (const one of frames) {
    pulled.push(one.index);
    yield await Promise.resolve(one);
  }
}

async function bridged(frames: FramePoses[], longest = 3): Promise<FramePoses[]> {
  const result: FramePoses[] = [];
  for await (const one of bridge(from(frames), { sure: SURE, longest })) result.push(one);
  return result;
}

const joint = (frames: FramePoses[], index: number, person = 0, place = 0): Joint | null =>
  frames.find((one) => one.index === index)!.people[person].joints[place];

test('unsure joints lie on the line between the sure ones, with the lower score, marked', async () => {
  const frames = [frame(0, { 1: [[10, 0.9]] }), frame(1, { 1: [[99, 0.1]] }), frame(3, { 1: [[40, 0.6]] })];
  const result = await bridged(frames);
  expect(result.map(({ index }) => index)).toEqual([0, 1, 3]);
  expect(joint(result, 1)).toEqual({ x: 20, y: 40, score: 0.6, estimated: true }); // a third of the way: frame 2 is missing
  expect(joint(result, 0)).toEqual({ x: 10, y: 20, score: 0.9 });
  expect(joint(frames, 1)).toEqual({ x: 99, y: 198, score: 0.1 }); // the input stays
});

test('nothing is invented before the first sure frame, after the last, or over a longer gap', async () => {
  const unsure: [number, number] = [99, 0.2];
  const frames = Array.from({ length: 12 }, (_, i) => frame(i, { 1: [i === 2 || i === 7 ? [i, 1] : unsure] }));
  expect(await bridged(frames, 3)).toEqual(frames);
  const over = await bridged(frames, 4);
  expect(over.slice(0, 3)).toEqual(frames.slice(0, 3));
  expect(over.slice(8)).toEqual(frames.slice(8));
  expect([3, 4, 5, 6].map((i) => joint(over, i)!.x)).toEqual([3, 4, 5, 6]);
});

test('people and joints are bridged by themselves; a joint that was not found is an unsure one', async () => {
  const frames = [
    frame(0, { 1: [[10, 1], [0, 1]], 2: [[50, 1], null] }), // prettier-ignore
    frame(1, { 2: [[70, 0.9], [5, 0.4]], 1: [null, [8, 0.8]] }), // prettier-ignore
    frame(2, { 1: [[30, 1], [4, 1]], 2: [[60, 1], [6, 1]] }), // prettier-ignore
  ];
  const [, middle] = await bridged(frames);
  expect(middle.people[0].joints).toEqual([
    { x: 20, y: 40, score: 1, estimated: true },
    { x: 8, y: 16, score: 0.8 },
  ]);
  expect(middle.people[1].joints).toEqual([
    { x: 70, y: 140, score: 0.9 },
    { x: 5, y: 10, score: 0.4 },
  ]); // no sure one before
});

test('a frame is handed on as soon as nothing can change it, and not before', async () => {
  const pulled: number[] = [];
  const frames = Array.from({ length: 6 }, (_, i) => frame(i, { 1: [[i, 1]] }));
  const out = bridge(from(frames, pulled), { sure: SURE, longest: 2 });
  await out.next();
  expect(pulled).toEqual([0, 1, 2]);
  await out.next();
  expect(pulled).toEqual([0, 1, 2, 3]);
});
