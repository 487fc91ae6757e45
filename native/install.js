/*
 * npm's install script. A released glpose needs none of it: the addon comes in a package of its own, and this only sees that it is
 * there. Else, as in a clone, and with GLPOSE_BUILD=source, it compiles the addon.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { prebuiltAddon, unsupported } from './locate.cjs';

process.exitCode = install(process.env.GLPOSE_BUILD ?? 'auto');

function install(wish) {
  if (!['auto', 'source'].includes(wish)) {
    console.error(`glpose: expected auto or source for GLPOSE_BUILD but received ${wish}`);
    return 2;
  }
  if (wish === 'auto') {
    const problem = unsupported();
    if (problem) {
      console.error(`glpose: ${problem}. (GLPOSE_BUILD=source compiles the addon all the same.)`);
      return 1;
    }
    if (prebuiltAddon(path.join(import.meta.dirname, '..'))) return 0;
  }
  return spawnSync(process.execPath, [path.join(import.meta.dirname, 'build.js')], { stdio: 'inherit' }).status ?? 1;
}
