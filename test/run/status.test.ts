import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Provenance, RunSettings } from '../../src/run/provenance.js';
import { emptyReport, outcomeFile, writeOutcome, type VideoReport } from '../../src/run/outcome.js';
import { readStatus } from '../../src/run/status.js';
import { ROOT } from '../shared-data.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(os.tmpdir(), 'glpose-run-status-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

async function record(name: string, started: string, more: object, videos: object[]): Promise<void> {
  await writeFile(path.join(out, name), JSON.stringify({ started, seconds: null, videos, ...more }));
}

async function came(name: string, report: Partial<VideoReport>, provenance?: Provenance): Promise<void> {
  await writeOutcome(out, {
    format: 1,
    finished: '2026-01-01T00:00:00.000Z',
    host: 'node1',
    provenance,
    report: { ...emptyReport(name, `/v/${name}`), ...report },
  });
}

async function plan(
  part: number,
  shards: number,
  videos: Record<string, [frames: number, shard: number]>,
): Promise<void> {
  const dealt = Object.entries(videos).map(([name, [frames, shard]]) => ({ name, path: `/v/${name}`, frames, shard }));
  await mkdir(path.join(out, '.glpose', 'shards'), { recursive: true });
  await writeFile(path.join(out, '.glpose', 'shards', `plan-${part}.json`), JSON.stringify({ shards, videos: dealt }));
}

test('a killed shard is open, its last video is told, and what is ahead is judged by the speed so far', async () => {
  await plan(1, 2, { a: [100, 1], b: [50, 1] });
  await plan(2, 2, { c: [300, 2] });
  await record('run-1-of-2.json', '2026-01-01T00:00:00.000Z', { shard: { index: 1, count: 2 } }, [
    emptyReport('a', '/v/a'),
    emptyReport('b', '/v/b'),
  ]);
  await came('a', { status: 'done', frames: 50, poses: 80, tracks: 3, seconds: 10 });
  const { parts, totals, ahead, videos } = await readStatus(out);
  expect(parts).toEqual([
    expect.objectContaining({ run: 'open', done: 1, left: 1, frames: 50, poses: 80, tracks: 3, seconds: 10 }),
    expect.objectContaining({ run: 'not begun', left: 1, last: null }),
  ]);
  expect(parts[0].last).toEqual({ finished: '2026-01-01T00:00:00.000Z', host: 'node1' });
  expect(totals).toMatchObject({ videos: 3, done: 1, failed: 0, left: 2 });
  expect(ahead).toEqual({ frames: 350, seconds: 35 });
  expect(videos.map(({ name, shard }) => [name, shard?.index])).toEqual([['a', 1], ['b', 1], ['c', 2]]); // prettier-ignore
});

test('an outcome counts more than a record; a later record more than an earlier one', async () => {
  const failed = emptyReport('a', '/v/a', new Error('of old'));
  await record('run.json', '2026-01-02T00:00:00.000Z', { seconds: 1 }, [
    failed,
    emptyReport('b', '/v/b', new Error('gone')),
  ]);
  await record('run-1-of-1.json', '2026-01-01T00:00:00.000Z', { shard: { index: 1, count: 1 } }, [
    emptyReport('b', '/v/b'),
  ]);
  await came('a', { status: 'done' });
  await came('c', { status: 'interrupted' });
  const { videos } = await readStatus(out);
  expect(Object.fromEntries(videos.map(({ name, status, reason }) => [name, [status, reason]]))).toEqual({
    a: ['done', undefined],
    b: ['failed', 'gone'],
    c: ['left', 'interrupted'],
  });
});

