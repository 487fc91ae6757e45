import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

/** Calls an addon (boundary.ts) with all that it must not trip over, in a process of its own. */
export function hostileCalls(
  addon: string,
  environment: NodeJS.ProcessEnv = {},
): { status: number | null; output: string } {
  const script = path.join(ROOT, 'dist', 'test', 'native', 'boundary.js');
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, addon], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 250_000,
  });
  return { status, output: `${stdout}${stderr}${signal ? `\nkilled by ${signal}` : ''}` };
}
