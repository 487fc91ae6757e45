/*
 * One input gives one result: the same bytes with any number of threads, in shards, once more, and repeated from the record in
 * another working directory. (test/estimation/estimate.all.test.ts has the same for every stage held up at random.)
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { openFrames } from '../../src/media/frames.js';
import { ROOT } from '../shared-data.js';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-same-'));
  await mkdir(path.join(root, 'elsewhere'));
  for (const name of ['a', 'b']) await mkdir(path.join(root, 'clips', name), { recursive: true });
  const source = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  for await (const { index, width, height, data } of source.frames()) {
    const clip = path.join(root, 'clips', index < 3 ? 'a' : 'b', `${index}.png`);
    await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(clip);
    if (index === 4) break;
  }
  await source.close();
});
afterAll(() => rm(root, { recursive: true, force: true }));

function infer(cwd: string, ...args: string[]): void {
  execFileSync(process.execPath, [path.join(ROOT, 'bin/glpose.js'), 'infer', ...args], { cwd, stdio: 'pipe' });
}

const FILES = ['posetrack18', 'csv', 'mot'].flatMap((format) => {
  return ['a', 'b'].map((name) => `${format}/${name}.${{ posetrack18: 'json', csv: 'csv', mot: 'txt' }[format]}`);
});
const HOW = ['--format', 'posetrack18,csv,mot', '--smooth', '--bridge', '--seed', '7', '--device', 'cpu'];

async function results(out: string): Promise<Record<string, string>> {
  const texts = FILES.map(async (file) => [file, await readFile(path.join(root, out, file), 'utf8')]);
  return Object.fromEntries((await Promise.all(texts)) as [string, string][]) as Record<string, string>;
}

test('threads, shards, repetition and working directory change nothing', async () => {
  infer(root, 'clips', '-o', 'one', ...HOW, '--threads', '1');
  const one = await results('one');
  expect(one['csv/a.csv'].split('\n').length).toBeGreaterThan(10);

  infer(root, 'clips', '-o', 'three', ...HOW, '--threads', '3');
  expect(await results('three')).toEqual(one);

  for (const shard of ['2/2', '1/2']) infer(root, 'clips', '-o', 'shards', ...HOW, '--threads', '2', '--shard', shard);
  expect(await results('shards')).toEqual(one);

  await copyFile(path.join(root, 'one/run.json'), path.join(root, 'elsewhere/run.json'));
  infer(path.join(root, 'elsewhere'), '--repeat', 'run.json', '-o', '../repeated');
  expect(await results('repeated')).toEqual(one);
});
