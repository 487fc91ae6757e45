/* Compiles the addon so that it runs on other machines than this one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { debian11 } from './debian-11.mjs';

const HERE = import.meta.dirname;
/** Linux' ways to say a processor's name. */
const LINUX = {
  x64: { triple: 'x86_64-linux-gnu', compiler: process.env.CXX ?? 'c++' },
  arm64: { triple: 'aarch64-linux-gnu', compiler: 'aarch64-linux-gnu-g++' },
};

/**
 * Compiles the committed tree in a clone of it, as native/build.js does, on Linux with flags by which the addon leans on nothing newer
 * than Debian 11.
 * @param root the repository, with its node_modules
 * @param arch Node's name of the processor
 * @param work an empty folder
 * @returns the addon's file, and the digest of its sources
 */
export function compileAddon(root, arch, work) {
  const clone = path.join(work, 'glpose');
  execFileSync('git', ['clone', '-q', root, clone]);
  symlinkSync(path.join(root, 'node_modules'), path.join(clone, 'node_modules'), 'junction');
  const env = process.platform === 'linux' ? linuxFlags(root, arch, work) : {};
  const build = path.join(clone, 'native', 'build.js');
  execFileSync(process.execPath, [build], { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  const { sourcesDigest } = createRequire(import.meta.url)(path.join(clone, 'native', 'sources.cjs'));
  return { addon: path.join(clone, 'build', 'Release', 'glpose.node'), digest: sourcesDigest() };
}

function linuxFlags(root, arch, work) {
  const { triple, compiler } = LINUX[arch];
  const cache = path.join(root, 'build', 'prebuilt-cache');
  mkdirSync(cache, { recursive: true });
  const system = debian11(arch, cache);
  const singleThreaded = path.join(work, 'single-threaded.o');
  const source = path.join(HERE, 'single-threaded.c');
  execFileSync(compiler, ['-x', 'c', '-fPIC', '-c', source, '-o', singleThreaded], { stdio: 'inherit' });
  const cross = arch !== process.arch;
  return {
    LDFLAGS: [
      ...['-s', '-static-libstdc++', singleThreaded, `-Wl,--sysroot=${system}`],
      ...['usr/lib', 'lib'].map((folder) => `-L${path.join(system, folder, triple)}`),
    ].join(' '),
    ...(cross ? { CMAKE_TOOLCHAIN_FILE: path.join(HERE, `linux-${arch}.cmake`), GLPOSE_CUDA: 'off' } : {}),
  };
}
