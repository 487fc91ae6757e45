import { Tracker, type TrackedBox } from '../../src/tracking/track.js';
import type { Sight } from '../../src/tracking/sight.js';
import { gainOf, turnOf, type Look } from '../../src/tracking/whose.js';
import type { Box, Detection } from '../../src/types.js';

const FPS = 10;
const RED = Float32Array.of(1, 0, 0);
const BLUE = Float32Array.of(0, 1, 0);
const GREEN = Float32Array.of(0, 0, 1);

const at = (x: number): Detection => ({ box: { x, y: 0, width: 40, height: 100 }, score: 0.9 });
const sightsOf = (xs: readonly (number | null)[]): Map<number, Sight> =>
  new Map(xs.flatMap((x, frame) => (x === null ? [] : [[frame, { ...at(x), frame }] as const])));
const look = (colours: Float32Array): Look => ({ sight: { ...at(0), frame: 0 }, colours, isPlain: true });

test('who looks like somebody else, and not like themselves, has another one’s number', () => {
  const [red, blue] = [look(RED), look(BLUE)];
  expect(gainOf(red, blue, BLUE, RED, true)).toBeCloseTo(2);
  expect(gainOf(red, blue, BLUE, null, false)).toBeCloseTo(1);
  expect(gainOf(red, blue, RED, BLUE, true)).toBe(0);
  expect(gainOf(red, blue, GREEN, RED, true)).toBe(0); // like neither
  expect(gainOf(red, look(RED), RED, RED, true)).toBe(0); // dressed alike
});

test('of who is in sight with somebody in the way, colours speak against an exchange only', () => {
  expect(gainOf(look(RED), look(BLUE), BLUE, RED, false)).toBeCloseTo(1);
  expect(gainOf(look(RED), look(BLUE), BLUE, BLUE, false)).toBe(0);
});

test('they were taken for one another where exchanging them asks for no leap', () => {
  const there = [0, 20, 40, 58, 58, 40, 20, 0];
  const other = [120, 100, 80, 62, 62, 80, 100, 120];
  expect(turnOf(sightsOf(there), sightsOf(other), 0, 7)).toBe(3);
  const hidden = [0, 20, 40, null, null, null, 120];
  const jumps = [60, 60, 60, 60, 60, 60, 60];
  expect(turnOf(sightsOf(hidden), sightsOf(jumps), 0, 6)).not.toBeNull();
  expect(turnOf(sightsOf([0, 0, 0, 0]), sightsOf([300, 300, 300, 300]), 0, 3)).toBeNull();
});

/** Follows people of whom each is one colour; whoever is in front hides the other's. */
async function follow(seen: readonly (readonly (Detection & { colours: Float32Array })[])[]): Promise<TrackedBox[][]> {
  const coloursOf = (frame: number, box: Box): Float32Array | null =>
    seen[frame].find((one) => one.box.x === box.x)?.colours ?? null;
  const tracker = new Tracker({
    startScore: 0.3,
    timeOf: (frame) => frame / FPS,
    coloursOf,
    mostLooks: 100,
    fillGaps: true,
  });
  for (const [frame, here] of seen.entries()) await tracker.next(frame, here);
  tracker.endScene();
  return seen.map((_, frame) => tracker.at(frame));
}

test('two who turn back behind one another are told apart again by how they look, from where they met on', async () => {
  // Both go on as if they had walked through one another, but each turned.
  const xs = [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200];
  const seen = xs.map((x, t) => [
    { ...at(x), colours: t < 6 ? RED : BLUE },
    { ...at(204 - x), colours: t < 6 ? BLUE : RED },
  ]);
  const frames = await follow(seen);
  const numbers = (colours: Float32Array): Set<number> =>
    new Set(
      frames.flatMap((people, t) => {
        const { box } = seen[t].find((one) => one.colours === colours)!;
        return Math.abs(box.x - 100) < 30 ? [] : people.filter((one) => one.box.x === box.x).map(({ trackId }) => trackId); // prettier-ignore
      }),
    );
  expect(numbers(RED).size).toBe(1);
  expect(numbers(BLUE).size).toBe(1);
  expect(numbers(RED)).not.toEqual(numbers(BLUE));
});

test('who is lost for longer than two seconds and comes out as they looked before is the same person; of other colours, another one', async () => {
  const hidden = (colours: Float32Array): Promise<TrackedBox[][]> =>
    follow(
      Array.from({ length: 50 }, (_, t) => [
        ...(t < 8 || t > 38 ? [{ ...at(100 + t), colours: t < 8 ? RED : colours }] : []),
      ]),
    );
  const ids = (frames: TrackedBox[][]): number => new Set(frames.flat().map(({ trackId }) => trackId)).size;
  expect(ids(await hidden(RED))).toBe(1);
  expect(ids(await hidden(GREEN))).toBe(2);
});
