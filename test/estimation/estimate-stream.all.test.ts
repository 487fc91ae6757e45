import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { estimateStream } from '../../src/estimation/estimate-stream.js';
import type { Frame } from '../../src/media/frame.js';
import { estimateVideo } from '../../src/estimation/estimate.js';
import { openFrames, type FrameSource } from '../../src/media/frames.js';
import { Model } from '../../src/estimation/model.js';
import { iou } from '../../src/geometry/boxes.js';
import type { FramePoses, Image } from '../../src/types.js';
import { ROOT } from '../shared-data.js';

const FRAMES = 10;

let source: FrameSource; // the sample's first frames
let single: Model;
let glpose: Model;

beforeAll(async () => {
  const whole = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  const frames: Frame[] = [];
  for await (const frame of whole.frames()) if (frames.push(frame) === FRAMES) break;
  await whole.close();
  source = { ...whole, warnings: [], frameCount: FRAMES, frames: () => from(frames) };
  [single, glpose] = await Promise.all([
    Model.load('glpose-movenet', { method: 'single-frame', device: 'cpu' }),
    Model.load('glpose-movenet', { method: 'glpose', device: 'cpu' }),
  ]);
});

afterAll(() => Promise.all([single.dispose(), glpose.dispose()]));

async function* from<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Two of the people, so that the whole of GLPose is quick. */
const boxes = {
  boxesOf: () => [
    { box: { x: 190, y: 340, width: 50, height: 150 }, score: 0.9 },
    { box: { x: 640, y: 300, width: 32, height: 110 }, score: 0.8 },
  ],
};

/** The source's images, counting how many were asked for. */
async function* counted(asked: { count: number }): AsyncGenerator<Image, void, undefined> {
  for await (const { width, height, data } of source.frames()) {
    asked.count++;
    yield { width, height, data: data! };
  }
}

test('without neighbours and references, a stream gives what a video gives', async () => {
  const asVideo = await collect(estimateVideo(source, single, { boxes }));
  const asStream = await collect(estimateStream(counted({ count: 0 }), single, { boxes }));
  expect(asStream).toHaveLength(FRAMES);
  expect(asStream.map(({ people }) => people)).toEqual(asVideo.map(({ people }) => people));
});

test.each([1, 2])(
  'with everyone detected in every frame or every %d., a stream finds the people of the video',
  async (detectEvery) => {
    const asVideo = await collect(estimateVideo(source, single));
    const asStream = await collect(estimateStream(counted({ count: 0 }), single, { detectEvery }));
    const clear = asVideo.flatMap(({ people }, i) =>
      people.filter(({ boxScore }) => boxScore > 0.6).map((person) => ({ person, i })),
    );
    const found = clear.filter(({ person, i }) => asStream[i].people.some(({ box }) => iou(box, person.box) > 0.5));
    expect(clear.length).toBeGreaterThan(4 * FRAMES);
    expect(found.length).toBeGreaterThan(0.9 * clear.length);
  },
);

test('poses come k images late, in order, and with the last image all are there', async () => {
  const asked = { count: 0 };
  const { k } = glpose.estimator;
  expect(k).toBeGreaterThan(0);
  const indices: number[] = [];
  for await (const { index, people } of estimateStream(counted(asked), glpose, { boxes })) {
    indices.push(index);
    expect(asked.count).toBe(Math.min(FRAMES, index + k + 1));
    for (const { joints } of people) for (const joint of joints) expect(Number.isFinite(joint!.x)).toBe(true);
  }
  expect(indices).toEqual([...Array(FRAMES).keys()]);
});

test('references come from what was seen so far, drawn anew at 1, 2, 4, 8', async () => {
  const { k, m } = glpose.estimator;
  const globalOf = new Map<number, number[]>();
  for await (const { index, people } of estimateStream(counted({ count: 0 }), glpose, { boxes, explain: true })) {
    const references = people.flatMap(({ explanation }) => explanation!.references);
    globalOf.set(index, references.filter(({ kind }) => kind === 'global').map(({ frame }) => frame)); // prettier-ignore
  }
  expect(m).toBeGreaterThan(0);
  expect(globalOf.get(0)!.every((frame) => frame === 0)).toBe(true); // nobody else yet: the key itself
  for (const [index, frames] of globalOf) {
    const drawnAt = 2 ** Math.floor(Math.log2(Math.max(1, index)));
    for (const frame of frames) expect(frame === index || frame <= drawnAt + k).toBe(true);
  }
  expect(globalOf.get(9)!.some((frame) => frame !== 9)).toBe(true);
});

