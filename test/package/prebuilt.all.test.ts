import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

interface Check {
  faultsOf(addon: string, folders: string[]): string[];
}
interface Package {
  packAddon(
    root: string,
    addon: string,
    platform: { platform: string; arch: string },
    work: string,
    out: string,
  ): string;
}
const scripts = path.join(ROOT, 'scripts', 'prebuilt');
const { faultsOf } = (await import(path.join(scripts, 'check.mjs'))) as Check;
const { packAddon } = (await import(path.join(scripts, 'package.mjs'))) as Package;

const BUILT = path.join(ROOT, 'build', 'Release', 'glpose.node');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-prebuilt-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const linux = process.platform === 'linux' ? test : test.skip;

linux(
  'an addon that was compiled for this machine alone is not given away: it leans on this system’s libstdc++',
  () => {
    expect(faultsOf(BUILT, [])).toContain('it needs the library libstdc++.so.6');
  },
);

linux('one that names a folder of this machine, or is too large, is not given away', () => {
  const addon = path.join(dir, 'glpose.node');
  copyFileSync(BUILT, addon);
  writeFileSync(addon, '/somebody/glpose/native/addon.cpp', { flag: 'a' });
  expect(faultsOf(addon, ['/somebody/glpose'])).toContain('it names /somebody/glpose');
  expect(faultsOf(addon, ['/somebody/else'])).not.toContain('it names /somebody/else');
  truncateSync(addon, 16e6);
  expect(faultsOf(addon, [])).toContain('16.0 MB, more than 15');
});

test.each([
  [
    { platform: 'linux', arch: 'arm64' },
    { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  ],
  [
    { platform: 'win32', arch: 'x64' },
    { os: ['win32'], cpu: ['x64'] },
  ],
])('the package for %j is for no other system, and holds the addon and its terms', (platform, limits) => {
  const addon = path.join(dir, 'addon');
  writeFileSync(addon, 'an addon');
  const tarball = packAddon(ROOT, addon, platform, dir, dir);
  const tar = (...args: string[]): string => execFileSync('tar', args, { encoding: 'utf8' });
  expect(tar('-tzf', tarball).trim().split('\n').sort()).toEqual(
    ['LICENSE', 'README.md', 'glpose.node', 'package.json'].map((name) => `package/${name}`),
  );
  const manifest = JSON.parse(tar('-xzOf', tarball, 'package/package.json')) as Record<string, unknown>;
  expect(manifest).toMatchObject({ name: `@glpose/${platform.platform}-${platform.arch}`, ...limits });
  expect('libc' in manifest).toBe('libc' in limits);
  expect(manifest).not.toHaveProperty('scripts');
});