test('results of another video under the same name do not make a video done', async () => {
  await plan(1, 2, { a: [1, 1], b: [1, 2] });
  await came('a', { status: 'done' });
  await came('b', { status: 'done', path: '/elsewhere/b' });
  await record('run.json', '2026-01-01T00:00:00.000Z', {}, [emptyReport('c', '/new/c')]);
  await came('c', { status: 'done' });
  const { videos } = await readStatus(out);
  expect(videos.map(({ path: where, status, reason }) => [where, status, reason])).toEqual([
    ['/v/a', 'done', undefined],
    ['/v/b', 'left', 'what stands there is of /elsewhere/b'],
    ['/new/c', 'left', 'what stands there is of /v/c'],
  ]);
});

test('what was made with other options than the newest run that it belongs to has is left', async () => {
  const model = { sha256: 'f00', method: 'glpose', devices: { head: 'cpu' } };
  const settings = (options: object): RunSettings => ({
    glpose: '1.0',
    model,
    options: { minScore: 0.25, ...options },
  });
  const asked = (options: object): object => ({ ...settings({ ...options, out: '/o', threads: 3 }), seconds: 1 });
  const input = { files: 1, bytes: 9, digest: 'd' };
  const done = (name: string, made: RunSettings, file = `/v/${name}`): Promise<void> =>
    came(name, { status: 'done' }, { ...made, name, path: file, input });
  const listed = (...names: string[]): object[] => names.map((name) => emptyReport(name, `/v/${name}`));

  await record('run-1-of-1.json', '2026-01-01T00:00:00.000Z', asked({}), listed('a', 'earlier'));
  await record('run.json', '2026-01-02T00:00:00.000Z', asked({ minScore: 0.9, boxes: '/x/one/b.json' }), [
    ...listed('a', 'b', 'same', 'moved', 'boxes', 'failed'),
  ]);
  const boxes = { file: 'one/b.json', ...input };
  await done('a', settings({}));
  await done('b', { ...settings({ minScore: 0.9, boxes, smooth: { beta: 1 } }), glpose: '0.9' });
  await done('same', settings({ minScore: 0.9, boxes }));
  await done('moved', settings({ minScore: 0.9, boxes }), '/elsewhere/moved');
  await done('boxes', settings({ minScore: 0.9, boxes: { ...boxes, file: 'two/b.json' } }));
  await done('earlier', settings({})); // the newest run was not about it
  const provenance = { ...settings({}), name: 'failed', path: '/v/failed', input };
  await came('failed', { status: 'failed', error: { code: 'INPUT', message: 'of old' } }, provenance);

  const { videos } = await readStatus(out);
  const other = (changed: string): [string, string] => ['left', `made with other options: ${changed} changed`];
  expect(Object.fromEntries(videos.map(({ name, status, reason }) => [name, [status, reason]]))).toEqual({
    a: other('--boxes, --min-score'),
    b: other('the version of glpose, --smooth'),
    same: ['done', undefined],
    moved: other('the input’s path'),
    boxes: other('--boxes'),
    earlier: ['done', undefined],
    failed: other('--boxes, --min-score'),
  });
});

test('a file that is no record is named', async () => {
  await writeFile(path.join(out, 'run.json'), '{"videos": 3}');
  await expect(readStatus(out)).rejects.toMatchObject({
    code: 'ANNOTATION',
    message: expect.stringContaining('run.json'),
  });
});

test('more outcomes than a process may open files are all read', async () => {
  await came('v0', { status: 'done', frames: 1 });
  const count = 1200;
  const text = JSON.stringify({ format: 1, finished: '', host: '', report: emptyReport('NAME', '/v/NAME') });
  for (let i = 1; i < count; i++) await writeFile(outcomeFile(out, `v${i}`), text.replaceAll('NAME', `v${i}`));
  const module = path.join(ROOT, 'dist/src/run/status.js');
  const program = `import { readStatus } from '${module}'; console.log((await readStatus('${out}')).videos.length)`;
  const run = 'ulimit -n 400; exec "$0" --input-type=module -e "$1"';
  expect(execFileSync('bash', ['-c', run, process.execPath, program], { encoding: 'utf8' }).trim()).toBe(String(count));
});
