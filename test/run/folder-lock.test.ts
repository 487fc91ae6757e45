import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { lockFolder } from '../../src/run/folder-lock.js';
import type { Shard } from '../../src/run/shard.js';
import { ROOT } from '../shared-data.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

const release = (lock: AsyncDisposable): Promise<void> => Promise.resolve(lock[Symbol.asyncDispose]());
const isFree = async (shard?: Shard): Promise<boolean> =>
  lockFolder(dir, shard).then(
    (lock) => release(lock).then(() => true),
    (thrown: { code: string }) => (expect(thrown.code).toBe('OUTPUT'), false),
  );
const [first, second] = [1, 2].map((index): Shard => ({ index, count: 2 }));

test('one run at a time, or different shards', async () => {
  const whole = await lockFolder(dir);
  await expect(lockFolder(dir)).rejects.toThrow(
    `another run is at work in the output folder ${dir}: process ${process.pid} on ${os.hostname()}. Wait`,
  );
  expect([await isFree(first), await isFree()]).toEqual([false, false]);
  await release(whole);

  const part = await lockFolder(dir, first);
  expect([await isFree(), await isFree(first), await isFree(second)]).toEqual([false, false, true]);
  await release(part);
  expect([await isFree(first), await isFree()]).toEqual([true, true]);
});

test('a process that is killed holds nothing any more', async () => {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(path.join(ROOT, 'dist/src/run/folder-lock.js'))});
    globalThis.lock = await lockFolder(${JSON.stringify(dir)});
    console.log('locked');
    setTimeout(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(lockFolder(dir)).rejects.toThrow(`process ${child.pid} on`);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await isFree()).toBe(true);
});
