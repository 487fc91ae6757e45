import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findVideos, type VideoInput } from '../../src/pipeline/inputs.js';
import { readShardPlan, videosOfShard } from '../../src/pipeline/shard-plan.js';
import { ROOT } from '../shared-data.js';

let root: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-plan-'));
  out = path.join(root, 'out');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A folder of frame folders of the given lengths. Only their number of files matters. */
async function clips(lengths: Record<string, number>): Promise<VideoInput[]> {
  for (const [name, frames] of Object.entries(lengths)) {
    await mkdir(path.join(root, 'in', name), { recursive: true });
    for (let i = 0; i < frames; i++) await writeFile(path.join(root, 'in', name, `${i}.png`), '');
  }
  const { videos } = await findVideos([path.join(root, 'in')]);
  return videos;
}

async function dealt(videos: VideoInput[], count: number, folder = out): Promise<string[][]> {
  const shards = Array.from({ length: count }, (_, i) => videosOfShard(videos, { index: i + 1, count }, folder));
  return (await Promise.all(shards)).map((some) => some.map(({ name }) => name));
}

test('every video belongs to one shard; shards that start together agree, and leave nothing but the plan', async () => {
  const videos = await clips({ a: 9, b: 2, c: 5, d: 4, e: 1, f: 3 });
  const shares = await dealt(videos, 3);
  expect(shares.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(shares).toEqual([['a'], ['b', 'c', 'e'], ['d', 'f']]);
  expect(await readdir(path.join(out, '.glpose/shards'))).toEqual(['plan-1.json']);
  expect(await dealt(videos, 3, path.join(root, 'elsewhere'))).toEqual(shares); // without a common folder, too
});

test('length is what the header says; a file that is no video counts as one frame', async () => {
  await clips({ long: 200, short: 10 });
  await copyFile(path.join(ROOT, 'samples/walking.mp4'), path.join(root, 'walking.mp4'));
  await writeFile(path.join(root, 'broken.mp4'), 'no video');
  const names = ['in', 'walking.mp4', 'broken.mp4'].map((name) => path.join(root, name));
  const { videos } = await findVideos(names);
  await dealt(videos, 2);
  const plan = await readShardPlan(out);
  expect(plan).toMatchObject({ shards: 2, videos: expect.any(Array) as unknown });
  expect(Object.fromEntries(plan!.videos.map(({ name, frames }) => [name, frames]))).toEqual({
    long: 200,
    short: 10,
    walking: 48,
    broken: 1,
  });
});

test('a video that comes later is dealt, too, and those that were dealt stay where they were', async () => {
  const before = await dealt(await clips({ a: 9, b: 2, c: 5 }), 2);
  const after = await dealt(await clips({ aa: 6, d: 1 }), 2);
  after.forEach((share, i) => expect(share).toEqual(expect.arrayContaining(before[i])));
  expect(after.flat().sort()).toEqual(['a', 'aa', 'b', 'c', 'd']);
  expect((await readdir(path.join(out, '.glpose/shards'))).sort()).toEqual(['plan-1.json', 'plan-2.json']);
});

test('a shard that sees fewer videos than the plan takes those that it sees', async () => {
  const videos = await clips({ a: 4, b: 3, c: 2, d: 1 });
  const [first] = await dealt(videos, 2);
  const some = videos.filter(({ name }) => name !== 'a');
  expect(await dealt(some, 2)).toEqual([first.filter((name) => name !== 'a'), ['b', 'c']]);
});

test('another number of shards is refused: it would do what others do', async () => {
  const videos = await clips({ a: 1, b: 1 });
  await dealt(videos, 2);
  await expect(videosOfShard(videos, { index: 1, count: 3 }, out)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/planned for 2 shards, not 3\. Give --shard i\/2/) as unknown,
  });
});

test('a damaged plan is told with its file', async () => {
  const videos = await clips({ a: 1 });
  await dealt(videos, 1);
  const file = path.join(out, '.glpose/shards/plan-1.json');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 30));
  await expect(videosOfShard(videos, { index: 1, count: 1 }, out)).rejects.toMatchObject({
    code: 'OUTPUT',
    message: expect.stringContaining(file) as unknown,
  });
});
