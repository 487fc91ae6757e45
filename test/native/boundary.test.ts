/* Hostile arguments from JavaScript: never a crash, also not a silent one. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../shared-data.js';
import { asanLibrary, buildSanitizedAddon, noSanitizers } from './native-tests.js';

function hostileCalls(addon: string, environment: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
  const script = path.join(ROOT, 'dist', 'test', 'native', 'boundary.js');
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, addon], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 250_000,
  });
  return { status, output: `${stdout}${stderr}${signal ? `\nkilled by ${signal}` : ''}` };
}

test('the addon answers hostile calls with results or errors', () => {
  const { status, output } = hostileCalls(path.join(ROOT, 'build', 'Release', 'glpose.node'));
  expect(output).toMatch(/^\d{4} calls$/m);
  expect(status).toBe(0);
}, 300_000);

const sanitized = noSanitizers === undefined ? test : test.skip;
sanitized(
  'under AddressSanitizer and UndefinedBehaviorSanitizer it touches no memory that is not its own',
  async () => {
    const library = await asanLibrary();
    expect(existsSync(library)).toBe(true);
    const { status, output } = hostileCalls(await buildSanitizedAddon(), {
      LD_PRELOAD: library,
      // Node's own leaks are not ours; allocations beyond any limit must fail, not end the process.
      ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    });
    expect(output).not.toMatch(/AddressSanitizer|runtime error/);
    expect(output).toMatch(/^\d{4} calls$/m);
    expect(status).toBe(0);
  },
  600_000,
);
