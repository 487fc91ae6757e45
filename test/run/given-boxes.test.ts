import type { GivenBox } from '../../src/formats/boxes.js';
import { GivenBoxes } from '../../src/run/given-boxes.js';

const box = (x: number, y: number): GivenBox => ({ box: { x, y, width: 10, height: 20 }, score: 1 });
const frame = (index: number): Parameters<GivenBoxes['boxesOf']>[0] => ({
  index,
  name: `${index}`,
  width: 100,
  height: 50,
  data: new Uint8Array(100 * 50 * 3),
});

test('boxes that the picture shows a part of are taken, others left out and counted', () => {
  const inside = [box(-9, -19), box(99, 49), box(0, 0)];
  const outside = [box(-10, 0), box(0, -20), box(100, 0), box(0, 50), box(1e9, 1e9)];
  const boxes = new GivenBoxes({ boxesOf: ({ index }) => (index === 1 ? [...inside, ...outside] : [box(1, 1)]) });
  expect(boxes.boxesOf(frame(0))).toEqual([box(1, 1)]);
  expect(boxes.boxesOf(frame(1))).toEqual(inside);
  expect(boxes.warnings()).toEqual(['5 boxes entirely outside the frame, left out (first: frame 1)']);
});

test('boxes of other frames only are told', () => {
  const boxes = new GivenBoxes({ boxesOf: ({ index }) => (index === 7 ? [box(1, 1)] : []) });
  for (let index = 0; index < 5; index++) boxes.boxesOf(frame(index));
  expect(boxes.warnings()).toEqual(['none of the given boxes belongs to one of its frames']);
  boxes.boxesOf(frame(7));
  expect(boxes.warnings()).toEqual([]);
});
