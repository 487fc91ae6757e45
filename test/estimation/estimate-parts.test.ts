/* Parts of a video: the same poses as if each part were a video, under the video's own numbers. */
import path from 'node:path';
import { DEFAULT_BUNDLE } from '../../src/bundle/bundle.js';
import { estimateVideo } from '../../src/estimation/estimate.js';
import { estimateParts } from '../../src/estimation/estimate-parts.js';
import type { Memo, VideoMemo } from '../../src/estimation/memo.js';
import { Model } from '../../src/estimation/model.js';
import type { Frame } from '../../src/media/frame.js';
import { openFrames, type FrameSource } from '../../src/media/frames.js';
import { pairRanges } from '../../src/postprocessing/time-ranges.js';
import type { FramePoses } from '../../src/types.js';
import { ROOT } from '../shared-data.js';

const WALKING = { kind: 'video', name: 'walking', path: path.join(ROOT, 'samples', 'walking.mp4') } as const;
/** Somebody who stands in every frame, so that no detector is needed; asked with the video's numbers. */
const asked = new Set<number>();
const detect = (frame: { index: number }): Promise<{ box: { x: number; y: number; width: number; height: number }; score: number }[]> => {
  asked.add(frame.index);
  return Promise.resolve([{ box: { x: 190 + frame.index, y: 330, width: 70, height: 170 }, score: 0.9 }]);
}; // prettier-ignore

let model: Model;
let source: FrameSource;
beforeAll(async () => {
  model = await Model.load(DEFAULT_BUNDLE, { method: 'glpose', device: 'cpu' });
  source = await openFrames(WALKING);
});
afterAll(async () => {
  await source.close();
  await model.dispose();
});
beforeEach(() => asked.clear());

/** The video, noting what is read of it. */
function watched(): { video: FrameSource; passes: { from: object; last: number }[] } {
  const passes: { from: object; last: number }[] = [];
  async function* frames(from = {}): AsyncGenerator<Frame> {
    const pass = { from, last: -1 };
    passes.push(pass);
    for await (const frame of source.frames(from)) {
      pass.last = frame.index;
      yield frame;
    }
  }
  return { video: { ...source, frames }, passes };
}

async function all(frames: AsyncIterable<FramePoses>): Promise<FramePoses[]> {
  const found: FramePoses[] = [];
  for await (const frame of frames) found.push(frame);
  return found;
}

test('each part is as if it were the video; numbers, names and times are the video’s', async () => {
  const ranges = pairRanges([{ frame: 20 }, { seconds: 0.5 }], [{ frame: 22 }, { frame: 8 }]); // in any order
  const { video, passes } = watched();
  const frames = await all(estimateParts(video, model, ranges, { detect }));
  expect(frames.map(({ index }) => index)).toEqual([5, 6, 7, 8, 20, 21, 22]);
  expect(frames.map(({ name }) => name)).toEqual(['5', '6', '7', '8', '20', '21', '22']);
  expect(frames[4].timeSeconds).toBeCloseTo(2, 6);
  expect([...asked]).toEqual([5, 6, 7, 8, 20, 21, 22]); // nobody is looked for elsewhere
  // A short part is read once; the first one begins at a time, of which nobody knows which frame that is.
  expect(passes.map(({ from }) => from)).toEqual([
    { frame: 0, seconds: 0 },
    { frame: 20, seconds: 0 },
  ]);
  expect(Math.max(...passes.map(({ last }) => last))).toBeLessThanOrEqual(23); // nothing behind the last part

  const ids = frames.map(({ people }) => people.map(({ trackId }) => trackId));
  expect(ids).toEqual([[0], [0], [0], [0], [1], [1], [1]]); // another part, other tracks

  // the second part, as a video of its own
  async function* cut(): AsyncGenerator<Frame> {
    for await (const frame of source.frames()) if (frame.index >= 20 && frame.index <= 22) yield { ...frame, index: frame.index - 20 }; // prettier-ignore
  }
  const alone = await all(estimateVideo({ ...source, frames: cut }, model, { detect: (frame) => detect({ index: frame.index + 20 }) })); // prettier-ignore
  expect(frames.slice(4).map(({ people }) => people[0].joints)).toEqual(alone.map(({ people }) => people[0].joints));
});

test('every n-th frame counts in the video, and a caller’s own track numbers stay', async () => {
  const ranges = pairRanges([{ frame: 4 }, { frame: 12 }], [{ frame: 7 }, { frame: 15 }]);
  const tracked = async (frame: { index: number }): Promise<object[]> => (await detect(frame)).map((one) => ({ ...one, trackId: 5 })); // prettier-ignore
  const frames = await all(estimateParts(source, model, ranges, { detect: tracked as never, every: 3 }));
  expect(frames.map(({ index }) => index)).toEqual([6, 12, 15]);
  expect(frames.flatMap(({ people }) => people.map(({ trackId }) => trackId))).toEqual([5, 5, 5]);
});

test('what is remembered of one part is not another’s: parts that are estimated again are not computed again', async () => {
  const ranges = pairRanges([{ frame: 3 }, { frame: 12 }], [{ frame: 6 }, { frame: 15 }]);
  const kept = new Map<number, unknown>();
  let [computed, ends] = [0, 0];
  const poses: Memo<never> = {
    kept: (frame) => Promise.resolve(kept.get(frame) as never),
    async of(frame, compute) {
      if (!kept.has(frame)) kept.set(frame, (computed++, await compute()));
      return kept.get(frame) as never;
    },
    end: async () => void ends++,
  };
  const looks: Memo<never> = { kept: async () => undefined, of: (_, compute) => compute(), end: async () => {} };
  const memo: VideoMemo = { poses, looks };
  const once = await all(estimateParts(source, model, ranges, { detect, memo }));
  expect([...kept.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([computed, ends]).toEqual([8, 1]);
  expect(await all(estimateParts(source, model, ranges, { detect, memo }))).toEqual(once);
  expect(computed).toBe(8);
  expect(await all(estimateParts(source, model, ranges, { detect }))).toEqual(once);
});

test('a part that is not there', async () => {
  const ranges = pairRanges([{ seconds: 90 }], []);
  await expect(all(estimateParts(source, model, ranges, { detect }))).rejects.toThrow(/has no frame between/);
  const timeless = { ...source, async *frames() { for await (const frame of source.frames()) yield { ...frame, timeSeconds: null }; } }; // prettier-ignore
  await expect(all(estimateParts(timeless, model, pairRanges([{ frame: 1 }], [{ seconds: 2 }]), { detect }))).rejects.toThrow(/no times.*give frames, as in 300f, or/); // prettier-ignore
  await expect(all(estimateParts(source, model, [], { detect, only: (frame) => frame < 2 }))).resolves.toHaveLength(2);
});
