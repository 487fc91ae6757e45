import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

interface Release {
  checkTree(root: string): { version: string; commit: string };
  writeBillOfMaterials(root: string, folder: string, version: string): string;
  writeChecksums(folder: string): void;
  sign(folder: string, key: { ssh: string }): string;
}

const release = (await import(path.join(ROOT, 'scripts', 'release.mjs'))) as Release;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-release-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, content: string | object): void =>
  writeFileSync(path.join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));

function git(...args: string[]): void {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...who, ...args], { cwd: dir, stdio: 'ignore' });
}

test('a tree is released only where nothing is uncommitted, and the version has its entry and no other tag', () => {
  git('init', '-q');
  const lock = (version: string): object => ({ version, packages: { '': { version } } });
  write('package.json', { version: '1.2.0' });
  write('package-lock.json', lock('1.1.0'));
  write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.0\n\n## 1.1.0\n\n- old\n');
  expect(() => release.checkTree(dir)).toThrow(/package-lock/);
  write('package-lock.json', lock('1.2.0'));
  expect(() => release.checkTree(dir)).toThrow(/has changes(.|\n)*package\.json/);
  git('add', '.');
  git('commit', '-qm', 'one');
  expect(() => release.checkTree(dir)).toThrow(/no entry "## 1\.2\.0" that says anything/);
  write('CHANGELOG.md', '# Changelog\n\n## 1.2.0 (2026-01-01)\n\n- new\n\n## 1.1.0\n\n- old\n');
  expect(() => release.checkTree(dir)).toThrow(/has changes/);
  git('tag', 'v1.2.0');
  git('commit', '-qam', 'two');
  expect(() => release.checkTree(dir)).toThrow(/tag v1\.2\.0 stands on another commit/);
  git('tag', '-f', 'v1.2.0');
  expect(release.checkTree(dir)).toEqual({
    version: '1.2.0',
    commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
  });
});

test('the bill of materials names what users install, and not what developers do', () => {
  const file = release.writeBillOfMaterials(ROOT, dir, '0.0.0');
  const { bomFormat, components } = JSON.parse(readFileSync(path.join(dir, file), 'utf8')) as {
    bomFormat: string;
    components: { name: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const names = components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['onnxruntime-node', 'sharp', 'zod', 'node-av']));
  expect(names).not.toContain('jest');
});

const hasSsh = spawnSync('ssh-keygen', ['-?']).error === undefined;
(hasSsh ? test : test.skip)(
  'checksums and signature are those that sha256sum and ssh-keygen accept, until a byte changes',
  () => {
    write('glpose-1.0.0.tgz', 'a package');
    write('glpose-1.0.0.cdx.json', '{}');
    release.writeChecksums(dir);
    const check = (): number | null => spawnSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: dir }).status;
    expect(check()).toBe(0);
    expect(readFileSync(path.join(dir, 'SHA256SUMS'), 'utf8').split('\n')).toHaveLength(3);

    const key = path.join(dir, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    expect(release.sign(dir, { ssh: key })).toBe('SHA256SUMS.sig');
    write('signers', `releases@localhost ${readFileSync(`${key}.pub`, 'utf8')}`);
    const sums = readFileSync(path.join(dir, 'SHA256SUMS'), 'utf8');
    const verify = (input: string): number | null => {
      const args = [
        '-Y',
        'verify',
        '-f',
        'signers',
        '-I',
        'releases@localhost',
        '-n',
        'glpose-release',
        '-s',
        'SHA256SUMS.sig',
      ];
      return spawnSync('ssh-keygen', args, { cwd: dir, input }).status;
    };
    expect(verify(sums)).toBe(0);
    expect(verify(sums.replace('tgz', 'tgx'))).not.toBe(0);
    write('glpose-1.0.0.tgz', 'another package');
    expect(check()).not.toBe(0);
  },
);
