/* Parts of videos and some of their people, in a run. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import { ROOT } from '../shared-data.js';

const WALKING = path.join(ROOT, 'samples', 'walking.mp4');
let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-parts-'))));
afterEach(() => rmSync(dir, { recursive: true }));

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(args, { out: (text) => void (said.out += text), err: (text) => void (said.err += text) });
  return { code, ...said };
}

/** frame, time and track of every pose. */
function poses(out: string): [frame: number, time: number, track: number][] {
  const [head, ...rows] = readFileSync(path.join(out, 'csv', 'walking.csv'), 'utf8').trimEnd().split('\r\n').map((line) => line.split(',')); // prettier-ignore
  const at = ['frame', 'time', 'track_id'].map((name) => head.indexOf(name));
  return rows.map((row) => at.map((column) => Number(row[column])) as [number, number, number]);
}

test('two parts, the largest person in each; the record repeats it', async () => {
  const out = path.join(dir, 'out');
  const asked = ['--from', '1,30f', '--to', '1.2,3.1', '--people', 'largest', '--method', 'single-frame', '--format', 'csv']; // prettier-ignore
  const { code, out: said } = await glpose('infer', WALKING, '-o', out, ...asked, '--hampel', '--butterworth', '2');
  expect(code).toBe(0);
  const found = poses(out);
  expect(found.map(([frame]) => frame)).toEqual([10, 11, 12, 30, 31]);
  expect(found[0][1]).toBeCloseTo(1, 6);
  const tracks = found.map(([, , track]) => track);
  expect(new Set(tracks.slice(0, 3)).size).toBe(1);
  expect(new Set(tracks.slice(3)).size).toBe(1);
  expect(tracks[3]).not.toBe(tracks[0]);
  expect(said).toContain('5 frames, 5 poses, 2 tracks');

  const record = path.join(out, 'run.json');
  const { options } = JSON.parse(readFileSync(record, 'utf8')) as { options: object };
  expect(options).toMatchObject({ from: '1,30f', to: '1.2,3.1', people: 'largest', hampel: { halfWidth: 3, sigmas: 3 }, butterworth: { cutoff: 2, order: 4 } }); // prettier-ignore
  const again = path.join(dir, 'again');
  expect((await glpose('infer', '--repeat', record, '-o', again)).code).toBe(0);
  expect(readFileSync(path.join(again, 'csv', 'walking.csv'))).toEqual(
    readFileSync(path.join(out, 'csv', 'walking.csv')),
  );
  // done alike already, and done again with another part
  expect((await glpose('infer', WALKING, '-o', again, ...asked, '--hampel', '--butterworth', '2')).err).toContain('is done already'); // prettier-ignore
});

test('a filter that cannot be is refused beforehand, and leaves what was made with another', async () => {
  const out = path.join(dir, 'out');
  const infer = (...args: string[]): ReturnType<typeof glpose> => glpose('infer', WALKING, '-o', out, '--method', 'single-frame', '--format', 'csv', '--to', '3f', ...args); // prettier-ignore
  expect((await infer('--butterworth', '2')).code).toBe(0);
  const before = readFileSync(path.join(out, 'csv', 'walking.csv'));
  expect(await infer('--butterworth', '6')).toMatchObject({ code: 1, err: expect.stringContaining('a cut-off of 6 Hz at 10 frames') as string }); // prettier-ignore
  expect(readFileSync(path.join(out, 'csv', 'walking.csv'))).toEqual(before);
  expect((await infer('--butterworth', '2')).err).toContain('is done already');
});

test('what cannot be', async () => {
  const infer = (...args: string[]): ReturnType<typeof glpose> => glpose('infer', WALKING, '-o', path.join(dir, 'out'), '--method', 'single-frame', ...args); // prettier-ignore
  expect(await infer('--from', '9', '--to', '8')).toMatchObject({ code: 2, err: expect.stringContaining('ends before it begins') as string }); // prettier-ignore
  expect(await infer('--from', 'noon')).toMatchObject({ code: 2 });
  expect(await infer('--within', '1,2,3')).toMatchObject({ code: 2 });
  expect(await infer('--smooth', '--butterworth')).toMatchObject({ code: 2, err: expect.stringContaining('Give one of the two') as string }); // prettier-ignore
  expect(existsSync(path.join(dir, 'out', 'csv'))).toBe(false);
  expect(await infer('--from', '100')).toMatchObject({ code: 1, err: expect.stringContaining('walking has no frame between') as string }); // prettier-ignore
  const { code, err } = await infer('--from', '1', '--to', '1f', '--people', '77');
  expect(code).toBe(1); // from 1 s to frame 1: nothing
  expect(err).toContain('walking has no frame between');
  expect(await infer('--to', '1f', '--people', '77')).toMatchObject({ code: 0, err: expect.stringContaining('nobody is left') as string }); // prettier-ignore
});
