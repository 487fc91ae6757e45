import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { openFrames } from '../../src/media/frames.js';
import { RESULT_FORMATS } from '../../src/formats/results.js';
import { ROOT } from '../shared-data.js';

const FRAMES = 4;

let dir: string;
let folder: string; // frames of the sample
let boxes: string; // two of the people, so that the tests need no detector

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-options-'));
  folder = path.join(dir, 'walking');
  boxes = path.join(dir, 'boxes.txt');
  await mkdir(folder);
  const source = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  const lines: string[] = [];
  for await (const { index, width, height, data } of source.frames()) {
    if (index >= FRAMES) break;
    await sharp(data!, { raw: { width, height, channels: 3 } }).toFile(path.join(folder, `${index}.png`));
    lines.push(`${index + 1},1,191,341,50,150,0.9`, `${index + 1},2,641,301,32,110,0.8`);
  }
  await source.close();
  await writeFile(boxes, lines.join('\n'));
});

afterAll(() => rm(dir, { recursive: true }));

async function infer(...args: string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const code = await main(['infer', folder, '--method', 'single-frame', ...args], { out: () => {}, err: (text) => void (err += text) }); // prettier-ignore
  return { code, err };
}

/** Every x of the first person's nose over time. */
async function noses(out: string): Promise<number[]> {
  const [head, ...rows] = (await readFile(path.join(out, 'csv/walking.csv'), 'utf8')).trim().split('\r\n');
  const [track, nose] = ['track_id', 'nose_x'].map((name) => head.split(',').indexOf(name));
  const cells = rows.map((row) => row.split(','));
  return cells.filter((row) => row[track] === cells[0][track]).map((row) => Number(row[nose]));
}

test('several formats at once, each in its folder, and all of them in run.json', async () => {
  const out = path.join(dir, 'formats');
  expect(await infer('-o', out, '--boxes', boxes, '--format', RESULT_FORMATS.join(','))).toEqual({ code: 0, err: '' });
  expect((await readdir(out)).sort()).toEqual(['.glpose', ...RESULT_FORMATS, 'run.json'].sort());
  const run = JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')) as { videos: { files: string[] }[] };
  expect(run.videos[0].files).toHaveLength(RESULT_FORMATS.length);
});

test('boxes may be a folder of pose files, which a run knows again until one of them changes', async () => {
  const [first, out] = ['boxes-from', 'boxes-folder'].map((name) => path.join(dir, name));
  expect(await infer('-o', first, '--boxes', boxes, '--format', 'posetrack18')).toEqual({ code: 0, err: '' });
  const poses = path.join(first, 'posetrack18');
  expect(await infer('-o', out, '--boxes', poses)).toEqual({ code: 0, err: '' });
  expect((await infer('-o', out, '--boxes', poses)).err).toMatch(/done|already/);
  const file = path.join(poses, 'walking.json');
  await writeFile(file, `${await readFile(file, 'utf8')} `);
  expect((await infer('-o', out, '--boxes', poses)).err).not.toMatch(/already/);
});

test('--smooth changes the poses, more with a lower cut-off, and its bad values are wrong usage', async () => {
  const at = async (name: string, ...args: string[]): Promise<number[]> => {
    expect(await infer('-o', path.join(dir, name), '--boxes', boxes, '--format', 'csv', ...args)).toMatchObject({
      code: 0,
    });
    return noses(path.join(dir, name));
  };
  const raw = await at('raw');
  const some = await at('some', '--smooth');
  const much = await at('much', '--smooth', '0.01,0');
  const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);
  expect(some[0]).toBe(raw[0]);
  expect(some).not.toEqual(raw);
  expect(spread(much)).toBeLessThan(0.2 * spread(raw));
  for (const value of ['2', '2,4,6', '0,1', '-1,1', '1,x', '1,Infinity']) {
    expect(await infer('-o', out(), `--smooth=${value}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/such as 2,4/),
    });
  }
});

test('--bridge changes unsure joints, and its bad values are wrong usage', async () => {
  const at = async (name: string, ...args: string[]): Promise<string> => {
    const code = (await infer('-o', path.join(dir, name), '--boxes', boxes, '--format', 'csv', ...args)).code;
    expect(code).toBe(0);
    return readFile(path.join(dir, name, 'csv/walking.csv'), 'utf8');
  };
  expect(await at('bridged', '--bridge', '0.6,5')).not.toEqual(await at('unbridged'));
  for (const value of ['0.2', '0,5', '2,5', '0.2,0.5', '0.2,0', '0.2,5,1']) {
    expect(await infer('-o', out(), `--bridge=${value}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/such as 0.2,12/),
    });
  }
});

