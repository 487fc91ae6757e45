/* Hostile arguments from JavaScript: never a crash, also not a silent one. (boundary.all.test.ts: with sanitizers.) */
import path from 'node:path';
import { ROOT } from '../shared-data.js';
import { hostileCalls } from './hostile-calls.js';

test('the addon answers hostile calls with results or errors', () => {
  const { status, output } = hostileCalls(path.join(ROOT, 'build', 'Release', 'glpose.node'));
  expect(output).toMatch(/^\d{4} calls$/m);
  expect(status).toBe(0);
});
