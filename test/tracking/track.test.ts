import type { Motion } from '../../src/geometry/motion.js';
import type { Box, Detection } from '../../src/types.js';
import { Tracker, type TrackedBox, type TrackerOptions } from '../../src/tracking/track.js';

/** Frames a second. */
const FPS = 10;

const person = (x: number, y: number, score = 0.9): Detection => ({ box: { x, y, width: 40, height: 100 }, score });

/** A coarse pose about (x, 50) with all its joints in a column, so that the side to which it leans tells people apart. */
const leaning = (x: number, lean: number, score = 0.9): Detection => ({
  ...person(x, 0, score),
  coarsePose: Float32Array.from({ length: 34 }, (_, i) => (i % 2 ? 3 * i : x + 20 + lean)),
});

interface World {
  /** Who can be seen in each frame by a look at their place. */
  seen: readonly (readonly Detection[])[];
  /** Who is detected in key frames: of those seen; default all. */
  detected?(detection: Detection, frame: number): boolean;
  /** Key frames are this far apart. */
  every?: number;
  cuts?: readonly number[];
  options?: Partial<TrackerOptions>;
}

/** Follows people through a world; the tracked boxes of each frame, and the looks at places, as [frame, x]. */
async function follow({ seen, detected = () => true, every = 1, cuts = [], options }: World) {
  const looks: [number, number][] = [];
  const tracker = new Tracker({
    startScore: 0.3,
    timeOf: (frame) => frame / FPS,
    near: async (frame: number, box: Box) => {
      looks.push([frame, Math.round(box.x)]);
      return seen[frame].filter(({ box: { x, y } }) => Math.hypot(x - box.x, y - box.y) < 100);
    },
    mostLooks: 100,
    fillGaps: true,
    ...options,
  });
  for (let frame = 0; frame < seen.length; frame++) {
    if (frame % every !== 0 && !cuts.includes(frame) && frame !== seen.length - 1) continue;
    const here = seen[frame].filter((detection) => detected(detection, frame));
    await tracker.next(frame, here, cuts.includes(frame));
  }
  tracker.endScene();
  const frames: TrackedBox[][] = [];
  for (let frame = 0; frame < seen.length; frame++) frames.push(tracker.at(frame));
  return {
    frames,
    looks,
    xs: (id: number) => frames.map((f) => f.find(({ trackId }) => trackId === id)?.box.x ?? null),
  };
}

const walk = (frames: number, step = 10): Detection[][] =>
  Array.from({ length: frames }, (_, t) => [person(step * t, 0)]);

test('two people who walk past each other keep their numbers', async () => {
  const seen = Array.from({ length: 21 }, (_, t) => {
    const both = [person(10 * t, 0), person(200 - 10 * t, 8)];
    return t % 2 === 0 ? both : both.reverse();
  });
  const { xs } = await follow({ seen });
  expect(xs(0)).toEqual(seen.map((_, t) => 10 * t));
  expect(xs(1)).toEqual(seen.map((_, t) => 200 - 10 * t));
});

test('between key frames, someone who moves evenly is interpolated without a look, and not marked', async () => {
  const { frames, looks, xs } = await follow({ seen: walk(9, 3), every: 4 });
  expect(xs(0)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24]);
  expect(frames.flat().some(({ interpolated }) => interpolated)).toBe(false);
  expect(frames[2][0].score).toBe(0.9);
  expect(looks).toEqual([]);
});

test('where two sights differ too much, the frames between are looked at', async () => {
  const places = [0, 0, 20, 70, 110, 120, 120, 120, 120];
  const { xs, looks } = await follow({ seen: places.map((x) => [person(x, 0)]), every: 4 });
  expect(looks.map(([frame]) => frame)).toContain(2);
  expect(xs(0)![2]).toBe(20);
});

test('who is not detected is looked for at their place and seen there', async () => {
  const { frames, xs } = await follow({ seen: walk(12, 5), detected: (_, frame) => frame < 3 || frame > 8 });
  expect(xs(0)).toEqual(Array.from({ length: 12 }, (_, t) => 5 * t));
  expect(frames.flat().some(({ interpolated }) => interpolated)).toBe(false);
});

