import { rmSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import { readPoseFiles } from '../../src/formats/read-poses.js';
import { Warnings } from '../../src/formats/warnings.js';
import { openFrames } from '../../src/media/frames.js';
import type { RunRecord } from '../../src/run/record.js';
import { ROOT } from '../shared-data.js';
import { withoutQuality } from './without-quality.js';

let dir: string;
let clips: string[]; // two folders of two frames

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-resume-'));
  clips = [path.join(dir, 'a'), path.join(dir, 'b')];
  const source = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  for await (const { index, width, height, data } of source.frames()) {
    if (index >= 4) break;
    const folder = clips[index >> 1];
    await mkdir(folder, { recursive: true });
    await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, `${index}.png`));
  }
  await source.close();
});

afterAll(() => rm(dir, { recursive: true }));

async function infer(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['infer', ...args], { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err: withoutQuality(err) };
}

const resultOf = (out: string, name: string): string => path.join(out, 'posetrack18', `${name}.json`);
const written = async (file: string): Promise<number> => (await stat(file)).mtimeMs;

test('videos that are done are left as they are, until what they were made from changes', async () => {
  const out = path.join(dir, 'out');
  expect(await infer(...clips, '-o', out)).toMatchObject({ code: 0, err: '' });
  const before = await Promise.all([written(resultOf(out, 'a')), written(resultOf(out, 'b'))]);

  const again = await infer(...clips, '-o', out);
  expect(again.code).toBe(0);
  expect(again.err).toBe(
    'glpose: a is done already; --no-resume does it again\nglpose: b is done already; --no-resume does it again\n',
  );
  expect(await Promise.all([written(resultOf(out, 'a')), written(resultOf(out, 'b'))])).toEqual(before);

  await utimes(path.join(clips[0], '0.png'), 1e9, 1e9); // the same picture, touched
  expect((await infer(...clips, '-o', out)).err).toBe(again.err);

  await appendFile(path.join(clips[0], '0.png'), '\0'); // an input
  await rm(resultOf(out, 'b')); // and a result
  const changed = await infer(...clips, '-o', out);
  expect(changed.err).toBe(
    'glpose: a is done again: the input changed\nglpose: b is done again: results are missing\n',
  );
  expect(await written(resultOf(out, 'a'))).toBeGreaterThan(before[0]);

  const option = await infer(...clips, '-o', out, '--min-score', '0.3');
  expect(option.err).toMatch(/^glpose: a is done again: --min-score changed\n/);

  const forced = await infer(...clips, '-o', out, '--min-score', '0.3', '--no-resume');
  expect(forced.err).toBe('');

  const record = JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')) as RunRecord;
  expect(record.totals).toMatchObject({ videos: 2, failed: 0, left: 0, frames: 4 });
  expect((await readdir(out)).sort()).toEqual(['.glpose', 'posetrack18', 'run.json']);
});

test('files of a run with other options do not count as this one’s; those of videos that it is not about stay', async () => {
  const out = path.join(dir, 'other');
  const files = async (): Promise<string[]> =>
    (await readdir(out, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)))
      .filter((name) => !name.startsWith('.glpose'))
      .sort();
  const options = ['--method', 'single-frame', '--format'];
  await infer(...clips, '-o', out, ...options, 'posetrack18,openpose', '--render', 'png');
  expect(await files()).toHaveLength(1 + 2 * (1 + 2 + 2)); // run.json; posetrack18, openpose and render of each

  expect((await infer(clips[0], '-o', out, ...options, 'posetrack17,csv')).code).toBe(0);
  const ofB = ['openpose/b/2_keypoints.json', 'openpose/b/3_keypoints.json', 'posetrack18/b.json', 'render/b/2.png', 'render/b/3.png']; // prettier-ignore
  expect(await files()).toEqual(['csv/a.csv', ...ofB.slice(0, 2), 'posetrack17/a.json', ...ofB.slice(2), 'run.json']);
  await infer(clips[1], '-o', out, ...options, 'csv');
  expect(await files()).toEqual(['csv/a.csv', 'csv/b.csv', 'posetrack17/a.json', 'run.json']);
  // The folder of the richer format is there, and empty.
  expect(readPoseFiles(out, { role: 'predictions', warnings: new Warnings() }).map(({ name }) => name)).toEqual(['a']);
});

test('of a video that fails, what was made with the same options stays, and what was made with others goes', async () => {
  const out = path.join(dir, 'failing');
  const run = async (formats: string): Promise<number> =>
    (await infer(clips[0], '-o', out, '--method', 'single-frame', '--no-resume', '--format', formats)).code;
  const there = async (): Promise<string[]> =>
    (await readdir(out, { recursive: true })).filter((name) => /^\w+\Wa\.\w+$/.test(name)).sort();
  expect(await run('posetrack18,csv')).toBe(0);
  await rm(path.join(out, 'csv/a.csv'));
  await mkdir(path.join(out, 'csv/a.csv/x'), { recursive: true }); // where a table cannot be written
  expect(await run('posetrack18,csv')).toBe(1);
  expect(await there()).toEqual(['csv/a.csv', 'posetrack18/a.json']);
  expect(await run('coco,csv')).toBe(1);
  expect(await there()).toEqual(['coco/a.json']);
  expect(await run('openpose')).toBe(0);
  expect(await there()).toEqual([]);
});

test('an output folder that is removed on the way ends the run with an error that says so', async () => {
  const out = path.join(dir, 'removed');
  let err = '';
  const code = await main(['infer', ...clips, '-o', out], {
    out: () => {
      rmSync(out, { recursive: true, force: true });
    },
    err: (text) => void (err += text),
  });
  expect(code).toBe(1);
  expect(err).toMatch(/output folder .*removed is gone/);
});

test('--repeat does what run.json says was done, and tells what is not as it was', async () => {
  const [first, second] = [path.join(dir, 'first'), path.join(dir, 'second')];
  const options = [
    '--every',
    '2',
    '--seed',
    '3',
    '--format',
    'csv,coco',
    '--smooth',
    '--bridge',
    '--method',
    'single-frame',
  ];
  expect(await infer(clips[1], '-o', first, ...options)).toMatchObject({ code: 0, err: '' });
  const log = path.join(first, 'run.json');
  expect(await infer('--repeat', log, '-o', second)).toMatchObject({ code: 0, err: '' });
  for (const file of ['csv/b.csv', 'coco/b.json']) {
    expect(await readFile(path.join(second, file), 'utf8')).toBe(await readFile(path.join(first, file), 'utf8'));
  }
  const record = JSON.parse(await readFile(log, 'utf8')) as RunRecord;
  expect((JSON.parse(await readFile(path.join(second, 'run.json'), 'utf8')) as RunRecord).options).toMatchObject({
    every: 2,
    seed: 3,
    format: ['csv', 'coco'],
    smooth: { minCutoff: 2, beta: 4 },
    inputs: [clips[1]],
  });

  const edited = path.join(dir, 'edited.json');
  const write = (change: object): Promise<void> => writeFile(edited, JSON.stringify({ ...record, ...change }));
  await write({ model: { ...record.model, sha256: '0' } });
  expect((await infer('--repeat', edited, '-o', second, '--every', '1')).err).toMatch(/the model is not the one of/);
  await write({ options: { ...record.options, every: 'x' } });
  expect(await infer('--repeat', edited, '-o', second)).toMatchObject({ code: 2, err: expect.stringMatching(/every/) });
  await write({ options: {} });
  expect(await infer('--repeat', edited, '-o', second)).toMatchObject({ code: 2 });
});
