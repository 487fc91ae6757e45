/*
 * One run at a time works into an output folder, or several shards of one run. The operating system holds the locks: they end
 * with their process, however it ends, and on shared disks they count for all machines where the disk's protocol has locks.
 *
 *   <out>/.glpose/locks/run               held by a run over everything, or by all shards together
 *   <out>/.glpose/locks/shard-<i>-of-<n>  held by that shard
 */
import { open, type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { addon } from '../native/binding.js';
import { makeFolders } from '../storage/make-folders.js';
import { STATE_FOLDER } from './outcome.js';
import type { Shard } from './shard.js';
import { asOutputError } from '../storage/atomic-write.js';

/**
 * Keeps other runs out of an output folder until it is disposed. Where the disk knows no locks, it keeps nobody out.
 * @throws OUTPUT where another run is at work there
 */
export async function lockFolder(out: string, shard?: Shard): Promise<AsyncDisposable> {
  const run = await lock(out, 'run', shard !== undefined);
  if (!shard) return run;
  try {
    const own = await lock(out, `shard-${shard.index}-of-${shard.count}`, false);
    return { [Symbol.asyncDispose]: () => own.close().then(() => run.close()) };
  } catch (thrown) {
    await run.close();
    throw thrown;
  }
}

async function lock(out: string, name: string, shared: boolean): Promise<FileHandle> {
  const file = path.join(out, STATE_FOLDER, 'locks', name);
  let handle: FileHandle | undefined;
  try {
    await makeFolders(path.dirname(file));
    handle = await open(file, 'a+');
    if (addon().lock(handle.fd, shared) === false) {
      const holder = (await handle.readFile('utf8')).trim();
      const problem = `another run is at work in the output folder ${out}${holder && `: ${holder}`}`;
      throw new GlposeError('OUTPUT', problem, 'Wait for its end, or give another folder with -o.');
    }
    await handle.truncate();
    if (!shared) await handle.write(`process ${process.pid} on ${os.hostname()}\n`);
    return handle;
  } catch (thrown) {
    await handle?.close();
    throw asOutputError(file, thrown);
  }
}