test('who is not seen for a moment is filled in, with a lower score, and marked', async () => {
  const seen = walk(8).map((people, t) => (t === 3 || t === 4 ? [] : people));
  const { frames } = await follow({ seen });
  expect(frames[3]).toEqual([
    { trackId: 0, score: 0.45, interpolated: true, box: { x: 30, y: 0, width: 40, height: 100 } },
  ]);
  expect(frames[5][0]).toEqual({ trackId: 0, score: 0.9, box: { x: 50, y: 0, width: 40, height: 100 } });
});

test('who is hidden for longer and comes back is the same person, and is not drawn meanwhile', async () => {
  const seen = walk(30, 4).map((people, t) => (t >= 8 && t < 22 ? [] : people));
  const { frames, xs } = await follow({ seen });
  expect(new Set(frames.flat().map(({ trackId }) => trackId))).toEqual(new Set([0]));
  expect(
    xs(0)
      .slice(8, 22)
      .every((x) => x === null),
  ).toBe(true);
  expect(xs(0)![22]).toBe(88);
});

test('someone else of other colours, or after more than two seconds, is someone else', async () => {
  const hidden = (until: number): Detection[][] => walk(50, 1).map((people, t) => (t >= 5 && t < until ? [] : people));
  const ids = async (world: World): Promise<number> =>
    new Set((await follow(world)).frames.flat().map(({ trackId }) => trackId)).size;
  expect(await ids({ seen: hidden(20) })).toBe(1);
  expect(await ids({ seen: hidden(40) })).toBe(2);
  const coloursOf = (frame: number): Float32Array => Float32Array.of(frame < 10 ? 1 : 0, frame < 10 ? 0 : 1);
  expect(await ids({ seen: hidden(20), options: { coloursOf } })).toBe(2);
});

test('who walked out at an edge is not somebody who turns up in the middle', async () => {
  const leaving = Array.from({ length: 20 }, (_, t) => {
    if (t < 6) return [person(50 - 10 * t, 100)];
    return t < 9 ? [] : [person(90, 100)];
  });
  const ids = async (options: World['options']): Promise<number> =>
    new Set((await follow({ seen: leaving, options })).frames.flat().map(({ trackId }) => trackId)).size;
  expect(await ids({})).toBe(1);
  expect(await ids({ sizeOf: () => ({ width: 400, height: 400 }) })).toBe(2);
});

test('who comes in where somebody walked out is somebody else', async () => {
  const [width, height] = [400, 400];
  const seen = Array.from({ length: 24 }, (_, t) => {
    if (t < 8) return [person(310 + 10 * t, 100)];
    return t < 15 ? [] : [{ box: { x: 320 - 10 * (t - 15), y: 90, width: 80, height: 130 }, score: 0.9 }];
  });
  const { frames } = await follow({ seen, options: { sizeOf: () => ({ width, height }) } });
  expect(new Set(frames.flat().map(({ trackId }) => trackId)).size).toBe(2);
});

test('a second box about somebody is not the one who is missing beside them', async () => {
  const second: Detection = { box: { x: 8, y: 0, width: 44, height: 105 }, score: 0.5 };
  const seen = Array.from({ length: 20 }, (_, t) => [
    person(0, 0),
    ...(t < 6 ? [person(60, 0)] : t === 14 ? [second] : []),
  ]);
  const { frames } = await follow({ seen, options: { near: undefined } });
  expect(frames.slice(6).every((people) => people.length === 1)).toBe(true);
});

test('what is seen of somebody in front of whom somebody else passes says less of where they go', async () => {
  const passing = (beside: boolean): Detection[][] =>
    Array.from({ length: 6 }, (_, t) => [
      person(t < 5 ? 10 * t : 60, 0),
      ...(beside && t > 2 ? [{ box: { x: 10 * t - 4, y: 0, width: 70, height: 150 }, score: 0.95 }] : []),
    ]);
  const expectedAfter = async (seen: Detection[][]): Promise<number> => {
    const places: number[] = [];
    const near = async (_: number, box: Box): Promise<Detection[]> => (places.push(box.x), []);
    await follow({ seen: [...seen, seen.at(-1)!.slice(1)], options: { near, fillGaps: false } });
    return places[0];
  };
  expect(await expectedAfter(passing(true))).toBeLessThan(await expectedAfter(passing(false)));
});

