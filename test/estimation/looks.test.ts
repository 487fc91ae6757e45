import type { PersonDetector } from '../../src/detection/detector.js';
import { Looks } from '../../src/estimation/looks.js';
import type { Look, Memo } from '../../src/estimation/memo.js';
import type { Box, Detection } from '../../src/types.js';

const FRAME = {
  index: 3,
  name: '3',
  width: 200,
  height: 100,
  data: new Uint8Array(60_000),
  problem: '',
  timeSeconds: 0,
};

/** A detector that sees one person in whatever it looks at, and counts. */
function detector(scales = true) {
  const seen: { part: Box; longerSide?: number }[] = [];
  const detectIn = async (_: object, part: Box, _threshold: number, longerSide?: number): Promise<Detection[]> => {
    seen.push({ part, longerSide });
    return [{ box: part, score: 0.5 }];
  };
  return { detector: { scales, detectIn } as unknown as PersonDetector, seen };
}

/** A memo as a checkpoint keeps it. */
function memory(kept: Map<number, readonly Look[]>): Memo<readonly Look[]> {
  return {
    kept: async (frame) => kept.get(frame),
    of: async (frame, compute) => {
      if (!kept.has(frame)) kept.set(frame, await compute());
      return kept.get(frame)!;
    },
    end: async () => {},
  };
}

test('a place is looked at in a square about it, larger than the box', async () => {
  const { detector: one, seen } = detector();
  await new Looks(one, 0.1).near(FRAME, { x: 100, y: 0, width: 20, height: 60 });
  expect(seen[0].part).toEqual({ x: 65, y: -15, width: 90, height: 90 });
});

test('a frame that is looked at smaller than the least input lies in its middle', async () => {
  const { detector: one, seen } = detector();
  await new Looks(one, 0.1).everyone(FRAME, [128, 256]);
  expect(seen).toEqual([
    { part: { x: -100, y: -50, width: 400, height: 200 }, longerSide: 256 },
    { part: { x: 0, y: 0, width: 200, height: 100 }, longerSide: 256 },
  ]);
});

test('looks are remembered: a second reading asks for none again', async () => {
  const kept = new Map<number, readonly Look[]>();
  for (const expected of [3, 0]) {
    const { detector: one, seen } = detector();
    const looks = new Looks(one, 0.1, memory(kept));
    const everyone = await looks.everyone(FRAME, [256, 512]);
    const near = await looks.near(FRAME, { x: 100, y: 0, width: 20, height: 60 });
    expect([everyone.length, near.length]).toEqual([1, 1]);
    await looks.end(3);
    expect(seen).toHaveLength(expected);
  }
});

test('the same look twice is one', async () => {
  const { detector: one, seen } = detector();
  const looks = new Looks(one, 0.1);
  for (let i = 0; i < 2; i++) await looks.everyone(FRAME, [512]);
  expect(seen).toHaveLength(1);
});

test('a detector whose input has one size looks at a frame once, and seldom at places', async () => {
  const { detector: one, seen } = detector(false);
  const looks = new Looks(one, 0.1);
  await looks.everyone(FRAME, [256, 512, 1024]);
  expect(seen).toHaveLength(1);
  expect(looks.mostLooks).toBe(1);
  expect(new Looks(detector().detector, 0.1).mostLooks).toBeGreaterThan(1);
});

test('a signal ends the looking', async () => {
  const looks = new Looks(detector().detector, 0.1, undefined, AbortSignal.abort(new Error('enough')));
  await expect(looks.everyone(FRAME, [256])).rejects.toThrow('enough');
});

/** A detector that sees one person lying, and, where they are upright in the window, as `there` says. */
function ofLying(there: Detection, score = 0.5): { detector: PersonDetector; turns: (number | undefined)[] } {
  const turns: (number | undefined)[] = [];
  const coarsePose = Float32Array.from({ length: 34 }, (_, i) => (i === 22 || i === 24 ? 120 : 100)); // hips at the right
  const lying = { box: { x: 80, y: 20, width: 60, height: 30 }, score, coarsePose };
  const detectIn = async (...[, , , , turn]: Parameters<PersonDetector['detectIn']>): Promise<Detection[]> => {
    turns.push(turn);
    return turn ? [there] : [lying];
  };
  return { detector: { scales: true, detectIn } as unknown as PersonDetector, turns };
}

test('who lies is looked at in a window in which they are upright, and taken from there where they are seen more surely', async () => {
  const box = { x: 82, y: 18, width: 64, height: 30 };
  const surer = { box, score: 0.8 };
  for (const [there, isTaken] of [
    [surer, true],
    [{ box, score: 0.4 }, false],
    [{ ...surer, box: { ...box, y: 60 } }, false], // somebody else
  ] as const) {
    const { detector: one, turns } = ofLying(there);
    const looks = new Looks(one, 0.1);
    for (const found of [await looks.everyone(FRAME, [512]), await looks.near(FRAME, box)]) {
      expect(found).toHaveLength(1);
      expect(found[0] === there).toBe(isTaken);
    }
    expect(turns).toEqual([0, 3, 0]); // the look at the place serves both
  }
});

test('whoever is hardly seen at all must be seen surely in the turned window', async () => {
  for (const [score, isTaken] of [
    [0.45, false],
    [0.55, true],
  ] as const) {
    const there = { box: { x: 82, y: 18, width: 64, height: 30 }, score };
    const { detector: one } = ofLying(there, 0.2);
    expect((await new Looks(one, 0.1).everyone(FRAME, [512]))[0] === there).toBe(isTaken);
  }
});