test('streams are repeatable', async () => {
  const run = (): Promise<FramePoses[]> => collect(estimateStream(counted({ count: 0 }), glpose, { boxes, seed: 3 }));
  expect(await run()).toEqual(await run());
});

test('one model serves one video at a time, and is free again when an iteration ends early', async () => {
  const first = estimateStream(counted({ count: 0 }), single);
  await first.next();
  await expect(estimateVideo(source, single).next()).rejects.toMatchObject({ code: 'USAGE' });
  await first.return();
  for await (const { index } of estimateVideo(source, single)) if (index === 1) break;
  const third = estimateStream(counted({ count: 0 }), single);
  expect((await third.next()).done).toBe(false);
  await third.return();
});

test('a caller’s own detector finds the people; what is no box is refused', async () => {
  const box = { x: 190, y: 340, width: 50, height: 150 };
  const images = (): AsyncIterable<Image> => counted({ count: 0 });
  const detect = async ({ index }: { index: number }) => (index < 2 ? [{ box, score: 0.9 }] : []);
  const [one, two, three] = await collect(estimateStream(images(), single, { detect }));
  expect([one, two, three].map(({ people }) => people.map((person) => person.box))).toEqual([[box], [box], []]);
  expect(one.people[0].joints[0]!.x).toBeGreaterThan(150);
  const nowhere = async () => [{ box: { ...box, x: NaN }, score: 0.9 }];
  await expect(collect(estimateStream(images(), single, { detect: nowhere }))).rejects.toMatchObject({ code: 'USAGE' });
});

test('an aborted stream throws the signal’s reason', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const seen: number[] = [];
  const stream = async (): Promise<void> => {
    for await (const { index } of estimateStream(counted({ count: 0 }), single, { signal: stop.signal })) {
      seen.push(index);
      if (index === 2) stop.abort(reason);
    }
  };
  await expect(stream()).rejects.toBe(reason);
  expect(seen).toEqual([0, 1, 2]);
});

test('a signal also ends the wait for an image that does not come', async () => {
  const stop = new AbortController();
  const reason = new Error('the camera is silent');
  let closed = false;
  async function* silent(): AsyncGenerator<Image, void, undefined> {
    try {
      yield* counted({ count: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1000).unref());
    } finally {
      closed = true;
    }
  }
  const stream = estimateStream(silent(), single, { signal: stop.signal, boxes });
  for (let i = 0; i < FRAMES; i++) await stream.next();
  const waiting = stream.next();
  waiting.catch(() => {});
  await new Promise(setImmediate);
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(closed).toBe(false); // it is told to close, and does when it wakes
});

test('a stream with a signal forgets its images', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc') as () => void;
  const made: WeakRef<Uint8Array>[] = [];
  async function* images(): AsyncGenerator<Image, void, undefined> {
    for (let i = 0; i < 40; i++) {
      const data = new Uint8Array(3 * 64 * 64);
      made.push(new WeakRef(data));
      yield { width: 64, height: 64, data };
    }
  }
  const nobody = { boxesOf: () => [] };
  const { signal } = new AbortController();
  for await (const { index } of estimateStream(images(), single, { boxes: nobody, signal })) {
    if (index < 39) continue;
    await new Promise((resolve) => setTimeout(resolve)); // a WeakRef holds what it points to until the turn ends
    collectGarbage();
    expect(made.filter((image) => image.deref()).length).toBeLessThan(8);
  }
  expect(made).toHaveLength(40);
});

test.each([
  [{ width: 8, height: 8, data: new Uint8Array(100) }, /data has 100 bytes; 8×8 needs 192/],
  [{ width: 0, height: 8, data: new Uint8Array(0) }, /image 0 of the stream is 0×8/],
  [{ width: 8, height: 2.5, data: new Uint8Array(60) }, /8×2\.5/],
  [{ width: 1, height: 1, data: [1, 2, 3] as unknown as Uint8Array }, /no Uint8Array/],
])('images that are none are refused: %#', async (image, message) => {
  await expect(collect(estimateStream(from([image]), single))).rejects.toMatchObject({
    code: 'INPUT',
    message: expect.stringMatching(message),
  });
});

test('an empty stream gives nothing', async () => {
  expect(await collect(estimateStream(from<Image>([]), glpose))).toEqual([]);
});
