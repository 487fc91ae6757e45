import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import { openFrames } from '../../src/media/frames.js';
import type { RunRecord } from '../../src/run/record.js';
import { ROOT } from '../shared-data.js';
import { withoutQuality } from './without-quality.js';

const LENGTHS = { a: 3, b: 1, c: 2, d: 1 };

let root: string;
let clips: string; // folders of the sample's first frames
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-infer-shard-'));
  clips = path.join(root, 'clips');
  const source = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  for (const name of Object.keys(LENGTHS)) await mkdir(path.join(clips, name), { recursive: true });
  for await (const { index, width, height, data } of source.frames()) {
    const into = Object.entries(LENGTHS).filter(([, length]) => index < length);
    if (into.length === 0) break;
    for (const [name] of into)
      await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(path.join(clips, name, `${index}.png`));
  }
  await source.close();
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function infer(...args: string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const code = await main(['infer', clips, ...args], { out: () => {}, err: (text) => void (err += text) });
  return { code, err: withoutQuality(err) };
}

async function record(out: string, name: string): Promise<RunRecord> {
  return JSON.parse(await readFile(path.join(out, name), 'utf8')) as RunRecord;
}

test('all shards together, into one folder, give the bytes of one process, each video done once', async () => {
  const [whole, shared] = [path.join(root, 'whole'), path.join(root, 'shared')];
  expect(await infer('-o', whole)).toEqual({ code: 0, err: '' });
  for (const shard of ['2/3', '1/3', '3/3']) expect(await infer('-o', shared, '--shard', shard)).toEqual({ code: 0, err: '' }); // prettier-ignore

  for (const name of Object.keys(LENGTHS)) {
    const file = path.join('posetrack18', `${name}.json`);
    expect(await readFile(path.join(shared, file))).toEqual(await readFile(path.join(whole, file)));
  }
  const records = await Promise.all([1, 2, 3].map((i) => record(shared, `run-${i}-of-3.json`)));
  expect(records.flatMap(({ videos }) => videos.map(({ name }) => name)).sort()).toEqual(Object.keys(LENGTHS));
  expect(records.map(({ shard }) => shard)).toEqual([1, 2, 3].map((index) => ({ index, count: 3 })));
  expect(await readdir(shared)).not.toContain('run.json');

  const { code, err } = await infer('-o', shared); // what shards have done, a run over everything takes as done
  expect(code).toBe(0);
  expect(err.match(/is done already/g)).toHaveLength(4);
});

test('auto takes the part that the scheduler names, and its record can be repeated without one', async () => {
  const out = path.join(root, 'auto');
  Object.assign(process.env, { JOB_COMPLETION_INDEX: '1', GLPOSE_SHARDS: '4' });
  try {
    expect(await infer('-o', out, '--shard', 'auto')).toEqual({ code: 0, err: '' });
  } finally {
    delete process.env.JOB_COMPLETION_INDEX;
    delete process.env.GLPOSE_SHARDS;
  }
  const { options, videos } = await record(out, 'run-2-of-4.json');
  expect(options.shard).toBe('2/4');
  expect(videos.map(({ name }) => name)).toEqual(['c']);
});

test('a shard that is none, and one of another number of shards, are refused as usage', async () => {
  const out = path.join(root, 'wrong');
  expect(await infer('-o', out, '--shard', '3/2')).toMatchObject({ code: 2, err: expect.stringContaining('no part') });
  await infer('-o', out, '--shard', '2/5', '--method', 'single-frame');
  expect(await infer('-o', out, '--shard', '1/4')).toMatchObject({ code: 2, err: expect.stringContaining('5 shards') });
});
