import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findVideos, type VideoInput } from '../../src/media/inputs.js';
import { readShardPlan, videosAsDealt, videosOfShard } from '../../src/run/shard-plan.js';
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

describe('a video that comes later and is called like one that was dealt', () => {
  /** Videos that are none and count as one frame each; those of `sets` lie in folders of these names and are called alike. */
  async function alike(...sets: string[]): Promise<VideoInput[]> {
    for (const set of sets) await mkdir(path.join(root, 'grow', set), { recursive: true });
    for (const set of sets) await writeFile(path.join(root, 'grow', set, 'x.mp4'), '');
    return (await findVideos([path.join(root, 'grow')])).videos;
  }

  const setsOf = (videos: VideoInput[]): Record<string, string> =>
    Object.fromEntries(videos.map(({ name, path: file }) => [name, path.basename(path.dirname(file))]));

  test('is dealt under another name, which is told once, and those before it keep theirs', async () => {
    const warnings: string[] = [];
    const shard = (index: number, videos: VideoInput[]): Promise<VideoInput[]> =>
      videosOfShard(videos, { index, count: 2 }, out, (warning) => warnings.push(warning));
    const before = await alike('c2', 'c3');
    expect(setsOf(await shard(1, before))).toEqual({ 'x.mp4': 'c2' });
    expect(warnings).toEqual([]);

    const after = await alike('c1'); // it comes first, so that alone it would have the name of c2
    expect(setsOf(await shard(2, after))).toEqual({ 'x.mp4-2': 'c3' });
    expect(warnings).toEqual([expect.stringMatching(/numbered on: 1 \(first: .*\/c1\/x\.mp4 is x\.mp4-3\)$/)]);
    expect(setsOf(await shard(1, after))).toEqual({ 'x.mp4': 'c2', 'x.mp4-3': 'c1' });
    expect(warnings).toHaveLength(1);
  });

  test('a run without shards holds to these names, too', async () => {
    await dealt(await alike('c2', 'c3'), 2);
    const named = await videosAsDealt(await alike('c1'), out);
    expect(setsOf(named)).toEqual({ 'x.mp4-3': 'c1', 'x.mp4': 'c2', 'x.mp4-2': 'c3' });
  });

  test('where nothing was dealt, names stay as they were found', async () => {
    const videos = await alike('c1', 'c2');
    expect(await videosAsDealt(videos, out)).toEqual(videos);
  });

  test('two images of one folder are two videos', async () => {
    await clips({ a: 2 });
    const images = ['0.png', '1.png'].map((name) => path.join(root, 'in', 'a', name));
    const { videos } = await findVideos(images);
    expect(await dealt(videos, 2)).toEqual([['0'], ['1']]);
    const plan = await readShardPlan(out);
    expect(plan?.videos.map(({ path: place }) => place)).toEqual(images);
  });
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
