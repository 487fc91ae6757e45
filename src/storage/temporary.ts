/*
 * Files and folders under way, beside what they will become. Their names say whose they are, so that those of a process that was
 * killed can be told from those of one that is at work, and removed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const HOST = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8);
/** A container's process has the same number each time it is started. */
const TOKEN = randomBytes(4).toString('hex');
let made = 0;

/** A name in the same folder that nobody else uses. */
export function temporaryBeside(file: string, kind: 'partial' | 'before' = 'partial'): string {
  return path.join(path.dirname(path.resolve(file)), `.${HOST}-${process.pid}-${TOKEN}-${made++}.${kind}`);
}

const NAME = /^\.([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-\d+\.(partial|before)$/;
/** What another machine left untouched for so long is nobody's any more, in milliseconds. */
const ABANDONED = 24 * 3600 * 1000;

/** Removes what processes that are gone have left half done in a folder, which need not exist. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, host, pid, token] = NAME.exec(name) ?? [];
    const file = path.join(folder, name);
    if (host === undefined || token === TOKEN) continue;
    if (host === HOST ? isAlive(Number(pid)) : !(await isAbandoned(file))) continue;
    await rm(file, { recursive: true, force: true });
  }
}

/** This process's number with another's token is that of one before it. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const info = await stat(file).catch(() => null);
  return info !== null && Date.now() - info.mtimeMs > ABANDONED;
}