test('whom a look at somebody else’s place shows is followed, too, though the detector misses both', async () => {
  const seen = Array.from({ length: 12 }, (_, t) => [person(0, 0), ...(t < 4 ? [] : [person(60, 0)])]);
  const { xs } = await follow({ seen, detected: ({ box: { x } }, frame) => x === 0 && frame < 4 });
  expect(xs(0)).toEqual(seen.map(() => 0));
  expect(xs(1)).toEqual(seen.map((_, t) => (t < 4 ? null : 60)));
});

test('what was detected between two people who overlap is neither, where a look at one’s place shows both', async () => {
  const seen = Array.from({ length: 10 }, () => [person(0, 0), person(30, 0)]);
  const tracker = new Tracker({
    startScore: 0.3,
    timeOf: (frame) => frame / FPS,
    near: async (frame) => seen[frame],
    mostLooks: 100,
    fillGaps: true,
  });
  for (let frame = 0; frame < seen.length; frame++)
    await tracker.next(frame, frame < 5 ? seen[frame] : [person(15, 0, 0.5)]);
  expect(tracker.at(9).map(({ trackId, box: { x } }) => [trackId, x])).toEqual([
    [0, 0],
    [1, 30],
  ]);
});

test('people who left are not drawn, and nobody is followed out of a frame in which they were not', async () => {
  const seen = Array.from({ length: 24 }, (_, t) => (t < 10 ? [person(300, 0)] : []));
  const { frames } = await follow({ seen, every: 4 });
  expect(frames.map((people) => people.length)).toEqual(seen.map((people) => people.length));
});

test('newcomers are followed back to where they came in, through weak detections and looks', async () => {
  const seen = Array.from({ length: 30 }, (_, t) => (t < 5 ? [] : [person(10 * t, 0, t < 12 ? 0.15 : 0.8)]));
  const { frames, xs } = await follow({ seen, every: 4, detected: (_, frame) => frame > 10 });
  expect(frames.findIndex((people) => people.length > 0)).toBe(5);
  expect(xs(0)![6]).toBe(60);
});

