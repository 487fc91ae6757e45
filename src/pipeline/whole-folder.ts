import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { asOutputError } from './whole-file.js';

/**
 * Makes a folder whole or not at all: `write` fills a temporary folder beside it, which takes the folder's place, and that of
 * all it held, when it is done, and is removed when `write` throws.
 * @param write fills the temporary folder at the path it is given
 * @returns what `write` returned. Throws OUTPUT where the disk refuses; other errors of `write` pass through
 */
export async function makeWholeFolder<T>(folder: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const parent = path.dirname(path.resolve(folder));
  const name = randomBytes(6).toString('hex');
  const temporary = path.join(parent, `.${name}.partial`);
  const before = path.join(parent, `.${name}.before`);
  try {
    await mkdir(temporary, { recursive: true });
    const result = await write(temporary);
    const replaces = await rename(folder, before).then(
      () => true,
      () => false, // most often there is none; where it cannot be moved, the next line says so
    );
    await rename(temporary, folder);
    if (replaces) await rm(before, { recursive: true, force: true });
    return result;
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // the first error is the one to tell
    throw asOutputError(folder, thrown);
  }
}
