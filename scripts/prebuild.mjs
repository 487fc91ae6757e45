/*
 * Makes the npm package of the addon for one platform, and checks it: docs/releasing.md.
 *
 *   node scripts/prebuild.mjs [--arch x64|arm64] [--out build/prebuilt]
 *
 * The platform is this machine's; on Linux arm64 can be cross-built (crossbuild-essential-arm64, qemu-user-static). CUDA's kernels
 * are in it where nvcc is found, GLPOSE_CUDA=on insists. Exit status 1 with the reason where anything is wrong.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { faultsOf, loadInEmptyRoot } from './prebuilt/check.mjs';
import { compileAddon } from './prebuilt/compile.mjs';
import { debian11 } from './prebuilt/debian-11.mjs';
import { packAddon } from './prebuilt/package.mjs';

/**
 * @param root the repository; what is compiled is its last commit
 * @param arch Node's name of the processor
 * @param out the tarball's folder
 * @returns the tarball's path
 */
export function prebuild(root, arch, out) {
  const work = mkdtempSync(path.join(os.tmpdir(), 'glpose-prebuild-'));
  try {
    const { addon, digest } = compileAddon(root, arch, work);
    const faults = faultsOf(addon, [work, root]);
    if (faults.length > 0) throw new Error(`the addon for ${arch} cannot be given away: ${faults.join('; ')}`);
    const info = load(root, addon, arch, work);
    if (info.sources !== digest) throw new Error(`the addon says that it is of other sources: ${info.sources}`);
    const kernels = info.cuda.compiled ? 'CPU and CUDA kernels' : 'CPU kernels only';
    console.log(
      `${process.platform}-${arch}: ${(statSync(addon).size / 1e6).toFixed(1)} MB, ${kernels}, loads (${info.isa})`,
    );
    mkdirSync(out, { recursive: true });
    return packAddon(root, addon, { platform: process.platform, arch }, work, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What the addon says of itself: on Linux where nothing but Debian 11's libraries is; another processor's by an emulator. */
function load(root, addon, arch, work) {
  if (process.platform !== 'linux') {
    const { info, sources } = createRequire(import.meta.url)(addon);
    return { ...info(), sources };
  }
  const system = debian11(arch, path.join(root, 'build', 'prebuilt-cache'));
  if (arch === process.arch) return loadInEmptyRoot(addon, system);
  // npm has Node's programs of every platform, each as a package.
  execFileSync('npm', ['install', '--silent', '--no-save', '--force', '--prefix', work, `node-linux-${arch}`]);
  const node = path.join(work, 'node_modules', `node-linux-${arch}`, 'bin', 'node');
  return loadInEmptyRoot(addon, system, { node, emulator: '/usr/bin/qemu-aarch64-static' });
}

if (process.argv[1] === import.meta.filename) {
  const root = path.join(import.meta.dirname, '..');
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', default: process.arch },
      out: { type: 'string', default: path.join(root, 'build', 'prebuilt') },
    },
  });
  try {
    console.log(prebuild(root, values.arch, path.resolve(values.out)));
  } catch (thrown) {
    console.error(`prebuild: ${thrown.stack ?? thrown}`);
    process.exitCode = 1;
  }
}
