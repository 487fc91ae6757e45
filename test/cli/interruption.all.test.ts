/*
 * What ends a run from outside, while the second of two videos is under way: signals, and an output folder that fails. The first video's
 * results stay, nothing half done is left, and the same command does the rest.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import type { RunRecord } from '../../src/run/record.js';
import { ROOT } from '../shared-data.js';
import { withoutQuality } from './without-quality.js';

const SECOND = path.join(ROOT, 'samples/walking.mp4');

let dir: string;
let first: string; // a folder of one frame
let out: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-interruption-'));
  first = path.join(dir, 'first');
  out = path.join(dir, 'out');
  await mkdir(first);
  await sharp(path.join(ROOT, 'samples/person.png')).removeAlpha().toFile(path.join(first, '0.png'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Running {
  child: ChildProcess;
  text: { out: string; err: string };
  /** Resolves once stdout tells of the first video; the second is under way then. */
  firstIsDone: Promise<void>;
  ended: Promise<{ code: number | null; signal: string | null; at: number }>;
}

function infer({ uid }: { uid?: number } = {}, ...args: string[]): Running {
  const command = [path.join(ROOT, 'bin/glpose.js'), 'infer', first, SECOND, '-o', out, '--device', 'cpu', ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], uid });
  const text = { out: '', err: '' };
  let tell = (): void => {};
  const firstIsDone = new Promise<void>((resolve) => (tell = resolve));
  child.stderr.setEncoding('utf8').on('data', (some: string) => (text.err += some));
  child.stdout.setEncoding('utf8').on('data', (some: string) => {
    text.out += some;
    if (text.out.includes('first.json')) tell();
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    tell();
    return { code: code as number | null, signal: signal as string | null, at: performance.now() };
  });
  return { child, text, firstIsDone, ended };
}

async function statuses(): Promise<string[]> {
  const record = JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')) as RunRecord;
  return record.videos.map(({ status }) => status);
}

/** Everything in the output folder that should not be there once a process has ended. */
async function leftovers(): Promise<string[]> {
  return (await readdir(out, { recursive: true })).filter((name) => /\.(partial|before)$/.test(name));
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a run within 2 seconds; what is whole is kept',
  async (signal) => {
    const { child, text, firstIsDone, ended } = infer();
    await firstIsDone;
    await pause(0.3);
    const asked = performance.now();
    child.kill(signal);
    const { code, at } = await ended;
    expect(code).toBe(130);
    expect(at - asked).toBeLessThan(2500); // half a second for a machine that is busy
    expect(text.err).toMatch(/interrupted/);
    expect(await readdir(path.join(out, 'posetrack18'))).toEqual(['first.json']);
    expect(await statuses()).toEqual(['done', 'interrupted']);
    expect(await leftovers()).toEqual([]);
  },
  120_000,
);

test('a second Ctrl-C ends it at once', async () => {
  const { child, firstIsDone, ended } = infer();
  await firstIsDone;
  await pause(0.3);
  child.kill('SIGINT');
  await pause(0.02);
  const asked = performance.now();
  child.kill('SIGINT');
  const { code, at } = await ended;
  expect(code).toBe(130);
  expect(at - asked).toBeLessThan(1000);
  expect(await readdir(path.join(out, 'posetrack18'))).toEqual(['first.json']);
});

test('whoever stops reading stdout does not stop the work', async () => {
  const { child, text, firstIsDone, ended } = infer({}, '--every', '8');
  child.stdout!.destroy();
  await firstIsDone;
  expect((await ended).code).toBe(0);
  expect(withoutQuality(text.err)).toBe('');
  expect((await readdir(path.join(out, 'posetrack18'))).sort()).toEqual(['first.json', 'walking.json']);
});

describe('a disk that fails', () => {
  const isRoot = process.getuid?.() === 0;
  const mayMount = isRoot && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  const mounted = mayMount ? test : test.skip; // a disk of its own needs root, and the right to mount

  const mount = (...args: string[]): void => {
    const { status, stderr } = spawnSync('mount', [...args, out], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  beforeEach(() => mkdir(out));
  afterEach(() => void (mayMount && spawnSync('umount', [out])));

  mounted(
    'that is full: the error says so, earlier results stay, and with room again the rest is done',
    async () => {
      mount('-t', 'tmpfs', '-o', 'size=1m', 'none');
      const { text, firstIsDone, ended } = infer({}, '--every', '4');
      await firstIsDone;
      const filler = path.join(out, 'filler');
      fill(filler);
      expect((await ended).code).toBe(1);
      expect(text.err).toMatch(/cannot be written: ENOSPC.*Free space on the disk/);
      expect(text.err).not.toMatch(/internal|\n\s+at /);
      expect(await leftovers()).toEqual([]);
      const before = await readFile(path.join(out, 'posetrack18/first.json'), 'utf8');
      expect((JSON.parse(before) as { images: unknown[] }).images).toHaveLength(1);
      await rm(filler);
      const again = infer({}, '--every', '4');
      expect((await again.ended).code).toBe(0);
      expect(again.text.err).toMatch(/first is done already/);
      expect(await readFile(path.join(out, 'posetrack18/first.json'), 'utf8')).toBe(before);
      expect(await statuses()).toEqual(['done', 'done']);
    },
    120_000,
  );

  // Root may write everywhere: then the run is nobody's, where nobody may read this checkout.
  const uid = isRoot ? 65534 : undefined;
  const mayRun = spawnSync(process.execPath, [path.join(ROOT, 'bin/glpose.js'), '--version'], { uid }).status === 0;
  (mayRun ? test : test.skip)(
    'whose permissions are taken away',
    async () => {
      for (const folder of [dir, first, out]) await chmod(folder, 0o777);
      const { text, firstIsDone, ended } = infer({ uid }, '--every', '4');
      await firstIsDone;
      await chmod(out, 0o555);
      expect((await ended).code).toBe(1);
      expect(text.err).toMatch(/output folder .* can no longer be written: EACCES/);
      await chmod(out, 0o777);
      expect(await readdir(path.join(out, 'posetrack18'))).toEqual(['first.json']);
    },
    120_000,
  );

  test('a folder that is removed is not made again', async () => {
    const { text, firstIsDone, ended } = infer({}, '--every', '4');
    await firstIsDone;
    await rm(out, { recursive: true });
    expect((await ended).code).toBe(1);
    expect(text.err).toMatch(/output folder .* is gone/);
    expect(await readdir(dir)).toEqual(['first']);
  });
});

/** Takes all the room there is. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (const size of [1 << 16, 1 << 12, 1]) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size));
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
      }
    }
  } finally {
    closeSync(handle);
  }
}

test('two runs into one folder at a time: the second is told, and the first is not disturbed', async () => {
  const one = infer({}, '--every', '4');
  await one.firstIsDone;
  const two = infer({}, '--every', '4');
  expect((await two.ended).code).toBe(1);
  expect(two.text.err).toMatch(`another run is at work in the output folder ${out}: process ${one.child.pid} on`);
  expect((await one.ended).code).toBe(0);
  expect(await statuses()).toEqual(['done', 'done']);
});
