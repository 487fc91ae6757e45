import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import type { PoseTrack18Document } from '../../src/formats/posetrack18.js';
import { MODELS_DIR } from '../../src/bundle/bundle.js';
import type { RunRecord } from '../../src/run/record.js';
import { openFrames } from '../../src/media/frames.js';
import { ROOT } from '../shared-data.js';
import { withoutQuality } from './without-quality.js';

const SAMPLE = path.join(ROOT, 'samples/walking.mp4');
const FRAMES = 6;

let dir: string;
let folder: string; // the sample's first frames as PNG

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-infer-'));
  folder = path.join(dir, 'walking');
  await mkdir(folder);
  const source = await openFrames({ kind: 'video', path: SAMPLE, name: 'walking' });
  for await (const { index, width, height, data } of source.frames()) {
    if (index >= FRAMES) break;
    await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, `${index}.png`));
  }
  await source.close();
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `glpose infer` and returns all that a user sees. */
async function infer(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['infer', ...args], { out: (text) => void (out += text), err: (text) => void (err += text) });
  expect(err).not.toMatch(/\n\s+at |internal error/); // no stack trace, ever
  return { code, out, err };
}

async function json<T>(...parts: string[]): Promise<T> {
  return JSON.parse(await readFile(path.join(...parts), 'utf8')) as T;
}

/** The people of a result by frame, as keypoint lists. */
async function poses(out: string, name: string): Promise<number[][][]> {
  const { images, annotations } = await json<PoseTrack18Document>(out, 'posetrack18', `${name}.json`);
  return images.map(({ id }) => annotations.filter((a) => a.image_id === id).map((a) => a.keypoints));
}

async function solid(file: string, width = 320, height = 240): Promise<void> {
  await sharp({ create: { width, height, channels: 3, background: '#7a8' } }).toFile(file);
}

