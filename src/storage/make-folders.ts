import { existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a folder and those above it. Node's own mkdir with `recursive` never returns where a file system answers ENOENT to
 * whoever makes a folder in it, as /proc does.
 * @throws what mkdir throws
 */
export async function makeFolders(folder: string): Promise<void> {
  if (isFolder(folder)) return;
  const parent = path.dirname(path.resolve(folder));
  if (!existsSync(parent)) await makeFolders(parent);
  await mkdir(folder).catch((thrown: unknown) => {
    if (!isFolder(folder)) throw thrown; // else another process was first
  });
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
