/* An addon that does not belong to the JavaScript beside it is refused: it would compute something else without a word. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
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
  mkdirSync(path.join(root, 'node_modules', '@glpose'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', 'detect-libc'), path.join(root, 'node_modules', 'detect-libc'));
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
  expect(loadAddon(root).info().isa).toMatch(/baseline|neon|avx2|avx512/);
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
    message: expect.stringContaining(`neither ${binary()} nor the package @glpose/`) as string,
    remedy: expect.stringMatching(/GLPOSE_BUILD=source/) as string,
  });
  writeFileSync(binary(), 'no addon');
  expect(refusal()).toMatchObject({ message: expect.stringMatching(/does not load/) as string });
});

interface Locate {
  locateAddon(root: string): { file: string; prebuilt: string | null } | undefined;
  packageFor(): string;
  unsupported(system?: { platform: string; arch: string; musl: boolean }): string | undefined;
}
const { locateAddon, packageFor, unsupported } = createRequire(import.meta.url)(
  path.join(ROOT, 'native', 'locate.cjs'),
) as Locate;

/** Puts an addon where npm puts the platform's package. */
function installPrebuilt(addon: string): string {
  const folder = path.join(root, 'node_modules', packageFor());
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{}');
  cpSync(addon, path.join(folder, 'glpose.node'));
  return path.join(folder, 'glpose.node');
}

test('without one that was compiled here, the prebuilt one of this platform is loaded; of other sources it is refused, too', () => {
  const prebuilt = installPrebuilt(binary());
  rmSync(binary());
  expect(locateAddon(root)).toEqual({ file: realpathSync(prebuilt), prebuilt: packageFor() });
  expect(loadAddon(root).info().isa).toMatch(/./);
  appendFileSync(path.join(root, 'native', 'addon', 'addon.cpp'), ' ');
  expect(refusal().message).toMatch(/other sources/);
});

test('one that was compiled here goes before the prebuilt one', () => {
  installPrebuilt('/dev/null');
  expect(locateAddon(root)).toEqual({ file: binary(), prebuilt: null });
});

test.each([
  [{ platform: 'linux', arch: 'x64', musl: true }, /musl \(Alpine Linux\): use a system with glibc/],
  [{ platform: 'darwin', arch: 'x64', musl: false }, /Intel Macs from 1\.24 on/],
  [{ platform: 'freebsd', arch: 'x64', musl: false }, /no build for freebsd on x64/],
  [{ platform: 'linux', arch: 'ppc64', musl: false }, /no build for linux on ppc64/],
])('%j is refused, with the reason', (system, reason) => expect(unsupported(system)).toMatch(reason));

test.each([
  { platform: 'linux', arch: 'x64', musl: false },
  { platform: 'linux', arch: 'arm64', musl: false },
  { platform: 'darwin', arch: 'arm64', musl: false },
  { platform: 'win32', arch: 'x64', musl: false },
])('%j is not', (system) => expect(unsupported(system)).toBeUndefined());
