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