test('people of a frame folder end in PoseTrack18 JSON, pictures and run.json', async () => {
  const out = path.join(dir, 'out-folder');
  const { code, out: stdout, err } = await infer(folder, '-o', out, '--render');
  expect({ code, err: withoutQuality(err) }).toEqual({ code: 0, err: '' });
  expect(stdout).toContain(path.join(out, 'posetrack18/walking.json'));
  const people = await poses(out, 'walking');
  expect(people).toHaveLength(FRAMES);
  for (const frame of people) expect(frame.length).toBeGreaterThanOrEqual(5); // five are in plain sight
  for (const place of people.flat(2)) expect(Number.isFinite(place)).toBe(true);
  expect(await readdir(path.join(out, 'render/walking'))).toEqual(
    ['0', '1', '2', '3', '4', '5'].map((name) => `${name}.jpg`),
  );
  const record = await json<RunRecord>(out, 'run.json');
  expect(record.model).toMatchObject({ name: 'glpose-movenet', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(record.videos[0]).toMatchObject({ name: 'walking', status: 'done', frames: FRAMES, warnings: [] });
  expect(record.totals.poses).toBe(people.flat().length);
});

test('tracks keep their numbers from frame to frame', async () => {
  const document = await json<PoseTrack18Document>(dir, 'out-folder', 'posetrack18', 'walking.json');
  const lengths = new Map<number, number>();
  for (const { track_id: id } of document.annotations) lengths.set(id, (lengths.get(id) ?? 0) + 1);
  expect([...lengths.values()].filter((length) => length === FRAMES).length).toBeGreaterThanOrEqual(5);
});

test('a video and the folder of its frames give the same poses', async () => {
  // Of single frames: GLPose joins the frames behind the folder's last one, too. A folder has no rate to look at people by.
  const outs = [path.join(dir, 'out-video'), path.join(dir, 'out-frames')];
  for (const [i, input] of [SAMPLE, folder].entries()) {
    const { code, err } = await infer(input, '-o', outs[i], '--method', 'single-frame', '--detect-every', '1');
    expect({ code, err: withoutQuality(err) }).toEqual({ code: 0, err: '' });
  }
  const [fromVideo, fromFolder] = [await poses(outs[0], 'walking'), await poses(outs[1], 'walking')];
  for (let frame = 0; frame < FRAMES - 1; frame++) expect(fromVideo[frame]).toEqual(fromFolder[frame]);
});

test('the whole of GLPose runs on an untrained head, repeatably, and says what its poses are worth', async () => {
  const bundle = path.join(dir, 'bundle-untrained');
  await cp(path.join(MODELS_DIR, 'glpose-movenet'), bundle, { recursive: true });
  const config = path.join(bundle, 'config.json');
  await writeFile(config, (await readFile(config, 'utf8')).replace('"trained": true', '"trained": false'));
  const outs = [path.join(dir, 'out-glpose-1'), path.join(dir, 'out-glpose-2')];
  for (const out of outs) {
    const { code, err } = await infer(
      folder,
      '-o',
      out,
      '--model',
      bundle,
      '--method',
      'glpose',
      '--every',
      '3',
      '--seed',
      '5',
    );
    expect(code).toBe(0);
    expect(err).toMatch(/not trained: its weights are random/);
  }
  const [first, second] = [await poses(outs[0], 'walking'), await poses(outs[1], 'walking')];
  expect(first).toEqual(second);
  expect(first).toHaveLength(2);
  for (const place of first.flat(2)) expect(Number.isFinite(place)).toBe(true);
});

test('one JSON document on stdout, nothing else', async () => {
  const { code, out } = await infer(folder, '-o', path.join(dir, 'out-json'), '--every', '6', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(out) as RunRecord).videos[0].frames).toBe(1);
});

describe('bad input: the others go on, the error names the file, the exit code is 1', () => {
  const cases: [string, (at: string) => Promise<void>][] = [
    ['an empty folder', async (at) => void (await mkdir(at))],
    ['a zero-byte mp4', async (at) => writeFile(at, '')],
    ['text renamed .mp4', async (at) => writeFile(at, 'not a video\n'.repeat(200))],
    ['a path that is not there', async () => {}],
  ];
  test.each(cases)('%s', async (name, make) => {
    const bad = path.join(dir, name.replaceAll(' ', '-').replace(/^.*mp4$/, '$&.mp4'));
    await make(bad);
    const good = path.join(dir, 'one');
    await mkdir(good, { recursive: true });
    await cp(path.join(folder, '0.png'), path.join(good, '0.png'));
    const out = path.join(dir, `out-${path.basename(bad)}`);
    const { code, err } = await infer(bad, good, '-o', out);
    expect(code).toBe(1);
    expect(err).toContain(path.basename(bad));
    expect((await poses(out, 'one'))[0].length).toBeGreaterThanOrEqual(5); // a one-frame video is a video
    const { videos } = await json<RunRecord>(out, 'run.json');
    expect(videos.map(({ status }) => status).sort()).toEqual(['done', 'failed']);
    expect((await readdir(path.join(out, 'posetrack18'))).sort()).toEqual(['one.json']);
  });
});

test('a damaged frame in the middle of a folder is told and left empty; frames of another size are read', async () => {
  const mixed = path.join(dir, 'mixed');
  await cp(folder, mixed, { recursive: true });
  await rm(path.join(mixed, '2.png'));
  await sharp(path.join(folder, '2.png')).jpeg().toFile(path.join(mixed, '2.jpg'));
  await truncate(path.join(mixed, '2.jpg'), 8000);
  await sharp(path.join(folder, '4.png')).resize(384).toFile(path.join(mixed, '4b.png'));
  const out = path.join(dir, 'out-mixed');
  const { code, err } = await infer(mixed, '-o', out);
  expect(code).toBe(0);
  expect(err).toContain('2.jpg');
  const people = await poses(out, 'mixed');
  expect(people).toHaveLength(FRAMES + 1);
  expect(people[2]).toEqual([]);
  expect(people[3].length).toBeGreaterThanOrEqual(5);
});

test('a video without people has frames without people', async () => {
  const empty = path.join(dir, 'nobody');
  await mkdir(empty);
  for (const i of [0, 1, 2]) await solid(path.join(empty, `${i}.png`));
  const out = path.join(dir, 'out-nobody');
  const { code, err } = await infer(empty, '-o', out, '--method', 'glpose');
  expect({ code, err }).toEqual({ code: 0, err: `glpose: ${empty}: nobody was found in any frame\n` });
  expect(await poses(out, 'nobody')).toEqual([[], [], []]);
});

test('what a mixed folder holds besides its videos is told, and not done', async () => {
  const mixed = path.join(dir, 'set');
  await mkdir(path.join(mixed, 'p1'), { recursive: true });
  await solid(path.join(mixed, 'p1', '0.png'));
  await writeFile(path.join(mixed, 'preview.mp4'), 'no video');
  const out = path.join(dir, 'out-set');
  await mkdir(out);
  const { code, err } = await infer(mixed, '-o', out);
  expect(code).toBe(1);
  expect(err.split('\n')[0]).toMatch(
    /^glpose: .*\/set: folders with videos or images are passed over: 1 \(p1\)\. Give/,
  );
  expect((await json<RunRecord>(out, 'run.json')).videos.map(({ name }) => name)).toEqual(['preview']);
});

test('the longest names that files can have do not end the run; their results are called by less of them', async () => {
  const [video, images] = ['v'.repeat(251), 'i'.repeat(255)];
  await mkdir(path.join(dir, images));
  await solid(path.join(dir, images, '0.png'));
  await cp(SAMPLE, path.join(dir, `${video}.mp4`));
  await writeFile(path.join(dir, `${video}.avi`), 'no video'); // ends in an outcome, too
  const inputs = [`${video}.avi`, `${video}.mp4`, images].map((name) => path.join(dir, name));
  const out = path.join(dir, 'out-long');
  const { code, err } = await infer(
    ...inputs,
    '-o',
    out,
    '--format',
    'posetrack18,openpose',
    '--every',
    '48',
    '--view',
  );
  expect(code).toBe(1);
  expect(err).toMatch(/^glpose: .*v\.avi .*\nglpose: .*i: nobody was found in any frame\n$/);
  const { videos } = await json<RunRecord>(out, 'run.json');
  expect(videos.map(({ status }) => status)).toEqual(['failed', 'done', 'done']);
  const [, name] = videos.map((video) => video.name);
  expect(name).toMatch(/^v+~[0-9a-f]{8}$/);
  expect(await readdir(path.join(out, 'openpose', name))).toEqual([`${name}_000000000000_keypoints.json`]);
});

test('boxes outside the image, half outside, negative and NaN: those with a part inside give poses, the others are counted', async () => {
  const file = path.join(dir, 'boxes.txt');
  const rows = ['1,1,170,365,56,150,0.9', '1,2,-3000,-3000,50,100,0.9', '1,3,-20,400,60,300,0.9', '1,4,10,10,-5,20,0.9', '1,5,nan,10,5,20,0.9']; // prettier-ignore
  await writeFile(file, `${rows.join('\n')}\n`);
  const out = path.join(dir, 'out-boxes');
  const { code, err } = await infer(folder, '-o', out, '--boxes', file);
  expect(code).toBe(0);
  expect(err).toMatch(/boxes\.txt: \d/);
  const people = await poses(out, 'walking');
  expect(people[0]).toHaveLength(2);
  for (const place of people.flat(2)) expect(Number.isFinite(place)).toBe(true);
});

describe('what cannot work at all ends with exit code 2 and names file and remedy', () => {
  test('a model that is not there', async () => {
    const { code, err } = await infer(folder, '-o', path.join(dir, 'x'), '--model', 'no-such-model');
    expect(code).toBe(2);
    expect(err).toMatch(/no-such-model.*glpose-movenet/);
  });

  test('a head whose file lies about its lengths', async () => {
    const bundle = path.join(dir, 'bundle');
    await cp(path.join(MODELS_DIR, 'glpose-movenet'), bundle, { recursive: true });
    const header = Buffer.from('{"head.bias":{"dtype":"F32","shape":[15],"data_offsets":[0,18446744073709551615]}}');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path.join(bundle, 'head.safetensors'), Buffer.concat([length, header]));
    const { code, err } = await infer(folder, '-o', path.join(dir, 'x'), '--model', bundle, '--method', 'glpose');
    expect(code).toBe(2);
    expect(err).toContain('head.safetensors');
  });

  test('an extractor that is not ONNX, and one without the named tensor', async () => {
    const bundle = path.join(dir, 'bundle-onnx');
    await cp(path.join(MODELS_DIR, 'glpose-movenet'), bundle, { recursive: true });
    await cp(path.join(bundle, 'detector.onnx'), path.join(bundle, 'extractor.onnx'));
    const wrongNet = await infer(folder, '-o', path.join(dir, 'x'), '--model', bundle);
    expect(wrongNet.code).toBe(2);
    expect(wrongNet.err).toMatch(/extractor\.onnx has no (output "features"|input "expected")/);
    await writeFile(path.join(bundle, 'extractor.onnx'), 'not a graph');
    const noNet = await infer(folder, '-o', path.join(dir, 'x'), '--model', bundle);
    expect(noNet.code).toBe(2);
    expect(noNet.err).toMatch(/extractor\.onnx does not load/);
  });

  test('unknown options and values', async () => {
    expect((await infer(folder)).code).toBe(2);
    expect((await infer(folder, '-o', dir, '--every', '0')).code).toBe(2);
    expect((await infer(folder, '-o', dir, '--device', 'tpu')).code).toBe(2);
    expect((await infer(folder, '-o', dir, '--boxes', path.join(dir, 'no-boxes.json'))).code).toBe(2);
  });
});

