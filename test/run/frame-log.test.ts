import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CHUNK, FrameLog, type Codec } from '../../src/run/frame-log.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-log-'));
});
afterEach(() => rm(dir, { recursive: true }));

const SAME: Codec<number[]> = { toNumbers: (value) => value, fromNumbers: (numbers) => [...numbers] };
const valueOf = (frame: number): number[] => Array.from({ length: frame % 3 }, (_, i) => frame + Math.sqrt(i));

/** Asks for frames in order; those computed are the answer. */
async function pass(frames: number, log = open()): Promise<number[]> {
  const computed: number[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const value = await log.of(frame, async () => (computed.push(frame), valueOf(frame)));
    expect(value).toEqual(valueOf(frame));
  }
  await log.end();
  expect(log.found).toBe(frames - computed.length);
  return computed;
}

function open(): FrameLog<number[]> {
  return new FrameLog(dir, 'x', SAME, (file, bytes) => writeFile(path.join(dir, file), bytes));
}

test('whole chunks, and the rest once the pass has ended, are not computed again', async () => {
  const log = open();
  for (let frame = 0; frame < 2 * CHUNK + 5; frame++) await log.of(frame, async () => valueOf(frame)); // interrupted
  expect((await readdir(dir)).sort()).toEqual([`x-${CHUNK}.gz`, 'x-0.gz'].sort());
  expect(await pass(2 * CHUNK + 7)).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => 2 * CHUNK + i));
  expect(await pass(2 * CHUNK + 7)).toEqual([]);
});

test('a sequence of less than a chunk leaves no file', async () => {
  expect(await pass(CHUNK - 1)).toHaveLength(CHUNK - 1);
  expect(await readdir(dir)).toEqual([]);
});

test('a damaged or missing chunk is computed again, the others are not', async () => {
  await pass(3 * CHUNK);
  const file = path.join(dir, `x-${CHUNK}.gz`);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 4;
  await writeFile(file, bytes);
  expect(await pass(3 * CHUNK)).toEqual(Array.from({ length: CHUNK }, (_, i) => CHUNK + i));
  expect(await pass(3 * CHUNK)).toEqual([]);
  await writeFile(file, bytes.subarray(0, 20));
  await rm(path.join(dir, 'x-0.gz'));
  expect(await pass(3 * CHUNK)).toEqual(Array.from({ length: 2 * CHUNK }, (_, i) => i));
});

test('frames that finish in another order are kept in theirs, and every number as it was', async () => {
  const odd = [NaN, -0, Infinity, 5e-324, 0.1 + 0.2, -1e300];
  const log = open();
  const waits: (() => void)[] = [];
  const all = Array.from({ length: CHUNK }, (_, frame) =>
    log.of(frame, async () => {
      await new Promise<void>((resolve) => waits.push(resolve));
      return [...odd, frame];
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const go of waits.reverse()) go();
  await Promise.all(all);
  const again = open();
  for (let frame = 0; frame < CHUNK; frame++) {
    expect(await again.of(frame, () => Promise.reject(new Error('computed again')))).toEqual([...odd, frame]);
  }
});

test('what fails is told, and the chunk is not kept', async () => {
  const log = open();
  for (let frame = 1; frame < CHUNK; frame++) await log.of(frame, async () => []);
  await expect(log.of(0, () => Promise.reject(new Error('the network fails')))).rejects.toThrow('the network fails');
  await log.end();
  expect(await readdir(dir)).toEqual([]);

  const full = new FrameLog(dir, 'x', SAME, () => Promise.reject(new Error('the disk is full')));
  for (let frame = 1; frame < CHUNK; frame++) await full.of(frame, async () => []);
  await expect(full.of(0, async () => [])).rejects.toThrow('the disk is full');
});
