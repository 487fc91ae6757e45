import { link, open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { makeFolders } from './make-folders.js';
import { temporaryBeside } from './temporary.js';

/**
 * Makes a file whole or not at all: `write` fills a temporary file in the same folder, which takes the file's place when it is
 * done and safely on the disk, and is removed when `write` throws. A file that was there before stays until then. Missing
 * folders are made.
 * @param file the file to make
 * @param write fills the temporary file at the path it is given
 * @returns what `write` returned. Throws OUTPUT where the disk refuses; other errors of `write` pass through
 */
export async function makeAtomically<T>(file: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = temporaryBeside(file);
  try {
    await makeFolders(path.dirname(temporary));
    const result = await write(temporary);
    await flush(temporary);
    await rename(temporary, file);
    return result;
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
    throw asOutputError(file, thrown);
  }
}

/** Writes text, bytes or text in pieces as a whole file; see makeAtomically. */
export async function writeAtomically(file: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  await makeAtomically(file, (temporary) => fill(temporary, content));
}

async function fill(file: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await writeFile(handle, content);
  } finally {
    await handle.close();
  }
}

/** What file systems without hard links answer. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Writes a whole file unless there is one of that name: of several processes, also on several machines with a shared folder,
 * the first one wins.
 * @returns false where there was one. Where the file system knows no hard links, the file is not made and the answer is true.
 * Throws OUTPUT where the disk refuses
 */
export async function writeFirst(file: string, content: string): Promise<boolean> {
  const temporary = temporaryBeside(file);
  try {
    await makeFolders(path.dirname(temporary));
    await fill(temporary, content);
    await flush(temporary);
    await link(temporary, file);
    return true;
  } catch (thrown) {
    const { code = '', syscall } = thrown as NodeJS.ErrnoException;
    if (syscall === 'link' && code === 'EEXIST') return false;
    if (syscall === 'link' && NO_LINKS.includes(code)) return true;
    throw asOutputError(file, thrown);
  } finally {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
  }
}

/** A rename can reach the disk before the data does: after a power cut, the file would be there and empty. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const REMEDIES: Record<string, string> = {
  ENOSPC: 'Free space on the disk.',
  EDQUOT: 'Free space within your quota.',
  EACCES: 'Choose a folder you may write to.',
  EPERM: 'Choose a folder you may write to.',
  EROFS: 'The file system is read-only: choose another folder.',
  EISDIR: 'A folder has that name: remove it or choose another name.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
  EEXIST: 'A file has the name of a folder on the path: choose another path.',
  ENAMETOOLONG: 'Choose a shorter name.',
  EMFILE: 'Raise the limit of open files (ulimit -n).',
};

/** An error of the file system while writing `file` as OUTPUT with a remedy; every other error as it is. */
export function asOutputError(file: string, thrown: unknown): unknown {
  const { code, syscall } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (thrown instanceof GlposeError || code === undefined || syscall === undefined) return thrown;
  const remedy = REMEDIES[code] ?? 'Check the disk, or choose another folder.';
  return new GlposeError('OUTPUT', `${file} cannot be written: ${messageOf(thrown)}`, remedy, { cause: thrown });
}
