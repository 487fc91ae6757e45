import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import type { RunRecord } from '../../src/run/record.js';
import type { Canvas } from '../../src/drawing/canvas.js';
import { PART, type PageHeader } from '../../src/view/page/page-data.js';
import { unpack } from '../../src/view/page/packet.js';
import { writeVideo } from '../../src/drawing/video-writer.js';
import { picture } from '../media/clips.js';

/* Which video a page shows: that of its own poses, whatever the others are called and wherever they lie. */

let dir: string;
beforeAll(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-view-videos-'))));
afterAll(() => rm(dir, { recursive: true }));
const at = (...names: string[]): string => path.join(dir, ...names);

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(args, { out: (text) => void (said.out += text), err: (text) => void (said.err += text) });
  expect(said.err).not.toMatch(/\n\s+at |internal error/);
  return { code, ...said };
}

const infer = (...args: string[]): ReturnType<typeof glpose> => glpose('infer', '--method', 'single-frame', ...args);

/** The pages in a folder by their videos' names, as the size of the pictures they show. */
async function shown(folder: string): Promise<Record<string, number[]>> {
  const sizes: [string, number[]][] = [];
  for (const file of (await readdir(folder)).sort()) {
    const page = await readFile(path.join(folder, file), 'utf8');
    const [, base64] = new RegExp(`id="${PART.poses}">([A-Za-z0-9+/=]*)<`).exec(page)!;
    const { header } = unpack<PageHeader>(inflateRawSync(Buffer.from(base64, 'base64')));
    expect(header.pictures.length).toBeGreaterThan(0);
    sizes.push([header.name, [header.width, header.height]]);
  }
  return Object.fromEntries(sizes);
}

async function* pictures(width: number, height: number): AsyncGenerator<Canvas> {
  for (let i = 0; i < 2; i++) yield picture(i, width, height);
}

async function clip(file: string, width: number, height: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeVideo(file, pictures(width, height), { width, height, fps: 10 });
}

test('of videos called alike, where one cannot be read', async () => {
  const [cams, out] = [at('cams'), at('cams-out')];
  await mkdir(at('cams/c1'), { recursive: true });
  await writeFile(at('cams/c1/x.mp4'), 'no video');
  await clip(at('cams/c2/x.mp4'), 96, 64);
  await clip(at('cams/c3/x.mp4'), 64, 48);
  const sizes = { 'x.mp4-2': [96, 64], 'x.mp4-3': [64, 48] };
  expect((await infer(cams, at('nowhere/x.mp4-2'), '-o', out, '--view')).code).toBe(1);
  expect(await shown(path.join(out, 'view'))).toEqual(sizes);
  expect(await glpose('view', out, '--video', '-o', at('again'))).toMatchObject({ code: 0, err: '' });
  expect(await shown(at('again'))).toEqual(sizes);

  await rm(at('cams/c1'), { recursive: true }); // c2's video would now be called x.mp4, and c3's as c2's was
  expect(await glpose('view', out, '--video', cams, '-o', at('given'))).toMatchObject({ code: 0, err: '' });
  expect(await shown(at('given'))).toEqual(sizes);
  await rename(cams, at('moved'));
  const { code, err } = await glpose('view', out, '--video', '-o', at('gone'));
  expect(code).toBe(1);
  expect(err).toContain(`${at('cams/c2/x.mp4')} does not exist`);
});

test('of single images in one folder', async () => {
  const [stills, out] = [at('stills'), at('stills-out')];
  await mkdir(stills);
  for (const [name, width] of [
    ['a.jpg', 96],
    ['a.png', 64],
    ['b.png', 80],
  ] as const)
    await sharp({ create: { width, height: 48, channels: 3, background: '#777' } }).toFile(path.join(stills, name));
  const images = ['a.jpg', 'a.png', 'b.png'].map((name) => path.join(stills, name));
  expect(await infer(...images, '-o', out, '--view')).toMatchObject({ code: 0 });
  const sizes = { 'a.jpg': [96, 48], 'a.png': [64, 48], b: [80, 48] };
  expect(await shown(path.join(out, 'view'))).toEqual(sizes);
  expect(await glpose('view', out, '--video', '-o', at('images'))).toMatchObject({ code: 0, err: '' });
  expect(await shown(at('images'))).toEqual(sizes);
  const { videos } = JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')) as RunRecord;
  expect(videos.map((video) => video.path)).toEqual(images);

  const other = await glpose('view', out, '--video', stills);
  expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/stills has no video called a\.jpg/) });
});

test('of a folder of images that has become something else', async () => {
  const [frames, out] = [at('frames'), at('frames-out')];
  await mkdir(frames);
  for (const name of ['0.png', '1.png'])
    await sharp({ create: { width: 96, height: 64, channels: 3, background: '#777' } }).toFile(path.join(frames, name));
  expect((await infer(frames, '-o', out)).code).toBe(0);
  await clip(path.join(frames, 'new.mp4'), 64, 48);
  const { code, err } = await glpose('view', out, '--video');
  expect(code).toBe(1);
  expect(err).toMatch(/frames is no longer the folder of images that the poses of frames .* --video <path>/);
});

describe('infer --view', () => {
  let clips: string;
  beforeAll(async () => {
    clips = at('clips');
    for (const [name, width] of [['a', 96], ['b', 64]] as const) await clip(path.join(clips, `${name}.mp4`), width, 48); // prettier-ignore
  });

  test('is refused before the run where no format can be viewed', async () => {
    const out = at('csv-out');
    const { code, err } = await infer(clips, '-o', out, '--format', 'csv,mot', '--view');
    expect(code).toBe(2);
    expect(err).toMatch(
      /--view with --format csv,mot, of which .* Add one of posetrack18, coco, posetrack17 to --format/,
    );
    expect(await readdir(dir)).not.toContain('csv-out');
  });

  test('shows what the run wrote, not what an earlier one left beside it', async () => {
    const out = at('formats-out');
    expect((await infer(path.join(clips, 'a.mp4'), '-o', out)).code).toBe(0);
    expect(await infer(path.join(clips, 'b.mp4'), '-o', out, '--format', 'csv,coco', '--view')).toMatchObject({
      code: 0,
    });
    expect(await shown(path.join(out, 'view'))).toEqual({ b: [64, 48] });
  });

  test('of a shard shows its own part; afterwards all can be shown together', async () => {
    const [out, pages] = [at('shards-out'), at('shards-out/view')];
    const own: string[][] = [];
    for (const shard of ['1/2', '2/2']) {
      expect(await infer(clips, '-o', out, '--shard', shard, '--view')).toMatchObject({ code: 0 });
      own.push(Object.keys(await shown(pages)));
      await rm(pages, { recursive: true });
    }
    expect(own.map(({ length }) => length)).toEqual([1, 1]);
    expect(own.flat().sort()).toEqual(['a', 'b']);
    expect(await glpose('view', out, '--video')).toMatchObject({ code: 0, err: '' });
    expect(await shown(pages)).toEqual({ a: [96, 48], b: [64, 48] });
    const { code, err } = await glpose('view', out, '-o', at('all.html'));
    expect(code).toBe(2);
    expect(err).toMatch(/has several videos and --out is one file.*--name/);
  });
});
