import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { readCutOuts } from '../../src/features/cut-outs.js';
import { Extractor } from '../../src/features/extractor.js';
import { COCO_JOINTS } from '../../src/joints.js';

let extractor: Extractor;
let dir: string;
beforeAll(async () => void (extractor = await Extractor.open('glpose-movenet', { threads: 1 })));
afterAll(() => extractor.dispose());
beforeEach(async () => void (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-cut-outs-'))));
afterEach(() => rm(dir, { recursive: true }));

const SIZE = { width: 200, height: 220 };
const picture = (file: string): Promise<unknown> =>
  sharp({ create: { ...SIZE, channels: 3, background: '#204060' } }).toFile(file);

/** A person 60 × 150 at (50, 40), outlined by a triangle; all joints labelled, one in each row of pixels from the top. */
function coco(change: object = {}, split?: string): object {
  const keypoints = COCO_JOINTS.flatMap((_, q) => [60 + q, 40 + q, 2]);
  const person = {
    id: 7,
    image_id: 1,
    bbox: [50, 40, 60, 150],
    iscrowd: 0,
    keypoints,
    segmentation: [[50, 40, 110, 40, 50, 190]],
  };
  return {
    images: [{ id: 1, file_name: 'one.png', ...(split && { split }) }],
    annotations: [{ ...person, ...change }],
  };
}

async function file(document: object): Promise<string> {
  await mkdir(path.join(dir, 'images'), { recursive: true });
  await picture(path.join(dir, 'images/one.png'));
  const at = path.join(dir, 'people.json');
  await writeFile(at, JSON.stringify(document));
  return at;
}

test('a person of a COCO file is what their polygon encloses, with their joints', async () => {
  const [cutOut] = await readCutOuts([await file(coco())], undefined, extractor);
  expect(cutOut).toMatchObject({ name: '7', height: 151 });
  const [{ width, height, rgba, joints }] = cutOut.frames;
  expect([width, height]).toEqual([61, 151]);
  const alpha = (x: number, y: number): number => rgba[4 * (y * width + x) + 3];
  expect([alpha(5, 5), alpha(5, 120), alpha(55, 120)]).toEqual([255, 255, 0]);
  expect([...rgba.subarray(0, 3)]).toEqual([0x20, 0x40, 0x60]);
  expect([...joints.subarray(2, 4)]).toEqual([11, 1]);
});

test('a sequence is cut out by its masks', async () => {
  for (const folder of ['masks', 'images']) await mkdir(path.join(dir, 'walk', folder), { recursive: true });
  for (const name of ['0', '1']) {
    await picture(path.join(dir, `walk/images/${name}.jpg`));
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="220"><rect width="200" height="220"/><rect x="${name}0" y="20" width="50" height="180" fill="white"/></svg>`;
    await sharp(Buffer.from(svg)).toFile(path.join(dir, `walk/masks/${name}.png`));
  }
  // Nobody is in these pictures, so that no joint is known, and nobody can be told to be there.
  await expect(readCutOuts([path.join(dir, 'walk')], undefined, extractor)).rejects.toMatchObject({
    code: 'ANNOTATION',
  });
});

test.each([
  ['crowds', { iscrowd: 1 }],
  ['small people', { bbox: [50, 40, 40, 90] }],
  ['people without a polygon', { segmentation: { counts: 'abc', size: [1, 1] } }],
  ['people with few joints', { keypoints: Array(51).fill(0) }],
])('%s are passed over', async (_, change) => {
  await expect(readCutOuts([await file(coco(change))], undefined, extractor)).rejects.toThrow(
    /nobody there can be cut out/,
  );
});

test('images of another split are left alone; a picture that is missing is named', async () => {
  const source = await file(coco({}, 'validation'));
  await expect(readCutOuts([source], 'train', extractor)).rejects.toThrow(/nobody/);
  await rm(path.join(dir, 'images/one.png'));
  await expect(readCutOuts([source], 'validation', extractor)).rejects.toThrow(/one\.png cannot be read/);
});
