import { PoseSmoother } from '../../src/postprocessing/smooth.js';
import type { FramePoses } from '../../src/types.js';

const FPS = 25;

/** One person of 100 × 100 pixels with one joint per place given. */
function frame(
  index: number,
  places: ([number, number] | null)[],
  trackId = 3,
  timeSeconds: number | null = null,
): FramePoses {
  const joints = places.map((place) => (place ? { x: place[0], y: place[1], score: 0.7 } : null));
  const person = { trackId, box: { x: 0, y: 0, width: 100, height: 100 }, boxScore: 0.9, score: 0.6, joints };
  return { index, name: String(index), timeSeconds, people: [person] };
}

function xs(frames: FramePoses[], smoother: PoseSmoother): number[] {
  return frames.map((one) => smoother.next(one).people[0].joints[0]!.x);
}

test('the first two values by hand: One-Euro as its paper defines it', () => {
  const smoother = new PoseSmoother(FPS, { minCutoff: 2, beta: 4 });
  const [first, second] = xs([frame(0, [[10, 50]]), frame(1, [[20, 50]])], smoother);
  expect(first).toBe(10);
  // α(fc) = 1 / (1 + fps / (2π fc)); speed 250 px/s, filtered at 1 Hz, over a body of 100 px
  const alpha = (cutoff: number): number => 1 / (1 + FPS / (2 * Math.PI * cutoff));
  expect(second).toBeCloseTo(10 + 10 * alpha(2 + (4 * 250 * alpha(1)) / 100), 10);
});

test('a trembling joint at rest calms down, and one in fast motion is not left behind', () => {
  const tremble = Array.from({ length: 100 }, (_, i) => frame(i, [[50 + (i % 2 === 0 ? 1 : -1), 50]]));
  const settled = xs(tremble, new PoseSmoother(FPS)).slice(50);
  expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(1); // of 2
  const run = Array.from({ length: 50 }, (_, i) => frame(i, [[12 * i, 50]])); // 3 body sizes a second
  expect(12 * 49 - xs(run, new PoseSmoother(FPS)).at(-1)!).toBeLessThan(12); // under a frame late
});

test('scores, boxes, absent joints and the input stay as they are', () => {
  const smoother = new PoseSmoother(FPS);
  smoother.next(frame(0, [[10, 10], null]));
  const input = frame(1, [[20, 20], null]);
  const { people } = smoother.next(input);
  expect(people[0]).toMatchObject({ trackId: 3, boxScore: 0.9, score: 0.6, joints: [{ score: 0.7 }, null] });
  expect(input).toEqual(frame(1, [[20, 20], null]));
});

test('tracks do not touch each other, and a joint that was long away starts afresh', () => {
  const smoother = new PoseSmoother(FPS);
  smoother.next(frame(0, [[10, 10]], 1));
  expect(smoother.next(frame(1, [[90, 90]], 2)).people[0].joints[0]).toMatchObject({ x: 90, y: 90 });
  expect(smoother.next(frame(2, [[20, 10]], 1)).people[0].joints[0]!.x).toBeLessThan(20);
  expect(smoother.next(frame(40, [[300, 10]], 1)).people[0].joints[0]!.x).toBe(300);
});

test('the same motion at half the frames is smoothed alike in time', () => {
  const at = (rate: number, step: number): number => {
    const smoother = new PoseSmoother(rate, { minCutoff: 1, beta: 0 });
    let x = 0;
    for (let index = 0; index <= rate; index += step) {
      x = smoother.next(frame(index, [[index === 0 ? 0 : 100, 0]])).people[0].joints[0]!.x; // a step, one second later
    }
    return x;
  };
  expect(Math.abs(at(100, 1) - at(100, 2))).toBeLessThan(0.2);
});

test('where frames have time stamps, these count, not the mean rate', () => {
  const at = (times: (number | null)[], rate: number): number[] =>
    xs(
      times.map((time, i) => frame(i, [[10 * i, 0]], 3, time)),
      new PoseSmoother(rate),
    );
  expect(at([0, 0.1, 0.2], 1)).toEqual(at([null, null, null], 10));
  expect(at([0, 0.1, 3], 10)[2]).toBe(20); // long away: afresh
  expect(at([0, 0.1, 0.1], 10)).toEqual(at([0, 0.1, 0.2], 10)); // a time stamp that is repeated
});
