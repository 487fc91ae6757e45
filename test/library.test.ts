import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_BUNDLE, estimateParts, estimateStream, estimateVideo, evaluateFiles, GlposeError, loadModel, openFrames, runSession, type FramePoses, type Model } from '../src/index.js'; // prettier-ignore
import { describeWithShared, ROOT } from './shared-data.js';

const SAMPLE = path.join(ROOT, 'samples/walking.mp4');

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-library-'));
});

afterAll(() => rm(dir, { recursive: true }));

/** Two of the people: the detector is not what is tested here. */
const boxes = {
  boxesOf: () => [
    { box: { x: 190, y: 340, width: 50, height: 150 }, score: 0.9 },
    { box: { x: 640, y: 300, width: 32, height: 110 }, score: 0.8 },
  ],
};

/** Poses of every 4th frame. */
async function poses(model: Model): Promise<FramePoses[]> {
  const video = await openFrames(SAMPLE);
  try {
    const frames: FramePoses[] = [];
    for await (const frame of estimateVideo(video, model, { boxes, every: 4 })) frames.push(frame);
    return frames;
  } finally {
    await video.close();
  }
}

test('two models side by side give what each gives alone', async () => {
  const [first, second] = await Promise.all([loadModel(), loadModel('glpose-movenet', { threads: 1 })]);
  try {
    const together = await Promise.all([poses(first), poses(second)]);
    expect(together[0].flatMap(({ people }) => people).length).toBeGreaterThan(10);
    expect(together[1]).toEqual(together[0]);
    await first.dispose();
    expect(await poses(second)).toEqual(together[0]); // one's end is not the other's
  } finally {
    await Promise.all([first.dispose(), second.dispose()]);
  }
});

test('a model that was disposed says so', async () => {
  const model = await loadModel();
  await model.dispose();
  await model.dispose();
  await expect(poses(model)).rejects.toThrow(expect.objectContaining({ code: 'USAGE', message: 'the model was disposed. Load it again.' })); // prettier-ignore
});

test.each([
  [{ method: 'glopse' }, /expected glpose or single-frame for method but received 'glopse'/],
  [{ device: 'gpu' }, /expected auto, cpu, cuda, cuda:<index>, webgpu, coreml or dml for device but received 'gpu'/],
  [{ reuse: 'none' }, /for reuse but received 'none'/],
  [{ threads: 0 }, /expected a whole number from 1 for threads but received 0/],
  [{ detector: { kind: 'yolox' } }, /expected a JSON file for detector but received \{ kind: 'yolox' \}/],
])('loadModel refuses the options %j', async (options, message) => {
  const refused = await loadModel(undefined, options as object).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
});

test('loadModel says where options go', async () => {
  await expect(loadModel({ method: 'single-frame' } as never)).rejects.toThrow(/loadModel\(undefined, \{ … \}\)/);
});

test('what is wrong in a call is said before the work, and the model stays free', async () => {
  const model = await loadModel(undefined, { method: 'single-frame', threads: 1 });
  const video = await openFrames(SAMPLE);
  try {
    const box = { x: 1, y: 2, width: 3 };
    for (const [options, message] of [
      [{ every: 0 }, /expected a whole number from 1 for every but received 0/],
      [{ minBoxScore: 25 }, /expected a number from 0 to 1 for minBoxScore but received 25/],
      [{ minBoxScore: '0.5' }, /expected a number from 0 to 1 for minBoxScore but received '0\.5'/],
      [{ every: null }, /expected a whole number from 1 for every but received null/],
      [{ seed: 0.5 }, /for seed but received 0\.5/],
      [{ only: 3 }, /expected a function for only but received 3/],
      [{ onProgress: {} }, /expected a function for onProgress but received \{\}/],
      [{ explain: 'all' }, /expected true or false for explain but received 'all'/],
      [
        { signal: new AbortController() },
        /expected an AbortSignal for signal but received AbortController.*not its controller/,
      ],
      [{ signal: null }, /expected an AbortSignal for signal but received null/],
      [{ boxes: null }, /an object with boxesOf for boxes but received null/],
      [{ boxes: 'boxes.txt' }, /an object with boxesOf for boxes but received 'boxes\.txt'\. .*readBoxes/],
      [{ detect: 'yolo' }, /expected a function for detect/],
      [{ detect: async () => 'x' }, /expected an array of \{ box, score \} for what detect gives \(frame 0\)/],
      [{ detect: async () => [null] }, /detect gave no box in frame 0: x undefined/],
      [
        { boxes: { boxesOf: () => 'x' } },
        /expected an array of boxes for what boxesOf gives \(frame 0\) but received 'x'/,
      ],
      [{ detect: async () => [{ score: 1 }] }, /detect gave no box in frame 0: x undefined/],
      [{ detect: async () => [{ box, score: 1 }] }, /height undefined/],
    ] as [object, RegExp][]) {
      for (const estimates of [
        estimateVideo(video, model, options),
        estimateParts(video, model, [{ from: null, to: { frame: 1 } }], options),
      ]) {
        const refused = await estimates.next().catch((thrown: unknown) => thrown);
        expect(refused).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
      }
    }
    const signal = 3 as never;
    for (const refused of [
      estimateVideo(SAMPLE as never, model).next(),
      estimateVideo(video, undefined as never).next(),
      estimateStream([] as never, DEFAULT_BUNDLE as never).next(),
      estimateStream([] as never, model, { signal }).next(),
      openFrames(SAMPLE, { signal }),
      runSession([SAMPLE], { out: path.join(dir, 'out') }, { signal }),
      runSession([SAMPLE], { out: path.join(dir, 'out') }, { onVideoEnd: true as never }),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(/^expected /) });
    const next = async function* (): AsyncGenerator<never> {
      yield null as never;
    };
    await expect(estimateStream(next(), model).next()).rejects.toThrow(/image 0 of the stream is undefined×undefined/);
    await video.close();
    await expect(estimateVideo(video, model).next()).rejects.toMatchObject({ code: 'USAGE' });
  } finally {
    await video.close();
    await model.dispose();
  }
});

test('openFrames takes one video, and says what else it found', async () => {
  await copyFile(SAMPLE, path.join(dir, 'a.mp4'));
  const only = await openFrames(dir);
  expect(only).toMatchObject({ width: 768, height: 576 });
  await only.close();
  await copyFile(SAMPLE, path.join(dir, 'b.mp4'));
  await expect(openFrames(dir)).rejects.toThrow(/holds 2 videos.*findVideos/);
  const missing = await openFrames(path.join(dir, 'none.mp4')).catch((thrown: unknown) => thrown);
  expect(missing).toBeInstanceOf(GlposeError);
  expect(missing).toMatchObject({ code: 'INPUT', exitCode: 1 });
});

describeWithShared('oracles/poseval/pt18', 'evaluateFiles', (oracle) => {
  test('gives what glpose eval prints', () => {
    const { summary } = evaluateFiles(path.join(oracle, 'pred'), path.join(oracle, 'gt'), { allowMissing: true });
    expect(summary.metric).toBe('posetrack-ap');
    expect((summary.groups as { mean: number }).mean).toBeGreaterThan(10);
  });
});
