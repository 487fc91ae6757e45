import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import { Extractor } from '../../src/features/extractor.js';
import type { FeatureIndex } from '../../src/features/layout.js';
import { COCO_JOINTS } from '../../src/joints.js';
import { fromFloat16 } from '../../src/bundle/float16.js';
import { betweenGrids, windowOf } from '../../src/geometry/window.js';
import { clipFolder, makeImage, picture } from '../media/clips.js';
import { ROOT } from '../shared-data.js';

const folder = await clipFolder();
const frames = path.join(folder, 'walk');
const annotations = path.join(folder, 'index.json');
const FRAMES = 4;
const MAP = 31 * 64 * 48;
const TRUNK = 24 * 64 * 48;

/** The person moves three pixels a frame. */
const place = (frame: number): number[][] => [[30 + 3 * frame, 10], [35 + 3 * frame, 50], [25 + 3 * frame, 50]]; // prettier-ignore
const boxOf = (frame: number): { x: number; y: number; width: number; height: number } => ({
  x: 24 + 3 * frame,
  y: 6,
  width: 12,
  height: 48,
});

beforeAll(async () => {
  await mkdir(frames);
  for (let i = 0; i < FRAMES; i++) await makeImage(path.join(frames, `${i}.png`), picture(i));
  const joints = Array.from({ length: FRAMES }, (_, i) => place(i));
  const index = { joint_names: ['neck', 'l_ankle', 'r_ankle'], clips: [{ video: 'walk', split: 'train', joints }] };
  await writeFile(annotations, JSON.stringify(index));
});

interface Run {
  code: number;
  out: string;
  err: string;
}

async function features(...options: string[]): Promise<Run> {
  const run: Run = { code: 0, out: '', err: '' };
  const terminal = { out: (text: string) => void (run.out += text), err: (text: string) => void (run.err += text) };
  run.code = await main(['features', frames, '--annotations', annotations, ...options], terminal);
  return run;
}

async function readMap(out: string, map: number): Promise<Float32Array> {
  const bytes = await readFile(path.join(out, 'maps/walk.f16'));
  return Float32Array.from({ length: MAP }, (_, i) => fromFloat16(bytes.readUInt16LE((map * MAP + i) * 2)));
}

test('samples are what inference sees, with own windows, degraded runs and targets', async () => {
  const out = path.join(folder, 'out');
  const options = [
    '-o',
    out,
    '--k',
    '1',
    '--m',
    '2',
    '--every',
    '2',
    '--warp',
    '--views',
    '2',
    '--kinds',
    'defocus',
    '--poses',
  ];
  const run = await features(...options);
  expect(run.err).toContain('1 videos, 4 samples, 42 feature maps, 0.01 GB');
  expect(run).toMatchObject({ code: 0, out: `${out}  4 samples of 1 videos\n` });

  const index = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8')) as FeatureIndex;
  const [video] = index.videos;
  expect(video).toMatchObject({ name: 'walk', split: 'train', maps: 42 });
  expect((await stat(path.join(out, 'maps/walk.f16'))).size).toBe(42 * MAP * 2);
  expect(video.candidates).toHaveLength(2);
  expect(video.samples.map(({ plain }) => plain)).toEqual([true, false, true, false]);

  const sample = video.samples.find(({ plain, frame }) => plain && frame > 0)!;
  const t = sample.frame;
  const extractor = await Extractor.open('glpose-movenet', { threads: 1 });
  const window = windowOf(boxOf(t), 0.75);
  const image = picture(t);
  const [expected] = await extractor.maps(await extractor.net.cut(image, [window]), []);
  const previous = windowOf(boxOf(t - 1), 0.75);
  const [before] = await extractor.maps(await extractor.net.cut(picture(t - 1), [previous]), []);
  await extractor.dispose();
  // The trunk's channels: those behind them depend on where the joints are expected, which is drawn.
  const near = (found: Float32Array, wanted: Float32Array): number =>
    wanted
      .subarray(0, TRUNK)
      .reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]) / Math.max(0.01, Math.abs(value))), 0);
  expect(near(await readMap(out, sample.clean.exact![1]), expected)).toBeLessThan(2 ** -10); // rounding to a half
  expect(near(await readMap(out, sample.clean.own![0]), before)).toBeLessThan(2 ** -10);
  expect(sample.clean.own![1]).toBe(sample.clean.exact![1]);
  const { scale, shiftX, shiftY } = betweenGrids(window, previous, 48, 64);
  expect(sample.transforms![0]).toEqual([scale, shiftX, shiftY]);

  const [degraded] = sample.degraded;
  expect(degraded.kind).toBe('defocus');
  expect(near(await readMap(out, degraded.exact![1]), expected)).toBeGreaterThan(0.05);

  const names = index.made.joints;
  const cell = window.width / 48;
  const neck = sample.joints[names.indexOf('neck')];
  expect(neck[0]).toBeCloseTo((place(t)[0][0] - window.centreX) / cell + 24, 2);
  expect(neck[1]).toBeCloseTo((place(t)[0][1] - window.centreY) / cell + 32, 2);
  expect(neck[2]).toBe(1);
  expect(sample.joints[names.indexOf('nose')]).toEqual([0, 0, 0]);
  expect(sample.clean.pose).toHaveLength(names.length);
  const scores = sample.clean.pose!.map((joint) => joint?.[2] ?? 0);
  expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...scores)).toBeGreaterThan(0.1);
  expect(Math.max(...scores)).toBeLessThanOrEqual(1);
  expect(degraded.pose).not.toEqual(sample.clean.pose);
  expect(sample.size).toBeCloseTo(48 / cell, 2);
});

