import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { writeImages, type Picture } from '../../src/drawing/image-writer.js';
import { difference, picture } from '../media/clips.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-images-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function* named(...names: string[]): AsyncGenerator<Picture> {
  for (const [i, name] of names.entries()) yield { ...picture(i), name };
}

async function pixelsOf(file: string): Promise<Uint8Array> {
  return sharp(file).raw().toBuffer();
}

test('frames of a video are numbered, png keeps every pixel', async () => {
  const folder = path.join(root, 'render', 'clip');
  const files = await writeImages(folder, named('0', '1', '2'), 'png');
  expect(files).toEqual(['000000.png', '000001.png', '000002.png'].map((name) => path.join(folder, name)));
  expect((await readdir(folder)).sort()).toEqual(['000000.png', '000001.png', '000002.png']);
  expect(Buffer.from(await pixelsOf(files[2])).equals(Buffer.from(picture(2).data))).toBe(true);
});

test('frames of a folder keep their names; jpg is near', async () => {
  const files = await writeImages(root, named('walk-7.png', 'walk-8.jpg', 'walk-8.png'), 'jpg');
  expect(files.map((file) => path.basename(file))).toEqual(['walk-7.jpg', 'walk-8.jpg', 'walk-8.png.jpg']);
  expect(difference(await pixelsOf(files[1]), picture(1).data)).toBeLessThan(3);
});

test('a folder that cannot be made is an OUTPUT error', async () => {
  await writeFile(path.join(root, 'file'), '');
  await expect(writeImages(path.join(root, 'file'), named('0'), 'png')).rejects.toMatchObject({ code: 'OUTPUT' });
});
