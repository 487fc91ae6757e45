import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RESULT_FORMATS } from '../../src/formats/results.js';
import { openFrames } from '../../src/media/frames.js';
import { describeWithShared, ROOT } from '../shared-data.js';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-examples-'));
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs an example as a user does. @param input written to its stdin */
async function run(name: string, args: string[], input: Iterable<Uint8Array> = []): Promise<string> {
  const child = spawn(process.execPath, [path.join(ROOT, 'examples', name), ...args], { cwd: ROOT });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  for (const piece of input) child.stdin.write(piece);
  child.stdin.end();
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

test('stream.mjs: raw frames in, a line a frame out', async () => {
  const video = await openFrames({ kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' });
  const frames: Uint8Array[] = [];
  for await (const { data } of video.frames()) if (frames.push(data!) === 4) break;
  await video.close();
  const lines = (await run('stream.mjs', [String(video.width), String(video.height)], frames)).trim().split('\n');
  const documents = lines.map((line) => JSON.parse(line) as { frame: number; noses: { x: number; score: number }[] });
  expect(documents.map(({ frame }) => frame)).toEqual([0, 1, 2, 3]);
  for (const { noses } of documents) expect(noses.length).toBeGreaterThanOrEqual(5); // five are in plain sight
});

test('custom-boxes.mjs: every format is written', async () => {
  const mot = path.join(dir, 'boxes.txt');
  await writeFile(mot, '1,1,641,301,35,110,1,-1,-1,-1\n9,1,641,301,35,110,1,-1,-1,-1\n');
  const out = path.join(dir, 'out');
  expect((await run('custom-boxes.mjs', ['samples/walking.mp4', mot, out])).trim().split('\n')).toHaveLength(RESULT_FORMATS.length); // prettier-ignore
  expect((await readdir(out)).sort()).toEqual([...RESULT_FORMATS].sort());
});

test('many-videos.mjs: a run into a folder, which a second call takes over', async () => {
  const out = path.join(dir, 'many');
  const said = await run('many-videos.mjs', [out]);
  expect(said).toMatch(/^walking: done, \d+ poses, \d+ tracks\n1 videos, 0 failed, 0 left\n$/);
  expect((await readdir(out)).sort()).toEqual(['.glpose', 'coco', 'csv', 'run.json']);
});

test('custom-detector.mjs: the detector’s boxes become people', async () => {
  expect(await run('custom-detector.mjs', [])).toMatch(/^frame \d+, person \d+: \d+×\d+ pixels, score 0\.\d\d$/m);
});

describeWithShared('oracles/poseval/pt18', 'evaluate.mjs', (oracle) => {
  test('prints the reference evaluator’s figures', async () => {
    const out = await run('evaluate.mjs', [path.join(oracle, 'pred'), path.join(oracle, 'gt')]);
    expect(out).toMatch(/AP mean: \d+\.\d/);
    expect(out).toMatch(/worst sequence: \d{6}_/);
  });
});