test('goes on where a run was stopped, and not with other settings', async () => {
  const out = path.join(folder, 'again');
  const options = ['-o', out, '--k', '1', '--m', '0', '--every', '4'];
  await features(...options);
  const maps = path.join(out, 'maps/walk.f16');
  const before = await readFile(maps);
  const made = (await stat(maps)).mtimeMs;
  expect((await features(...options)).err).toContain('walk: 1 samples, was there');
  expect((await stat(maps)).mtimeMs).toBe(made);

  await rm(path.join(out, 'videos/walk.json')); // as if it had been stopped at this video
  await features(...options);
  expect((await readFile(maps)).equals(before)).toBe(true);

  const other = await features(...options, '--seed', '5', '--every', '2');
  expect(other.code).toBe(2);
  expect(other.err).toMatch(
    /holds samples that were made with other settings: .*settings.json differs in every and seed/,
  );
});

test('labels that have changed are learnt, not those of the run before', async () => {
  const [out, own] = ['relabelled', 'own.json'].map((name) => path.join(folder, name));
  const label = async (shift: number): Promise<Run> => {
    const joints = Array.from({ length: FRAMES }, (_, i) => place(i).map(([x, y]) => [x + shift, y]));
    const clips = [{ video: 'walk', joints }];
    await writeFile(own, JSON.stringify({ joint_names: ['neck', 'l_ankle', 'r_ankle'], clips }));
    return features('-o', out, '--annotations', own, '--k', '0', '--m', '0', '--every', '4', '--degraded', '0');
  };
  const read = async (): Promise<unknown> => JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8'));
  expect((await label(0)).err).toContain('maps/s');
  const first = await read();
  expect((await label(2)).err).not.toContain('was there');
  expect(await read()).not.toEqual(first);
  await label(0);
  expect(await read()).toEqual(first);
  expect((await label(0)).err).toContain('was there');
});

test('a photo becomes a clip with a moving camera', async () => {
  const out = path.join(folder, 'stills');
  const photos = path.join(folder, 'photos.json');
  const images = [{ image: '1.png', joints: place(1) }];
  await writeFile(photos, JSON.stringify({ joint_names: ['neck', 'l_ankle', 'r_ankle'], images }));
  const run = await features('-o', out, '--annotations', photos, '--stills', '--k', '1', '--degraded', '0');
  expect(run.code).toBe(0);
  const index = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8')) as FeatureIndex;
  expect(index.videos).toMatchObject([{ name: 'walk-1', maps: 3, candidates: [] }]);
  const bytes = await readFile(path.join(out, 'maps/walk-1.f16'));
  const [first, second, third] = [0, 1, 2].map((i) => bytes.subarray(i * MAP * 2, (i + 1) * MAP * 2));
  expect(first.equals(second) || second.equals(third)).toBe(false);
});

