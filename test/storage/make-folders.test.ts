import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeFolders } from '../../src/storage/make-folders.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-folders-'))));
afterEach(() => rmSync(dir, { recursive: true }));

test('makes all that is missing, from several sides at once, and takes what is there', async () => {
  const folder = path.join(dir, 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder), makeFolders(path.join(dir, 'a', 'd'))]);
  expect(statSync(folder).isDirectory()).toBe(true);
  expect(await makeFolders(folder)).toBeUndefined();
  expect(await makeFolders(path.join(dir, 'a', 'e', 'f'))).toBe(path.join(dir, 'a', 'e')); // the uppermost that it made
});

test('a file in the way is an error', async () => {
  writeFileSync(path.join(dir, 'file'), '');
  await expect(makeFolders(path.join(dir, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolders(path.join(dir, 'file', 'a', 'b'))).rejects.toThrow(/ENOTDIR/);
});

// mkdir with `recursive` spins for ever there
const proc = existsSync('/proc/self') ? test : test.skip;
proc('a file system that takes no folders is an error, not an endless wait', async () => {
  await expect(makeFolders('/proc/glpose/out')).rejects.toMatchObject({ code: 'ENOENT' });
});
