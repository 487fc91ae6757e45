import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { asOutputError, makeAtomically, writeFirst, writeAtomically } from '../../src/storage/atomic-write.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'glpose-whole-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('text and bytes, in folders that it makes', async () => {
  const file = path.join(root, 'a', 'b', 'x.json');
  await writeAtomically(file, '{"ü": 1}');
  expect(await readFile(file, 'utf8')).toBe('{"ü": 1}');
  await writeAtomically(file, Uint8Array.of(1, 2, 3));
  expect([...(await readFile(file))]).toEqual([1, 2, 3]);
  expect(await readdir(path.dirname(file))).toEqual(['x.json']);
});

test('until it is done, the old file stands and no half of the new one', async () => {
  const file = path.join(root, 'x');
  await writeFile(file, 'old');
  const result = await makeAtomically(file, async (temporary) => {
    await appendFile(temporary, 'ne');
    expect(path.dirname(temporary)).toBe(root);
    expect(await readFile(file, 'utf8')).toBe('old');
    await appendFile(temporary, 'w');
    return 7;
  });
  expect(result).toBe(7);
  expect(await readFile(file, 'utf8')).toBe('new');
});

test('a failure leaves the old file and nothing else', async () => {
  const file = path.join(root, 'x');
  await writeFile(file, 'old');
  const failing = makeAtomically(file, async (temporary) => {
    await appendFile(temporary, 'half');
    throw new Error('the writer fails');
  });
  await expect(failing).rejects.toThrow('the writer fails');
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(root)).toEqual(['x']);
});

test('many at once into the same file: one of them, whole', async () => {
  const file = path.join(root, 'x');
  const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(5000));
  await Promise.all(contents.map((content) => writeAtomically(file, content)));
  expect(contents).toContain(await readFile(file, 'utf8'));
  expect(await readdir(root)).toEqual(['x']);
});

test('what the disk refuses is an OUTPUT error with a remedy', async () => {
  await mkdir(path.join(root, 'folder'));
  await writeFile(path.join(root, 'file'), '');
  await expect(writeAtomically(path.join(root, 'folder'), 'x')).rejects.toMatchObject({
    code: 'OUTPUT',
    remedy: 'A folder has that name: remove it or choose another name.',
  });
  await expect(writeAtomically(path.join(root, 'file', 'x'), 'x')).rejects.toMatchObject({ code: 'OUTPUT' });
  await expect(writeAtomically('/proc/x', 'x')).rejects.toMatchObject({ code: 'OUTPUT' });
  await expect(writeAtomically(path.join(root, 'x'.repeat(300)), 'x')).rejects.toMatchObject({
    code: 'OUTPUT',
    remedy: 'Choose a shorter name.',
  });
  expect((await readdir(root)).sort()).toEqual(['file', 'folder']);
});

test.each([
  ['ENOSPC', 'Free space on the disk.'],
  ['EROFS', 'The file system is read-only: choose another folder.'],
  ['EACCES', 'Choose a folder you may write to.'],
])('%s', (code, remedy) => {
  const refused = Object.assign(new Error(`${code}: refused`), { code, syscall: 'write' });
  expect(asOutputError('/out/x.json', refused)).toMatchObject({
    code: 'OUTPUT',
    message: `/out/x.json cannot be written: ${code}: refused. ${remedy}`,
  });
});

test('errors that are not the disk’s pass through', () => {
  const bug = new TypeError('x is not a function');
  expect(asOutputError('/out/x.json', bug)).toBe(bug);
});

test('of several that write a file first, one wins, and its content stands', async () => {
  const file = path.join(root, 'plans', 'x');
  const won = await Promise.all(['a', 'b', 'c', 'd'].map((content) => writeFirst(file, content)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await readFile(file, 'utf8')).toBe('abcd'[won.indexOf(true)]);
  expect(await writeFirst(file, 'later')).toBe(false);
  expect(await readdir(path.dirname(file))).toEqual(['x']);
});
