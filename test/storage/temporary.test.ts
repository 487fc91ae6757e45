import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { sweep, temporaryBeside } from '../../src/storage/temporary.js';

test('what a dead process left is removed; what is under way, and what is no temporary file, stays', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-temporary-'));
  const own = temporaryBeside(path.join(dir, 'a.json'));
  const [, host] = /^\.([0-9a-f]{8})-/.exec(path.basename(own))!;
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const names = {
    own: path.basename(own),
    alive: `.${host}-${process.ppid}-00000000-0.partial`,
    dead: `.${host}-${dead}-00000000-0.partial`,
    sameNumber: `.${host}-${process.pid}-00000000-0.before`, // a container's earlier process
    elsewhere: `.ffffffff-${dead}-00000000-0.partial`, // on another machine, touched just now
    result: 'a.json',
  };
  for (const name of Object.values(names)) await writeFile(path.join(dir, name), '');
  await sweep(dir);
  expect((await readdir(dir)).sort()).toEqual([names.own, names.alive, names.elsewhere, names.result].sort());
  await sweep(path.join(dir, 'not-there'));
  await rm(dir, { recursive: true });
});
