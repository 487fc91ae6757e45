import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and those above it. Node's own mkdir with `recursive` never returns where a file system answers ENOENT to
 * whoever makes a folder in it, as /proc does.
 * @returns the uppermost that it made; undefined where all were there
 * @throws what mkdir throws
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  if (isFolder(folder)) return undefined;
  const parent = path.dirname(path.resolve(folder));
  const above = existsSync(parent) ? undefined : await makeFolders(parent);
  try {
    await mkdir(folder);
    return above ?? folder;
  } catch (thrown) {
    if (!isFolder(folder)) throw thrown;
    return above; // another process was first
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