test('across a cut nobody goes on', async () => {
  const { frames } = await follow({ seen: walk(10, 1), cuts: [5] });
  expect(frames.map(([{ trackId }]) => trackId)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
});

test('what the detector takes for a person once, or hardly, is nobody; in a stream and in a still it is', async () => {
  const seen = Array.from({ length: 40 }, (_, t) =>
    t === 6 ? [person(0, 0, 0.4)] : t === 20 ? [person(300, 0, 0.6)] : [],
  );
  expect((await follow({ seen })).frames.flat()).toEqual([]);
  expect((await follow({ seen, options: { hasty: true } })).frames.flat()).toHaveLength(2);
  expect((await follow({ seen: [[person(0, 0, 0.4)]] })).frames.flat()).toHaveLength(1);
});

test('a weak detection prolongs a track but starts none', async () => {
  const seen = walk(10, 2).map((people, t) => (t === 4 ? [person(8, 0, 0.15), person(300, 0, 0.15)] : people));
  const { frames } = await follow({ seen, options: { near: undefined } });
  expect(frames.map((people) => people.length)).toEqual(new Array(10).fill(1));
  expect(frames[4][0].score).toBe(0.15);
});

test('who is hidden does not take the place of the one in front, who then would be whoever is near', async () => {
  const large: Detection = { box: { x: 90, y: 0, width: 120, height: 350 }, score: 0.9 };
  const small = (x: number): Detection => ({ box: { x, y: 60, width: 80, height: 220 }, score: 0.8 });
  const seen = Array.from({ length: 8 }, (_, t) => [large, small(t < 4 ? 100 : 170)]);
  const colourful = (_: number, { height }: Box): Float32Array =>
    Float32Array.of(height > 300 ? 1 : 0, height > 300 ? 0 : 1);
  const { frames } = await follow({ seen, options: { near: undefined, coloursOf: colourful } });
  const heights = (id: number): number[] =>
    frames.flatMap((people) => people.filter(({ trackId }) => trackId === id).map(({ box }) => box.height));
  for (const id of [0, 1]) expect(new Set(heights(id)).size).toBe(1);
});

test('who was hidden in part is known again at the size they had before', async () => {
  const behind: Detection = { box: { x: 42, y: 0, width: 36, height: 60 }, score: 0.4 };
  const seen = Array.from({ length: 10 }, (_, t) => [t === 4 || t === 5 ? behind : person(40 + t, 0)]);
  const { frames } = await follow({ seen, options: { near: undefined } });
  expect(new Set(frames.flat().map(({ trackId }) => trackId))).toEqual(new Set([0]));
});

test('of two whom the detector takes for one between them, looks at their places show both', async () => {
  const blend = leaning(6, -15, 0.5);
  const seen = Array.from({ length: 10 }, (_, t) => [leaning(0, -15), leaning(14, 15), ...(t === 5 ? [blend] : [])]);
  const { frames } = await follow({ seen, detected: (detection, frame) => (frame === 5) === (detection === blend) });
  expect(frames.map((people) => people.map(({ box: { x } }) => x))).toEqual(seen.map(() => [0, 14]));
  expect(frames.flat().some(({ interpolated }) => interpolated)).toBe(false);
});

test('a second box about someone who is followed starts nobody, and is nobody found back in time', async () => {
  const second = (x: number): Detection => ({ box: { x: x + 5, y: 0, width: 50, height: 110 }, score: 0.6 });
  const seen = walk(12, 3).map((people, t) => (t > 4 ? [...people, second(3 * t)] : people));
  const { frames } = await follow({ seen });
  expect(frames.every((people) => people.length === 1)).toBe(true);
});

test('a look does not take a neighbour for the person who is missing', async () => {
  const seen = Array.from({ length: 12 }, (_, t) => [leaning(0, -15), ...(t < 5 ? [leaning(12, 15)] : [])]);
  const { frames } = await follow({ seen });
  expect(frames.map((people) => people.length)).toEqual(seen.map((people) => people.length));
});

test('coarse poses tell people apart where boxes cannot, and go with their boxes', async () => {
  const seen = Array.from({ length: 6 }, (_, t) => {
    const both = [leaning(0, -15), leaning(12, 15)];
    return t % 2 === 0 ? both : both.reverse();
  });
  const { frames } = await follow({ seen });
  for (const people of frames) expect(people.map(({ coarsePose }) => coarsePose![0])).toEqual([5, 47]);
});

test('between two sights the coarse pose is between theirs; without one of them there is none', async () => {
  const at = (t: number): Detection => leaning(10 * t, 0);
  const { frames } = await follow({ seen: [[at(0)], [], [at(2)], [person(30, 0)], [], [at(5)]] });
  expect(frames[1][0].coarsePose).toEqual(at(1).coarsePose);
  expect(frames[4][0].coarsePose).toBeUndefined();
});

test('where boxes are given, no gap is filled in, but the person is the same', async () => {
  const seen = [[person(0, 0)], [], [person(10, 0)]];
  const { frames } = await follow({ seen, options: { fillGaps: false, hasty: true, near: undefined } });
  expect(frames.map((people) => people.map(({ trackId }) => trackId))).toEqual([[0], [], [0]]);
});

test('of a crowd only so many are looked for', async () => {
  const crowd = Array.from({ length: 200 }, (_, i) => person(60 * i, 0));
  const seen = Array.from({ length: 3 }, () => crowd);
  const { looks, frames } = await follow({ seen, detected: (_, frame) => frame !== 1, options: { mostLooks: 16 } });
  expect(looks.length).toBeLessThanOrEqual(32);
  expect(frames[2]).toHaveLength(200);
});

describe('a camera that moves', () => {
  /** How far the picture is shifted in each frame. */
  const swing = (t: number): number => 50 * Math.sin(t / 2);
  const camera = (from: number, to: number): Motion => ({ scale: 1, x: swing(to) - swing(from), y: 0 });

  test('takes nobody’s number away', async () => {
    const jolt = (t: number): number => 60 * (Math.floor(t / 3) % 2);
    const seen = Array.from({ length: 20 }, (_, t) => [0, 60, 120].map((x) => person(x + jolt(t), 0)));
    const jolts = (from: number, to: number): Motion => ({ scale: 1, x: jolt(to) - jolt(from), y: 0 });
    const { xs } = await follow({ seen, options: { camera: jolts, near: undefined } });
    for (const [id, x] of [0, 60, 120].entries()) expect(xs(id)).toEqual(seen.map((_, t) => x + jolt(t)));
    expect((await follow({ seen, options: { near: undefined } })).xs(1)).not.toEqual(xs(1));
  });

  test('is followed by what is filled in', async () => {
    const seen = Array.from({ length: 9 }, (_, t) => [person(3 * t + swing(t), 0)]);
    const { xs, looks } = await follow({ seen, every: 4, options: { camera } });
    for (const [t, x] of xs(0).entries()) expect(x).toBeCloseTo(3 * t + swing(t), 6);
    expect(looks).toEqual([]);
  });

  test('shows someone who was hidden where they are now', async () => {
    const pan = (t: number): number => 40 * Math.min(8, Math.max(0, t - 6));
    const seen = Array.from({ length: 20 }, (_, t) => (t >= 6 && t < 14 ? [] : [person(pan(t), 0)]));
    const ids = async (options: World['options']): Promise<number> =>
      new Set((await follow({ seen, options })).frames.flat().map(({ trackId }) => trackId)).size;
    expect(await ids({ camera: (from, to) => ({ scale: 1, x: pan(to) - pan(from), y: 0 }) })).toBe(1);
    expect(await ids({})).toBe(2);
  });

  test('makes no person of a thing, nor does coming nearer', async () => {
    const at = (t: number): Detection => ({
      box: { x: 10 * t, y: 0, width: 40 + t, height: 100 + 2.5 * t },
      score: 0.7,
    });
    const seen = Array.from({ length: 40 }, (_, t) => [at(t)]);
    const zoom = (from: number, to: number): Motion => {
      const scale = (40 + to) / (40 + from);
      return { scale, x: 10 * to - scale * 10 * from, y: 0 };
    };
    const poseScore = async (): Promise<number> => 0.2;
    expect((await follow({ seen, options: { poseScore, camera: zoom } })).frames.flat()).toEqual([]);
    expect((await follow({ seen, options: { poseScore } })).frames.flat()).toHaveLength(40);
  });
});

describe('people and things', () => {
  const standing = (frames: number): Detection[][] => Array.from({ length: frames }, () => [person(0, 0, 0.7)]);
  const judged = (scoreOf: (frame: number) => number) => {
    const asked: number[] = [];
    const poseScore = async (frame: number): Promise<number> => (asked.push(frame), scoreOf(frame));
    return { asked, poseScore };
  };

  test('what stands about and has no pose is nobody, and is not asked for again', async () => {
    const { asked, poseScore } = judged(() => 0.2);
    expect((await follow({ seen: standing(60), options: { poseScore } })).frames.flat()).toEqual([]);
    expect(asked).toHaveLength(4);
  });

  test('who stands still and has a pose is somebody; once seen is enough', async () => {
    const { asked, poseScore } = judged((frame) => (frame < 5 ? 0.2 : 0.8));
    const { frames } = await follow({ seen: standing(30), options: { poseScore } });
    expect(frames.every((people) => people.length === 1)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test('who walks needs no pose, nor does who is behind somebody', async () => {
    const { poseScore } = judged(() => 0.2);
    const { frames } = await follow({ seen: walk(20), options: { poseScore } });
    expect(frames.every((people) => people.length === 1)).toBe(true);
    const behind = Array.from({ length: 30 }, () => [person(20, 0, 0.7), person(0, 0, 0.9)]);
    const inFront = async (_: number, { box: { x } }: Detection): Promise<number> => (x === 0 ? 0.9 : 0.2);
    const both = await follow({ seen: behind, options: { poseScore: inFront } });
    expect(both.frames.every((people) => people.length === 2)).toBe(true);
  });

  test('a stream shows a thing until it was looked at twice', async () => {
    const { poseScore } = judged(() => 0.2);
    const seen = standing(40);
    const tracker = new Tracker({
      startScore: 0.3,
      timeOf: (f) => f / FPS,
      poseScore,
      mostLooks: 0,
      fillGaps: true,
      hasty: true,
    });
    const shown: number[] = [];
    for (const [frame, people] of seen.entries()) {
      await tracker.next(frame, people);
      if (tracker.at(frame).length > 0) shown.push(frame);
    }
    expect(shown).toEqual([0, 1, 2, 3, 4]);
  });
});
