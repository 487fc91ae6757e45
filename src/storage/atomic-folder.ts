import { rename, rm } from 'node:fs/promises';
import { makeFolders } from './make-folders.js';
import { temporaryBeside } from './temporary.js';
import { asOutputError } from './atomic-write.js';

/**
 * Makes a folder whole or not at all: `write` fills a temporary folder beside it, which takes the folder's place, and that of
 * all it held, when it is done, and is removed when `write` throws.
 * @param write fills the temporary folder at the path it is given
 * @returns what `write` returned. Throws OUTPUT where the disk refuses; other errors of `write` pass through
 */
export async function makeFolderAtomically<T>(folder: string, write: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = temporaryBeside(folder);
  try {
    await makeFolders(temporary);
    const result = await write(temporary);
    await replace(temporary, folder);
    return result;
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // the first error is the one to tell
    throw asOutputError(folder, thrown);
  }
}

/** Another process may put its folder there at the same moment: then that one is replaced. */
const ATTEMPTS = 10;

async function replace(temporary: string, folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = temporaryBeside(folder, 'before');
    const replaces = await rename(folder, before).then(
      () => true,
      () => false, // most often there is none; where it cannot be moved, the next line says so
    );
    try {
      await rename(temporary, folder);
      if (replaces) await rm(before, { recursive: true, force: true });
      return;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      const occupied = code === 'ENOTEMPTY' || code === 'EEXIST';
      if (replaces) await (occupied ? rm(before, { recursive: true, force: true }) : rename(before, folder));
      if (!occupied || attempt === ATTEMPTS) throw thrown;
    }
  }
}