test('says what it would make, and what is wrong', async () => {
  const out = path.join(folder, 'none');
  const dry = await features('-o', out, '--dry-run');
  expect(dry).toMatchObject({ code: 0, out: '' });
  await expect(stat(out)).rejects.toThrow('ENOENT');
  const split = await features('-o', out, '--split', 'test');
  expect(split.code).toBe(2);
  expect(split.err).toContain('labels none of the 1 inputs of split test');
  const kinds = await features('-o', out, '--kinds', 'rain');
  expect(kinds.code).toBe(2);
  expect(kinds.err).toContain('"rain" is none of motion-blur, defocus');
});

test('--warp with a share: own windows instead of the key’s', async () => {
  const out = path.join(folder, 'instead');
  const run = await features('-o', out, '--k', '1', '--m', '0', '--every', '4', '--degraded', '0', '--warp', '0.999');
  expect(run.err).toContain('1 samples, 3 feature maps');
  const index = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8')) as FeatureIndex;
  const [{ clean, transforms }] = index.videos[0].samples;
  expect(clean).toEqual({ own: [0, 1, 2] });
  expect(transforms).toHaveLength(3);
  expect(transforms![1]).toEqual([1, 0, 0]);
});

test('--refine moves a label onto the extractor’s own joint near it, and leaves one that is far away', async () => {
  const [photos, name] = [path.join(folder, 'photos'), 'person.png'];
  await mkdir(photos);
  await cp(path.join(ROOT, 'samples', name), path.join(photos, name));
  const box = { x: 20, y: 5, width: 90, height: 175 };
  const window = windowOf(box, 0.75);
  const cell = window.width / 48;

  /** The joints in image pixels, of labels [x, y] by COCO's names. */
  async function samples(run: string, labels: Record<string, number[]>, ...options: string[]): Promise<number[][]> {
    const keypoints = COCO_JOINTS.flatMap((joint) => (labels[joint] ? [...labels[joint], 2] : [0, 0, 0]));
    const [id, file] = [1, path.join(folder, `${run}.json`)];
    const bbox = [box.x, box.y, box.width, box.height];
    const document = {
      images: [{ id, file_name: name, width: 138, height: 184 }],
      annotations: [{ id, image_id: id, category_id: 1, keypoints, num_keypoints: 1, bbox, area: 9e3, iscrowd: 0 }],
      categories: [{ id: 1, name: 'person', keypoints: COCO_JOINTS }],
    };
    await writeFile(file, JSON.stringify(document));
    const out = path.join(folder, run);
    const argv = ['features', photos, '--annotations', file, '--stills', '--k', '0', '--m', '0', '--degraded', '0'];
    const quiet = { out: () => {}, err: () => {} };
    expect(await main([...argv, '-o', out, ...options], quiet)).toBe(0);
    const index = JSON.parse(await readFile(path.join(out, 'index.json'), 'utf8')) as FeatureIndex;
    const { joints } = index.videos[0].samples[0];
    const places = joints.map(([x, y, v]) => [(x - 24) * cell + window.centreX, (y - 32) * cell + window.centreY, v]);
    return ['left_shoulder', 'left_hip'].map((joint) => places[index.made.joints.indexOf(joint)]);
  }

  const [shoulder, hip] = await samples('own', { nose: [65, 20] }, '--fill', '0.5');
  expect([shoulder[2], hip[2]]).toEqual([0.5, 0.5]); // sure of both
  const near = [shoulder[0] + 0.05 * box.height, shoulder[1]];
  const far = [hip[0], hip[1] + 0.2 * box.height];
  const labels = { left_shoulder: near, left_hip: far };
  const asLabelled = await samples('raw', labels);
  const refined = await samples('refined', labels, '--refine');
  expect(asLabelled[0][0]).toBeCloseTo(near[0], 1);
  expect(refined[0][0]).toBeCloseTo(shoulder[0], 1);
  expect(refined[0][2]).toBe(1);
  expect(refined[1]).toEqual(asLabelled[1]);
});
