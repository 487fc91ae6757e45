/* The kernels as arm64 has them, run by QEMU: nothing here has such a processor. */
import { spawnSync } from 'node:child_process';
import { buildKernelTests, BUILD, emulatorOf, mutate, removeMutant, runKernelTests } from './native-tests.js';

const runs = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const there = process.arch === 'arm64' || (runs('aarch64-linux-gnu-g++') && runs('qemu-aarch64-static'));

const SMALL = ['small', 'backend=baseline,neon'];

// skipped without Debian's crossbuild-essential-arm64 and qemu-user-static
(there ? describe : describe.skip)('on arm64', () => {
  // ThreadSanitizer does not start under QEMU: native/test/build.js
  test.each(['arm64', 'arm64-asan'] as const)(
    'every small case of every kernel passes with NEON, and without: %s build',
    async (form) => {
      const { status, output } = runKernelTests(await buildKernelTests(form), SMALL, 'forward', emulatorOf(form));
      expect(output).toMatch(/^baseline: \d\d cases$/m);
      expect(output).toMatch(/^neon: \d\d cases$/m);
      expect(output).toMatch(/^0 failures$/m);
      expect(status).toBe(0);
    },
    2 * BUILD,
  );

  test(
    'AddressSanitizer sees a row that is stored below the map',
    async () => {
      const fault = mutate('kernels/warp/warp.cpp', 'size_t(y) * a.width', 'size_t(y + 1) * a.width');
      const mutant = await buildKernelTests('arm64-asan', fault);
      try {
        const { status, output } = runKernelTests(
          mutant,
          [...SMALL, 'kernel=warp'],
          'forward',
          emulatorOf('arm64-asan'),
        );
        expect(output).toMatch(/heap-buffer-overflow/);
        expect(status).not.toBe(0);
      } finally {
        removeMutant(mutant);
      }
    },
    BUILD,
  );
});
