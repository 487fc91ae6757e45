import { choosePeople, parsePeople, parseRegion, selectPeople } from '../../src/postprocessing/select-people.js';
import type { FramePoses, PersonPose } from '../../src/types.js';

const person = (trackId: number, x: number, y: number, size: number): PersonPose => ({
  trackId, box: { x: x - size / 2, y: y - size / 2, width: size, height: size }, boxScore: 1, score: 1, joints: [],
}); // prettier-ignore

/** 0 is large and stays on the left, 1 small and crosses, 2 is seen in two frames on the right. */
const frames = Array.from({ length: 10 }, (_, index): FramePoses => ({
  index, name: String(index), timeSeconds: index / 25,
  people: [person(0, 100, 300, 200), person(1, 50 * index, 100, 40), ...(index < 2 ? [person(2, 800, 300, 210)] : [])],
})); // prettier-ignore

test.each([
  ['largest', { kind: 'largest' }],
  ['most-moved', { kind: 'most-moved' }],
  ['near:12,34.5', { kind: 'near', x: 12, y: 34.5 }],
  ['3, 1', { kind: 'ids', ids: [3, 1] }],
])('%s', (text, choice) => expect(parsePeople(text)).toEqual(choice));

test.each(['near:12', 'best', '1,', ''])('"%s" is no choice', (text) => expect(() => parsePeople(text)).toThrow(/Expected largest/)); // prettier-ignore

test('regions', () => {
  expect(parseRegion('1,2,30,40')).toEqual([{ x: 1, y: 2 }, { x: 31, y: 2 }, { x: 31, y: 42 }, { x: 1, y: 42 }]); // prettier-ignore
  expect(parseRegion('0,0;5,0;5,9.5')).toEqual([{ x: 0, y: 0 }, { x: 5, y: 0 }, { x: 5, y: 9.5 }]); // prettier-ignore
  for (const text of ['1,2,3', '1,2,0,4', '1,2;3,4', 'a,b,c,d', ''])
    expect(() => parseRegion(text)).toThrow(/Expected x,y/);
});

test('who is chosen', () => {
  const choose = (text: string, more = {}): number[] => choosePeople(frames, { people: parsePeople(text), ...more });
  expect(choosePeople(frames, {})).toEqual([0, 2, 1]);
  expect(choose('largest')).toEqual([0]);
  expect(choose('largest', { atMost: 2 })).toEqual([0, 2]);
  expect(choose('most-moved')).toEqual([1]);
  expect(choose('near:790,250')).toEqual([2]);
  expect(choose('1,2')).toEqual([2, 1]);
  expect(choosePeople(frames, { atMost: 1 })).toEqual([0]);
});

test('a region holds those who are in it in half of their frames', () => {
  const left = [{ x: 0, y: 0 }, { x: 240, y: 0 }, { x: 240, y: 400 }, { x: 0, y: 400 }]; // prettier-ignore
  expect(choosePeople(frames, { within: left })).toEqual([0, 1]); // 1 in five of ten frames
  expect(choosePeople(frames, { within: left.map(({ x, y }) => ({ x: x && 190, y })) })).toEqual([0]);
  const l = [[0, 0], [500, 0], [500, 150], [50, 150], [50, 400], [0, 400]].map(([x, y]) => ({ x, y })); // prettier-ignore
  expect(choosePeople(frames, { within: l })).toEqual([1]); // 0's middle lies in the hollow of the L
});

test('frames stay, people go', () => {
  const video = { name: 'v', width: 1, height: 1, fps: 25, joints: [], frames };
  const selected = selectPeople(video, { people: { kind: 'ids', ids: [2] } });
  expect([...selected.frames].map(({ people }) => people.map(({ trackId }) => trackId))).toEqual([[2], [2], [], [], [], [], [], [], [], []]); // prettier-ignore
  expect(frames[0].people).toHaveLength(3);
  // in two parts, the one nearest to a place is another person in each
  const parted = selectPeople(video, { people: { kind: 'near', x: 800, y: 300 } }, [0, 2]);
  expect([...parted.frames].map(({ people }) => people.map(({ trackId }) => trackId)).slice(0, 4)).toEqual([[1, 2], [1, 2], [1], [1]]); // prettier-ignore
});
