import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import type { RunRecord } from '../../src/run/record.js';
import type { RunStatus } from '../../src/run/status.js';

let root: string;
let clips: string; // three folders of one grey picture each, and a video that is none

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-status-'));
  clips = path.join(root, 'clips');
  await mkdir(clips);
  const grey = { create: { width: 64, height: 48, channels: 3, background: '#777' } } as const;
  for (const name of ['a', 'b', 'c']) {
    await mkdir(path.join(root, name));
    await sharp(grey).toFile(path.join(root, name, '0.png'));
  }
  await writeFile(path.join(root, 'broken.mp4'), 'no video');
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(args, { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

function infer(out: string, ...args: string[]): Promise<{ code: number; err: string }> {
  const inputs = ['a', 'b', 'broken.mp4', 'c', 'nowhere'].map((name) => path.join(root, name));
  return glpose('infer', ...inputs, '-o', out, '--method', 'single-frame', ...args);
}

test('says over all shards what is done, failed, with the reason, and left; and when all is done', async () => {
  const out = path.join(root, 'out');
  expect(await glpose('status', path.join(root, 'gone'))).toMatchObject({ code: 2 });
  expect(await glpose('status', clips)).toMatchObject({ code: 2, err: expect.stringContaining('holds no run') });

  // One frame each: by their names, a and broken.mp4 belong to the first shard, b and c to the second.
  expect((await infer(out, '--shard', '1/2')).code).toBe(1);
  const half = await glpose('status', out);
  expect(half).toMatchObject({ code: 1, err: '' });
  const lines = half.out.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines[0]).toEqual(['', 'videos', 'done', 'failed', 'left', 'frames', 'poses', 'tracks', 'time']);
  expect(lines[1].slice(0, 6)).toEqual(['1/2', '2', '1', '1', '0', '1']);
  expect(lines[2].slice(0, 5)).toEqual(['2/2', '2', '0', '0', '2']);
  expect(lines[2].at(-1)).toBe('not begun');
  expect(lines[3].slice(0, 5)).toEqual(['no shard', '1', '0', '1', '0']); // nowhere: every shard's record has it
  expect(lines[4].slice(0, 6)).toEqual(['all', '5', '1', '2', '2', '1']);
  expect(half.out).toMatch(/Ahead: 2 frames/);
  expect(half.out).toMatch(/Failed:\n {2}broken.* \(1\/2\): .*broken\.mp4.*\n {2}nowhere: .*nowhere/);
  expect(half.out).toMatch(/Left:\n {2}b \(2\/2\)\n {2}c \(2\/2\)\n/);

  await infer(out, '--shard', '2/2');
  const { code, out: json } = await glpose('status', out, '--json');
  expect(code).toBe(1);
  const status = JSON.parse(json) as RunStatus;
  expect(status.totals).toMatchObject({ videos: 5, done: 3, failed: 2, left: 0, frames: 3 });
  expect(status.parts.map(({ run }) => run)).toEqual(['ended', 'ended', 'not begun']);
  expect(status.ahead).toBeNull();
  const failed = status.videos.filter((video) => video.status === 'failed');
  expect(failed.map(({ path: where }) => path.basename(where)).sort()).toEqual(['broken.mp4', 'nowhere']);
  for (const { reason } of failed) expect(reason).toMatch(/broken\.mp4|nowhere/);

  await rm(path.join(out, 'posetrack18', 'b.json'));
  expect((await glpose('status', out)).out).toMatch(/b \(2\/2\): results are missing/);
});

test('a run without shards that is wholly done exits 0', async () => {
  const out = path.join(root, 'whole');
  expect((await glpose('infer', path.join(root, 'a'), '-o', out, '--method', 'single-frame')).code).toBe(0);
  const { code, out: text } = await glpose('status', out);
  expect(code).toBe(0);
  expect(text.split('\n')).toHaveLength(3); // headings, one part, the end
  expect(text).toMatch(/no shard +1 +1 +0 +0 +1 +0 +0 +0:00:\d\d +ended/);
});

test('a run with other options that was stopped before it did anything has all to do, whatever stands from before', async () => {
  const out = path.join(root, 'other');
  const all = ['--format', 'csv,coco', '--smooth', '--bridge', '--render', 'png', '--draw-boxes', '--limb-width', '2'];
  const run = ['infer', path.join(root, 'a'), '-o', out, '--method', 'single-frame', ...all];
  expect((await glpose(...run)).code).toBe(0);
  // What does not decide the results is not asked for.
  expect((await glpose(...run, '--threads', '1', '--device', 'cpu', '--json', '--no-resume')).code).toBe(0);
  expect(await glpose('status', out)).toMatchObject({ code: 0 });
  const record = JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')) as RunRecord;
  const stopped = { ...record, seconds: null, options: { ...record.options, minScore: 0.9 } };
  await writeFile(path.join(out, 'run.json'), JSON.stringify(stopped));
  const status = await glpose('status', out);
  expect(status.code).toBe(1);
  expect(status.out).toMatch(/Left:\n {2}a: made with other options: --min-score changed\n/);
});
