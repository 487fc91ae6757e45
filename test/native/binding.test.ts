/* An addon that does not belong to the JavaScript beside it is refused: it would compute something else without a word. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { GlposeError } from '../../src/errors.js';
import { loadAddon } from '../../src/native/binding.js';
import { ROOT } from '../shared-data.js';

let root: string;
const binary = (): string => path.join(root, 'build', 'Release', 'glpose.node');

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'glpose-binding-'));
  cpSync(path.join(ROOT, 'native'), path.join(root, 'native'), { recursive: true });
  mkdirSync(path.dirname(binary()), { recursive: true });
  symlinkSync(path.join(ROOT, 'build', 'Release', 'glpose.node'), binary());
});

afterEach(() => rmSync(root, { recursive: true }));

const refusal = (): GlposeError => {
  try {
    loadAddon(root);
  } catch (thrown) {
    return thrown as GlposeError;
  }
  throw new Error('the addon was accepted');
};

test('an addon built from the sources beside it is loaded', () => {
  expect(loadAddon(root).info().isa).toMatch(/baseline|avx2|avx512/);
});

test.each(['kernels/conv.cpp', 'addon/addon.cpp', 'model/aggregation.h', 'backend/cuda.cu', 'CMakeLists.txt'])(
  'one built before %s was changed is refused, with the remedy',
  (file) => {
    appendFileSync(path.join(root, 'native', file), ' ');
    const { code, message, remedy } = refusal();
    expect(code).toBe('INTERNAL');
    expect(message).toContain(`${binary()} was built from other sources than those in ${path.join(root, 'native')}`);
    expect(remedy).toMatch(/npm run build:native/);
  },
);

test('one built before a file was added is refused', () => {
  writeFileSync(path.join(root, 'native', 'kernels', 'new.cpp'), '');
  expect(refusal().message).toMatch(/other sources/);
});

test('tests and tools of the native code are no part of it', () => {
  appendFileSync(path.join(root, 'native', 'test', 'cases.h'), ' ');
  appendFileSync(path.join(root, 'native', 'resources.js'), ' ');
  expect(() => loadAddon(root)).not.toThrow();
});

test('one that was not built, and one that is no addon, are told apart', () => {
  rmSync(binary());
  expect(refusal()).toMatchObject({
    message: expect.stringMatching(/not built/),
    remedy: expect.stringMatching(/npm/),
  });
  writeFileSync(binary(), 'no addon');
  expect(refusal()).toMatchObject({ message: expect.stringMatching(/does not load/) });
});
