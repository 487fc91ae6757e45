/* Hostile arguments from JavaScript to the addon built with sanitizers. */
import { existsSync } from 'node:fs';
import { hostileCalls } from './hostile-calls.js';
import { asanLibrary, buildSanitizedAddon, noSanitizers } from './native-tests.js';

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
