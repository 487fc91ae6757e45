import { execFile, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ROOT } from '../shared-data.js';

/*
 * A decoder that hangs, or is killed on its way: programs that pass for ffmpeg and ffprobe. The video is 4×2 pixels.
 */
const PROBE = JSON.stringify({
  streams: [{ codec_type: 'video', codec_name: 'h264', index: 0, width: 4, height: 2, r_frame_rate: '10/1' }],
  format: { format_name: 'mp4' },
});

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-faults-'));
  await writeFile(path.join(dir, 'clip.mp4'), 'not read by anyone');
  await pretend('ffprobe', `echo '${PROBE}'`);
});

afterEach(() => rm(dir, { recursive: true }));

/** Puts a program in the way whose shell text is `body` where it is asked for more than its version. */
async function pretend(name: string, body: string): Promise<void> {
  const program = path.join(dir, name);
  await writeFile(program, `#!/bin/sh\nif [ "$1" = -version ]; then echo "ffmpeg version 6.0"; exit; fi\n${body}\n`);
  await chmod(program, 0o755);
}

/** Reads all frames in a process of its own, whose PATH leads to the pretended programs first. */
async function read(timeout: number): Promise<{ frames: number; seconds: number; code?: string; message?: string }> {
  const program = `
    const { openFrames } = await import(${JSON.stringify(path.join(ROOT, 'dist/src/media/frames.js'))});
    const started = performance.now();
    const result = { frames: 0 };
    try {
      const source = await openFrames({ kind: 'video', path: 'clip.mp4', name: 'clip' }, { timeout: ${timeout} });
      for await (const frame of source.frames()) result.frames++;
    } catch ({ code, message }) {
      Object.assign(result, { code, message });
    }
    console.log(JSON.stringify({ ...result, seconds: (performance.now() - started) / 1000 }));`;
  const file = path.join(dir, 'read.mjs');
  await writeFile(file, program);
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}`, GLPOSE_DECODER: 'ffmpeg' };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env, cwd: dir, timeout: 30_000 });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof read>>;
}

const TWO_FRAMES = 'head -c 48 /dev/zero';

test('what the pretended programs give is read', async () => {
  await pretend('ffmpeg', TWO_FRAMES);
  expect(await read(20)).toMatchObject({ frames: 2 });
});

test.each([
  ['before the first frame', 'exec sleep 60', 0],
  ['between frames', `${TWO_FRAMES}; exec sleep 60`, 2],
])('a decoder that hangs %s is given up', async (_, body, frames) => {
  await pretend('ffmpeg', body);
  const result = await read(3);
  expect(result).toMatchObject({ frames, code: 'INPUT', message: expect.stringContaining('gave nothing for 3 s') });
  expect(result.seconds).toBeLessThan(20);
});

test('so is one that hangs while the video is opened', async () => {
  await pretend('ffprobe', 'exec sleep 60');
  await pretend('ffmpeg', TWO_FRAMES);
  expect(await read(3)).toMatchObject({ code: 'INPUT', message: expect.stringContaining('gave nothing for 3 s') });
});

test('a process that was stopped for longer goes on: its decoder gave nothing because nobody let it', async () => {
  await pretend('ffmpeg', `sleep 1; ${TWO_FRAMES}`);
  const program = `
    const { openFrames } = await import(${JSON.stringify(path.join(ROOT, 'dist/src/media/frames.js'))});
    const source = await openFrames({ kind: 'video', path: 'clip.mp4', name: 'clip' }, { timeout: 4 });
    const frames = source.frames()[Symbol.asyncIterator]();
    const first = frames.next();
    console.log('waiting');
    console.log(await first.then(({ value }) => value.name, ({ message }) => message));
    await source.close();`;
  await writeFile(path.join(dir, 'wait.mjs'), program);
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}`, GLPOSE_DECODER: 'ffmpeg' };
  const child = spawn(process.execPath, ['wait.mjs'], { env, cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('waiting');
  child.kill('SIGSTOP');
  await setTimeout(5000);
  child.kill('SIGCONT');
  expect((await lines.next()).value).toBe('0');
});

test('a decoder that is killed fails the video, which would else be taken for a shorter one', async () => {
  await pretend('ffmpeg', `${TWO_FRAMES}; kill -9 $$`);
  expect(await read(20)).toMatchObject({ code: 'INPUT', message: expect.stringContaining('ended by SIGKILL') });
});
