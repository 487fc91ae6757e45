import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import type { PoseTrack18Document } from '../../src/formats/posetrack18.js';
import { openFrames } from '../../src/media/frames.js';
import { PART, type PageHeader, type WhyHeader } from '../../src/view/page/page-data.js';
import { unpack } from '../../src/view/page/packet.js';
import { decodeColumns, placeCodec } from '../../src/view/page/pose-columns.js';
import { ROOT } from '../shared-data.js';

const FRAMES = 4;

let dir: string;
let folder: string; // the sample's first frames
let out: string; // what infer made of them
let results: PoseTrack18Document;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-view-'));
  folder = path.join(dir, 'walking');
  await mkdir(folder);
  const source = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  for await (const { index, width, height, data } of source.frames()) {
    if (index >= FRAMES) break;
    await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, `${index}.png`));
  }
  await source.close();
  out = path.join(dir, 'out');
  const { code } = await glpose('infer', folder, '-o', out, '--method', 'glpose', '--view');
  expect(code).toBe(0);
  results = JSON.parse(await readFile(path.join(out, 'posetrack18/walking.json'), 'utf8')) as PoseTrack18Document;
});

afterAll(() => rm(dir, { recursive: true }));

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(args, { out: (text) => void (said.out += text), err: (text) => void (said.err += text) });
  expect(said.err).not.toMatch(/\n\s+at |internal error/);
  return { code, ...said };
}

/** A part of a page as a browser reads it. */
function part<Header>(page: string, id: string): { header: Header; bytes: Uint8Array } {
  const [, base64] = new RegExp(`<script type="text/plain" id="${id}">([A-Za-z0-9+/=]*)</script>`).exec(page)!;
  return unpack<Header>(inflateRawSync(Buffer.from(base64, 'base64')));
}

test('infer --view: the page holds the poses and every frame’s picture', async () => {
  const page = await readFile(path.join(out, 'view/walking.html'), 'utf8');
  const { header, bytes } = part<PageHeader>(page, PART.poses);
  expect(header).toMatchObject({ name: 'walking', width: 768, height: 576, folder: null, pictures: [0, 1, 2, 3], explained: [] }); // prettier-ignore
  expect(header.madeBy).toBe('glpose-movenet, glpose');
  expect(header.frames).toEqual({ index: [0, 1, 2, 3], names: results.images.map((image) => image.file_name) });
  const columns = decodeColumns(bytes, header.sizes);
  expect(columns.frame).toHaveLength(results.annotations.length);
  const { place } = placeCodec(768);
  const [first] = results.annotations.filter(({ track_id: track }) => track === header.tracks[0].id);
  expect(place(columns.box[0][0])).toBeCloseTo(first.bbox[0], 1);
  const nose = results.categories[0].keypoints.indexOf('nose');
  expect(place(columns.x[nose][0])).toBeCloseTo(first.keypoints[3 * nose], 1);
  const picture = new RegExp(`id="${PART.picture(2)}">([^<]*)<`).exec(page)![1];
  expect(await sharp(Buffer.from(picture, 'base64')).metadata()).toMatchObject({ format: 'jpeg', width: 768 });
});

test('--explain makes the parts of a video again that the results are of, each by itself', async () => {
  const parts = path.join(dir, 'parts');
  const made = await glpose('infer', folder, '-o', parts, '--method', 'glpose', '--from', '0f,3f', '--to', '1f,3f');
  expect(made.code).toBe(0);
  const run = await glpose('view', parts, '--explain', '0-3', '-o', path.join(dir, 'parts.html'));
  expect(run.code).toBe(0);
  expect(run.out).toMatch(/3 frames, (\d+) poses, \1 explained/);
  expect(run.err).not.toMatch(/are not those of the results/);
});

