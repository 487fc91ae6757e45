import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../shared-data.js';

test('killed five times at random, a run goes on to the same bytes, leaves nothing behind and does little twice', async () => {
  // The script says what is compared; 200 kills: docs/resuming.md.
  const script = path.join(ROOT, 'scripts/kill-test.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    '--kills',
    '5',
    '--clips',
    '3',
    '--frames',
    '70',
  ]);
  expect(stdout).toMatch(/^5 kills in \d+ runs/);
});
