/* The kernels as arm64 has them, run by QEMU: nothing here has such a processor. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

const runs = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const there = process.arch === 'arm64' || (runs('aarch64-linux-gnu-g++') && runs('qemu-aarch64-static'));

// skipped without Debian's crossbuild-essential-arm64 and qemu-user-static
(there ? test : test.skip)('every small case of every kernel passes with NEON, and without', () => {
  const args = [path.join(ROOT, 'native/kernels.js'), '--arm64', 'test', 'small', 'backend=baseline,neon'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stdout).toMatch(/^baseline: \d\d cases$/m);
  expect(stdout).toMatch(/^neon: \d\d cases$/m);
  expect(stdout).toMatch(/^0 failures$/m);
  expect(status).toBe(0);
});