describe('where nothing can be read, or nothing is to be done', () => {
  test.each([
    ['an input that is not there', 1, ['nowhere']],
    ['a file that is no video', 1, ['notes.txt']],
    ['boxes that are not there', 2, ['walking', '--boxes', 'nowhere.json']],
    ['a model that is not there', 2, ['walking', '--model', 'nowhere']],
  ])('%s: nothing is left of a folder that was made for it', async (_, expected, [input, ...options]) => {
    await writeFile(path.join(dir, 'notes.txt'), 'no video');
    const { code } = await infer(path.join(dir, input), '-o', path.join(dir, 'vain', 'out'), ...options);
    expect(code).toBe(expected);
    expect(await readdir(dir)).not.toContain('vain');
  });

  test('a folder that was there stays, with the record; so does what others put into a new one', async () => {
    const out = path.join(dir, 'was-there');
    await mkdir(out);
    expect((await infer(path.join(dir, 'nowhere'), '-o', out)).code).toBe(1);
    expect(await readdir(out)).toEqual(['.glpose', 'run.json']);
    await mkdir(path.join(dir, 'above', 'beside'), { recursive: true });
    expect((await infer(path.join(dir, 'nowhere'), '-o', path.join(dir, 'above', 'out'))).code).toBe(1);
    expect(await readdir(path.join(dir, 'above'))).toEqual(['beside']);
  });
});