test('a format that is not known is wrong usage, and names the known', async () => {
  const { code, err } = await infer('-o', out(), '--format', 'csv,json');
  expect(code).toBe(2);
  expect(err).toMatch(/"json" is none of posetrack18, posetrack17, coco/);
});

test('how the pictures are drawn: with boxes, without labels, heads blurred', async () => {
  const picture = async (name: string, ...args: string[]): Promise<Buffer> => {
    const place = path.join(dir, name);
    expect(await infer('-o', place, '--boxes', boxes, '--render', 'png', '--every', '4', ...args)).toMatchObject({
      code: 0,
    });
    return sharp(path.join(place, 'render/walking/0.png')).raw().toBuffer();
  };
  const plain = await picture('plain', '--no-labels', '--limb-width', '1');
  for (const args of [['--draw-boxes'], ['--blur-faces'], ['--limb-width', '9']]) {
    const other = await picture(args[0], '--no-labels', ...(args[0] === '--limb-width' ? args : ['--limb-width', '1', ...args])); // prettier-ignore
    let changed = 0;
    for (let i = 0; i < plain.length; i++) if (plain[i] !== other[i]) changed++;
    expect(changed).toBeGreaterThan(100);
    expect(changed).toBeLessThan(plain.length / 20); // nothing but the two people
  }
});

test('--detector finds the people; one that answers otherwise ends the video with a message', async () => {
  const graph = new OnnxBuilder();
  graph.input('images', [1, 3, 640, 640]);
  // the frame of 768 × 576 lies in the input at 5/6 of its size, 80 rows down
  const person = [190, 340, 240, 490].map((value, i) => (value * 5) / 6 + (i % 2 === 1 ? 80 : 0));
  graph.node('Identity', [graph.float32('people', [1, 6], [...person, 0.9, 0])], 'output0');
  graph.output('output0', [1, 6]);
  await writeFile(path.join(dir, 'one.onnx'), graph.build('one', ''));
  const describe = async (name: string, kind: string): Promise<string> => {
    const file = path.join(dir, name);
    await writeFile(file, JSON.stringify({ kind, file: 'one.onnx' }));
    return file;
  };
  const place = path.join(dir, 'detector');
  expect(await infer('-o', place, '--detector', await describe('one.json', 'boxes'), '--format', 'mot')).toEqual({ code: 0, err: '' }); // prettier-ignore
  const lines = (await readFile(path.join(place, 'mot/walking.txt'), 'utf8')).trim().split('\n');
  expect(
    lines.map((line) =>
      line
        .split(',')
        .slice(0, 6)
        .map((value) => Math.round(Number(value))),
    ),
  ).toEqual(Array.from({ length: FRAMES }, (_, i) => [i + 1, 1, 191, 341, 50, 150]));

  const { code, err } = await infer('-o', out(), '--detector', await describe('wrong.json', 'rtdetr'));
  expect(code).not.toBe(0);
  expect(err).toMatch(/output "output0" is 1 × 6; a detector of kind rtdetr gives 1 × queries × 4 \+ classes \(84\)/);
  expect(await infer('-o', out(), '--detector', path.join(dir, 'one.onnx'))).toMatchObject({ code: 2 });
});

function out(): string {
  return path.join(dir, 'unused');
}