test('--explain says what the chosen pose was made from, and the pose is that of the results', async () => {
  const file = path.join(dir, 'why.html');
  const run = await glpose('view', out, '--explain', '2-9', '--tracks', '0', '-o', file);
  expect(run.code).toBe(0);
  expect(run.out).toMatch(/why\.html {2}4 frames, \d+ poses, 2 explained/);
  expect(run.err).not.toMatch(/are not those of the results/);
  const page = await readFile(file, 'utf8');
  const { header } = part<PageHeader>(page, PART.poses);
  expect(header.explained).toEqual([2, 3]);
  expect(header.warnings.filter((warning) => !warning.includes('not trained'))).toEqual([]);
  const { header: why, bytes } = part<WhyHeader>(page, PART.why(2));
  expect(why.people).toHaveLength(1);
  const [person] = why.people;
  expect(person).toMatchObject({ track: 0, method: 'glpose' });
  const local = person.references.filter(({ kind }) => kind === 'local');
  expect(local.map(({ frame }) => frame)).toEqual([0, 0, 0, 1, 3, 3, 3, 3]); // the nearest frame stands in at the ends
  expect(local.map(({ weight }) => Math.round(10 * weight))).toEqual([2, 4, 6, 8, 8, 6, 4, 2]);
  const global = person.references.filter(({ kind }) => kind === 'global');
  expect(global).toHaveLength(6);
  expect(global.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 5);
  const { heatmaps, joints } = person.pose;
  expect(heatmaps).toMatchObject({ at: 0, width: 48, height: 64 });
  expect(heatmaps.ranges).toHaveLength(joints.length);
  expect(person.mask!.ranges[0][0]).toBeGreaterThanOrEqual(0);
  expect(person.singleFrame!.places.some((place) => place !== null && place[2] > 0.3)).toBe(true);
  const maps = [person.pose.heatmaps, person.mask!, person.singleFrame!.heatmaps];
  expect(bytes).toHaveLength(
    maps.reduce((total, { ranges, width, height }) => total + ranges.length * width * height, 0),
  );
});

test('pages too large for one file keep their parts in a folder', async () => {
  const file = path.join(dir, 'large.html');
  const { code, out: said, err } = await glpose('view', out, '--video', '-o', file, '--max-file-size', '0');
  expect(code).toBe(0);
  expect(err).toContain('large_files');
  expect(said).toContain('large_files');
  expect((await readdir(path.join(dir, 'large_files'))).sort()).toEqual(
    [0, 1, 2, 3].map((i) => `${PART.picture(i)}.jpg`),
  );
  expect(part<PageHeader>(await readFile(file, 'utf8'), PART.poses).header.folder).toBe('large_files');
});

test('poses without anything else: one page a video beside the files', async () => {
  const own = path.join(dir, 'own');
  await mkdir(own);
  const file = path.join(own, 'seq.json');
  const point = (id: number, x: number, y: number): object => ({ id: [id], x: [x], y: [y], score: [0.5] });
  const annorect = [{ track_id: [3], annopoints: [{ point: [point(13, 200, 40), point(0, 210, 300)] }], score: [0.5] }];
  await writeFile(file, JSON.stringify({ annolist: [{ image: [{ name: 'v1/001.jpg' }], annorect }, { image: [{ name: 'v2/001.jpg' }], annorect: [] }] })); // prettier-ignore
  const { code, out: said } = await glpose('view', file);
  expect(code).toBe(0);
  expect(said.trim().split('\n').map((line) => line.split('  ')[0])).toEqual(['v1', 'v2'].map((name) => path.join(own, `${name}.html`))); // prettier-ignore
  const { header } = part<PageHeader>(await readFile(path.join(own, 'v1.html'), 'utf8'), PART.poses);
  expect(header).toMatchObject({ width: 210, height: 300, fps: null, pictures: [], tracks: [{ id: 3 }] });
});

describe('what cannot work is said, with the remedy', () => {
  const cases: [string, () => Promise<string[]>, number, RegExp][] = [
    ['a video that is not there', async () => [out, '--video', path.join(dir, 'no.mp4')], 1, /no\.mp4 does not exist/],
    ['frames of another video', async () => [out, '--video', await otherFolder()], 1, /has no frame .*walking\.json/],
    ['a name that is not there', async () => [out, '--name', 'x'], 2, /no video "x"\. It has walking/],
    ['people without frames', async () => [out, '--tracks', '1'], 2, /--tracks without --explain/],
    ['frames that are none', async () => [out, '--explain', '9-2'], 2, /12 or 40-60,95/],
    ['results that are not there', async () => [path.join(dir, 'nothing')], 2, /nothing cannot be read/],
    ['results without a record', async () => [path.join(out, 'posetrack18'), '--video'], 2, /--video <path>/],
    ['a record that is none', async () => [await damaged('{}')], 2, /run\.json is not the record of a run/],
    ['a page where a folder is', async () => [out, '-o', await htmlFolder()], 1, /cannot be written/],
  ];
  test.each(cases)('%s', async (_, args, expected, message) => {
    const { code, err } = await glpose('view', ...(await args()));
    expect(err).toMatch(message);
    expect(code).toBe(expected);
  });

  async function otherFolder(): Promise<string> {
    const other = path.join(dir, 'other');
    await mkdir(other);
    await cp(path.join(folder, '0.png'), path.join(other, 'a.png'));
    return other;
  }

  async function damaged(record: string): Promise<string> {
    const copy = path.join(dir, 'damaged');
    await cp(out, copy, { recursive: true });
    await writeFile(path.join(copy, 'run.json'), record);
    return copy;
  }

  async function htmlFolder(): Promise<string> {
    const page = path.join(dir, 'folder.html');
    await mkdir(page);
    return page;
  }
});