test('an output folder that cannot be made is told before any work', async () => {
  const file = path.join(dir, 'a-file');
  await writeFile(file, '');
  const { code, err } = await infer(folder, '-o', path.join(file, 'out'));
  expect(code).toBe(1);
  expect(err).toMatch(/output folder .* cannot be written/);
});

test('an asked-for device that is not there ends with exit code 3', async () => {
  const { code, err } = await infer(folder, '-o', path.join(dir, 'x'), '--device', 'cuda:7');
  expect(code).toBe(3);
  expect(err).toContain('--device cuda:7');
});

test('an interrupted run keeps what is whole and says so', async () => {
  const stop = new AbortController();
  let out = '';
  const second = path.join(dir, 'second');
  await cp(folder, second, { recursive: true });
  const code = await main(['infer', folder, second, '-o', path.join(dir, 'out-stop')], {
    out: (text) => {
      out += text;
      stop.abort(new Error('stop')); // as soon as the first video is reported
    },
    err: () => {},
    signal: stop.signal,
  });
  expect(code).toBe(130);
  expect(out).toContain('walking.json');
  const { videos } = await json<RunRecord>(dir, 'out-stop', 'run.json');
  expect(videos.map(({ status }) => status)).toEqual(['done', 'interrupted']);
  expect(await readdir(path.join(dir, 'out-stop/posetrack18'))).toEqual(['walking.json']);
});
