import type { Detection } from '../../src/types.js';
import { Tracker, type TrackedBox } from '../../src/tracking/track.js';

const OPTIONS = { startScore: 0.3, patience: 3, fillGaps: true };

const person = (x: number, y: number, score = 0.9): Detection => ({ box: { x, y, width: 40, height: 100 }, score });

/** Track ids by detection order in each frame. */
function follow(
  frames: Detection[][],
  options = OPTIONS,
): { observed: number[][]; interpolated: Map<number, TrackedBox[]>[] } {
  const tracker = new Tracker(options);
  const results = frames.map((detections, frame) => tracker.next(frame, detections));
  return {
    observed: results.map(({ observed }) => observed.map((s) => s.trackId)),
    interpolated: results.map((r) => r.interpolated),
  };
}

test('two people who walk past each other keep their numbers', () => {
  const frames = Array.from({ length: 21 }, (_, t) => {
    const both = [person(10 * t, 0), person(200 - 10 * t, 8)];
    return t % 2 === 0 ? both : both.reverse();
  });
  const { observed } = follow(frames);
  observed.forEach((ids, t) => expect(ids).toEqual(t % 2 === 0 ? [0, 1] : [1, 0]));
});

test('a person who is missed for a few frames is the same person, and the gap is interpolated in', () => {
  const { observed, interpolated } = follow([[person(0, 0)], [person(10, 0)], [], [], [person(40, 0)]]);
  expect(observed[4]).toEqual([0]);
  expect(interpolated[4].get(2)).toEqual([
    { trackId: 0, score: 0.9, interpolated: true, box: { x: 20, y: 0, width: 40, height: 100 } },
  ]);
  expect(interpolated[4].get(3)?.[0].box.x).toBe(30);
});

test('the coarse pose goes with its box, and lies between those around where the box does', () => {
  const at = (x: number): Detection => ({ ...person(x, 0), coarsePose: new Float32Array(34).fill(x) });
  const tracker = new Tracker(OPTIONS);
  expect(tracker.next(0, [at(0)]).observed[0].coarsePose).toEqual(at(0).coarsePose);
  tracker.next(1, []);
  const { observed, interpolated } = tracker.next(2, [at(20)]);
  expect(observed[0].coarsePose).toEqual(at(20).coarsePose);
  expect(interpolated.get(1)![0].coarsePose).toEqual(at(10).coarsePose);
});

test('boxes without a coarse pose are interpolated without one', () => {
  const tracker = new Tracker(OPTIONS);
  tracker.next(0, [{ ...person(0, 0), coarsePose: new Float32Array(34) }]);
  tracker.next(1, []);
  expect(tracker.next(2, [person(20, 0)]).interpolated.get(1)![0].coarsePose).toBeUndefined();
});

test('where boxes are given, no gap is interpolated in, but the person is the same', () => {
  const { observed, interpolated } = follow([[person(0, 0)], [], [person(10, 0)]], { ...OPTIONS, fillGaps: false });
  expect(observed[2]).toEqual([0]);
  expect(interpolated[2].size).toBe(0);
});

test('a longer absence ends the track; ids are never used again', () => {
  const { observed } = follow([[person(0, 0)], [], [], [], [], [person(0, 0)], [person(0, 0)]]);
  expect(observed[5]).toEqual([1]);
  expect(observed[6]).toEqual([1]);
});

test('a weak detection prolongs a track but starts none', () => {
  const { observed } = follow([[person(0, 0)], [person(2, 0, 0.15), person(300, 0, 0.15)], [person(4, 0)]]);
  expect(observed).toEqual([[0], [0], [0]]);
});

test('pose similarity decides where boxes cannot', () => {
  const coarsePose = (lean: number): Float32Array =>
    Float32Array.from({ length: 34 }, (_, i) => (i % 2 ? 50 : 20 + lean));
  const at = (lean: number): Detection => ({ ...person(0, 0), coarsePose: coarsePose(lean) });
  const { observed } = follow([
    [at(-15), at(15)],
    [at(15), at(-15)],
  ]);
  expect(observed[1]).toEqual([1, 0]);
});
