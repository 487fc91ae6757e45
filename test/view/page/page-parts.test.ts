import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PageParts } from '../../../src/view/page/page-parts.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-parts-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('stay in the page up to the limit; the one that passes it sends all to the folder', async () => {
  let spills = 0;
  const parts = new PageParts(path.join(dir, 'page_files'), 40, () => spills++);
  await parts.add('picture-000000', Buffer.alloc(15, 1), 'picture');
  await parts.add('why-000000', Buffer.alloc(15, 2), 'data'); // 30 bytes are 40 characters
  expect([...parts.embedded()].map(([name]) => name)).toEqual(['picture-000000', 'why-000000']);
  expect(parts.folderName).toBeNull();
  expect(await readdir(dir)).toEqual([]);

  await parts.add('picture-000001', Buffer.alloc(1), 'picture');
  await parts.add('picture-000002', Buffer.alloc(1), 'picture');
  expect([...parts.embedded()]).toEqual([]);
  expect({ spills, folder: parts.folderName, size: parts.size }).toEqual({ spills: 1, folder: 'page_files', size: 32 });
  const files = ['picture-000000.jpg', 'picture-000001.jpg', 'picture-000002.jpg', 'why-000000.js'];
  expect((await readdir(path.join(dir, 'page_files'))).sort()).toEqual(files);
  const script = await readFile(path.join(dir, 'page_files', 'why-000000.js'), 'utf8');
  expect(script).toBe(`glposePart("why-000000","${Buffer.alloc(15, 2).toString('base64')}")`);
});

test('a folder that cannot be made is an error with a remedy', async () => {
  await writeFile(path.join(dir, 'page_files'), '');
  const parts = new PageParts(path.join(dir, 'page_files'), 0, () => {});
  await expect(parts.add('why-000000', Buffer.alloc(1), 'data')).rejects.toMatchObject({ code: 'OUTPUT' });
});
