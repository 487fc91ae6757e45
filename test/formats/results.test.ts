import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeCoco } from '../../src/formats/coco-results.js';
import { jsonPieces } from '../../src/formats/json-pieces.js';
import { RESULT_FORMATS, writeResults } from '../../src/formats/results.js';
import { twoPeople } from './two-people.js';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-results-'));
});

afterAll(() => rm(dir, { recursive: true }));

test('every format has its place, and leaves nothing else behind', async () => {
  const places = [];
  for (const format of RESULT_FORMATS) places.push(await writeResults(twoPeople(), format, dir));
  expect(places).toEqual([
    'posetrack18/clip.json',
    'posetrack17/clip.json',
    'coco/clip.json',
    'coco-results/clip.json',
    'openpose/clip',
    'csv/clip.csv',
    'mot/clip.txt',
  ]);
  expect((await readdir(dir)).sort()).toEqual([...RESULT_FORMATS].sort());
  for (const format of RESULT_FORMATS) expect(await readdir(path.join(dir, format))).toHaveLength(1);
});

test('JSON in pieces is the JSON of the whole', async () => {
  const whole = writeCoco(twoPeople());
  expect(JSON.parse(await readFile(path.join(dir, 'coco/clip.json'), 'utf8'))).toEqual(whole);
  for (const document of [{}, [], { a: [] }, { a: [1, { b: '"' }], c: null, d: undefined, e: 'ü' }, [[1], 2]]) {
    expect(JSON.parse([...jsonPieces(document)].join(''))).toEqual(JSON.parse(JSON.stringify(document)));
  }
});

test('a folder of an earlier run is replaced as a whole', async () => {
  const folder = path.join(dir, 'again/openpose/clip');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'clip_000000000099_keypoints.json'), '{}');
  await writeResults(twoPeople(), 'openpose', path.join(dir, 'again'));
  expect(await readdir(folder)).toHaveLength(3);
  expect(await readdir(path.dirname(folder))).toEqual(['clip']);
});

test('a disk that refuses is an OUTPUT error that names the place', async () => {
  await writeFile(path.join(dir, 'file'), '');
  for (const format of ['csv', 'openpose'] as const) {
    const written = writeResults(twoPeople(), format, path.join(dir, 'file'));
    await expect(written).rejects.toMatchObject({ code: 'OUTPUT', message: expect.stringContaining(`${format}/clip`) });
  }
});
