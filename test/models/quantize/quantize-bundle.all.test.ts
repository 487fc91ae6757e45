import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { writeHrnetBundle } from '../../../src/bench/hrnet-bundle.js';
import { main } from '../../../src/cli/main.js';
import { loadBundle } from '../../../src/bundle/bundle.js';
import type { QuantizeReport } from '../../../src/models/quantize/quantize-bundle.js';
import { ROOT } from '../../shared-data.js';

let dir: string;
let bundle: string;
let frames: string;
let out: string;

/** A small HRNet of arbitrary weights, and three pictures of a person. */
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-quantize-'));
  [bundle, frames, out] = ['hrnet', 'person', 'made'].map((name) => path.join(dir, name));
  await writeHrnetBundle(bundle, { channels: 4, width: 96, height: 128 });
  await writeFile(path.join(bundle, 'LICENSE'), 'terms');
  await mkdir(frames);
  const person = sharp(path.join(ROOT, 'samples', 'person.png'));
  for (const [i, image] of [person, person.clone().flop(), person.clone().blur(1)].entries()) {
    await image.toFile(path.join(frames, `${i}.png`));
  }
});
afterEach(() => rm(out, { recursive: true, force: true }));
afterAll(() => rm(dir, { recursive: true }));

/** Runs `glpose models quantize <the bundle> --calibrate <the frames> -o <out>`. */
async function quantize(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await main(['models', 'quantize', bundle, '--calibrate', frames, '-o', out, ...argv], {
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
  });
  return { code, out: stdout, err: stderr };
}

/** Nothing of what was begun may stay. */
async function expectNothing(): Promise<void> {
  expect((await readdir(dir)).filter((name) => name === 'made' || name.includes('partial'))).toEqual([]);
}

test('int8 without annotations: a bundle of its own, its error reported, no limit applied', async () => {
  const { code, out: json, err } = await quantize('--json');
  expect(err).toContain('the accuracy was not measured');
  expect(code).toBe(0);
  const { type, networks, accuracy } = JSON.parse(json) as QuantizeReport;
  expect({ type, accuracy }).toEqual({ type: 'int8', accuracy: [] });
  const [{ file, bytes, nmse, integerOperators }] = networks;
  expect(file).toBe('extractor.onnx');
  expect(bytes.after).toBeLessThan(bytes.before);
  expect(integerOperators).toBeGreaterThan(200);
  for (const value of Object.values(nmse)) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(0.05);
  }
  const made = await loadBundle(out);
  const { config } = await loadBundle(bundle);
  expect(made.config).toEqual({ ...config, name: 'made', description: `${config.description} (int8)` });
  await made.loadHead();
  expect((await readdir(out)).sort()).toEqual([
    'LICENSE', 'README.md', 'config.json', 'detector.onnx', 'extractor.onnx', 'head.safetensors',
  ]); // prettier-ignore
  expect(await readFile(path.join(out, 'README.md'), 'utf8')).toContain('Its accuracy was not measured');
});

test('float16: half the size, nearly the same maps', async () => {
  const { code, out: json } = await quantize('--type', 'float16', '--json');
  expect(code).toBe(0);
  const [{ bytes, nmse }] = (JSON.parse(json) as QuantizeReport).networks;
  expect(bytes.after).toBeLessThan(0.6 * bytes.before);
  for (const value of Object.values(nmse)) expect(value).toBeLessThan(1e-4);
});

describe('with annotations', () => {
  let annotations: string;

  /** What the bundle itself finds is taken for the truth: it scores 100, and what int8 changes is lost. */
  beforeAll(async () => {
    const results = path.join(dir, 'truth');
    const quiet = { out: () => {}, err: () => {} };
    const argv = ['--model', bundle, '--method', 'single-frame', '--format', 'coco', '-o', results];
    expect(await main(['infer', frames, ...argv], quiet)).toBe(0);
    annotations = path.join(results, 'coco', 'person.json');
  });

  test('a loss above --max-drop is refused, with the figures, and leaves nothing', async () => {
    const { code, err } = await quantize('--annotations', annotations, '--metric', 'coco-oks', '--max-drop', '0');
    expect(err).toMatch(/int8 loses \d+\.\d\d points of coco-oks \(100\.00 → \d+\.\d\d\) with single-frame/);
    expect(code).toBe(2);
    await expectNothing();
  });

  test('a loss within --max-drop is printed and written', async () => {
    const options = ['--annotations', annotations, '--metric', 'coco-oks', '--max-drop', '100'];
    const { code, out: text } = await quantize(...options);
    expect(code).toBe(0);
    expect(text).toMatch(/single-frame, coco-oks\n.*Mean.*\nbefore +100\.0.*\nafter +\d/);
    expect(await readFile(path.join(out, 'README.md'), 'utf8')).toContain('(coco-oks, mean): 100.00 before');
  });
});

describe('refused', () => {
  test('a folder that exists', async () => {
    await mkdir(out);
    const { code, err } = await quantize();
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('exists already') as string });
    expect(await readdir(out)).toEqual([]);
  });

  test('a bundle that is int8 already', async () => {
    expect((await quantize('--crops', '1')).code).toBe(0);
    const again = path.join(dir, 'again');
    let err = '';
    const argv = ['models', 'quantize', out, '--calibrate', frames, '-o', again];
    expect(await main(argv, { out: () => {}, err: (text) => (err += text) })).toBe(2);
    expect(err).toContain('is quantised already');
    expect(await readdir(dir)).not.toContain('again');
  });

  test('annotations that cannot be read', async () => {
    const { code, err } = await quantize('--crops', '1', '--annotations', path.join(dir, 'nowhere.json'));
    expect(code).toBe(2);
    expect(err).toContain('nowhere.json');
    await expectNothing();
  });

  test('a video in which nobody is found', async () => {
    const boxes = path.join(dir, 'nobody.json');
    await writeFile(boxes, '[{"image_id": 9999, "category_id": 1, "bbox": [1, 1, 5, 5], "score": 1}]');
    const { code, err } = await quantize('--boxes', boxes);
    expect(code).toBe(1);
    expect(err).toContain('nobody was found');
    await expectNothing();
  });

  test.each([
    [['--max-drop', '-1'], 'from 0 to 100'],
    [['--type', 'int4'], 'int8, float16'],
  ])('%j', async (options, message) => {
    const { code, err } = await quantize(...options);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
