import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-tools-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

/** Runs the build where only the programs given are on the path. */
function build(...programs: string[]): { status: number | null; stderr: string } {
  for (const program of programs) symlinkSync('/bin/true', path.join(dir, program));
  const env = { ...process.env, PATH: dir, CXX: '', GLPOSE_CUDA: 'off' };
  return spawnSync(process.execPath, [path.join(ROOT, 'native/build.js')], { env, encoding: 'utf8' });
}

test.each([
  [[], /CMake \(3\.18 or newer\), a C\+\+17 compiler, and make are missing/],
  [['c++', 'make'], /CMake \(3\.18 or newer\) is missing/],
  [['cmake', 'make'], /a C\+\+17 compiler is missing/],
  [['cmake', 'clang++'], /make is missing/],
])('with only %j on the path, one sentence says what is missing and what to do', (programs, message) => {
  const { status, stderr } = build(...programs);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/apt install cmake g\+\+ make/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('the install script compiles where it is told to, or where no package has the addon, and takes no other word', () => {
  const install = (GLPOSE_BUILD?: string): { status: number | null; stderr: string } => {
    const env = { ...process.env, PATH: dir, CXX: '', GLPOSE_CUDA: 'off', GLPOSE_BUILD };
    if (GLPOSE_BUILD === undefined) delete env.GLPOSE_BUILD;
    return spawnSync(process.execPath, [path.join(ROOT, 'native/install.js')], { env, encoding: 'utf8' });
  };
  for (const wish of ['source', undefined]) {
    expect(install(wish)).toMatchObject({ status: 1, stderr: expect.stringMatching(/CMake .* missing/) as string });
  }
  const { status, stderr } = install('prebuilt');
  expect(status).toBe(2);
  expect(stderr).toMatch(/expected auto or source for GLPOSE_BUILD but received prebuilt/);
});
