/* What a prebuilt addon must be before anyone gets it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** CPU and CUDA kernels together. */
const MOST_BYTES = 15e6;
/** Debian 11's, Ubuntu 20.04's. */
const GLIBC = [2, 31];
/** All that an addon may load: glibc's parts, and what Node itself has loaded already. */
const LIBRARIES = /^(lib(c|m|pthread|dl|rt|gcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+)$/;

/** @returns what is wrong with an addon's file, one sentence each; `folders` are this machine's, which it must not name */
export function faultsOf(addon, folders) {
  const faults = [];
  const { size } = statSync(addon);
  if (size > MOST_BYTES) faults.push(`${(size / 1e6).toFixed(1)} MB, more than ${MOST_BYTES / 1e6}`);
  const text = readFileSync(addon, 'latin1');
  for (const folder of [...folders, os.homedir()]) {
    if (folder.length > 1 && text.includes(`${folder}/`)) faults.push(`it names ${folder}`);
  }
  if (process.platform === 'linux') faults.push(...linkFaults(addon));
  return faults;
}

/** What an ELF file asks of the system. */
function linkFaults(addon) {
  const readelf = (option) => execFileSync('readelf', ['--wide', option, addon], { encoding: 'utf8' });
  const libraries = [...readelf('--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
  const versions = [...readelf('--version-info').matchAll(/Name: ((?:GLIBC|GLIBCXX|CXXABI)_[\w.]+)/g)].map(
    ([, name]) => name,
  );
  const newer = (name) => {
    const [major, minor] = name.replace('GLIBC_', '').split('.').map(Number);
    return !name.startsWith('GLIBC_') || major > GLIBC[0] || (major === GLIBC[0] && minor > GLIBC[1]);
  };
  return [
    ...libraries.filter((name) => !LIBRARIES.test(name)).map((name) => `it needs the library ${name}`),
    ...[...new Set(versions.filter(newer))].map((name) => `it needs symbols of ${name}`),
  ];
}

/**
 * Loads an addon where there is nothing but Node and Debian 11's libraries.
 * @param system of debian-11.mjs
 * @param node Node's program for that system; another processor's is run by `emulator`
 * @returns what its info() says, with the digest of its sources
 */
export function loadInEmptyRoot(addon, system, { node = process.execPath, emulator } = {}) {
  const root = `${system}-load`;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  try {
    for (const folder of ['lib', 'lib64', 'usr/lib']) {
      const from = path.join(system, folder);
      if (statSync(from, { throwIfNoEntry: false }))
        cpSync(from, path.join(root, folder), { recursive: true, verbatimSymlinks: true });
    }
    cpSync(realpathSync(node), path.join(root, 'node'));
    cpSync(addon, path.join(root, 'glpose.node'));
    if (emulator) cpSync(realpathSync(emulator), path.join(root, 'emulator')); // a link, in newer Debians
    const script =
      "const a = require('/glpose.node'); console.log(JSON.stringify({ ...a.info(), sources: a.sources }))";
    const command = [...(emulator ? ['/emulator'] : []), '/node', '-e', script];
    return JSON.parse(
      execFileSync('unshare', ['--map-root-user', `--root=${root}`, ...command], { encoding: 'utf8', env: {} }),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}
