/*
 * The one native build, whoever asks: npm's install script, `npm run build:native`, or node-gyp through binding.gyp.
 * Environment: GLPOSE_CUDA=auto|on|off (auto: CUDA kernels where a CUDA compiler is found), GLPOSE_CUDA_ARCHS (as
 * CMAKE_CUDA_ARCHITECTURES), GLPOSE_JOBS (compiler processes; default: one per core).
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceFiles, sourcesDigest } from './sources.cjs';

const native = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(native);
const args = process.argv.slice(2);

if (args.includes('--list')) {
  // for binding.gyp: what the addon depends on, relative to the repository's root
  for (const file of sourceFiles()) console.log(`native/${file}`);
} else {
  process.exitCode = build();
}

function build() {
  const cuda = process.env.GLPOSE_CUDA ?? 'auto';
  if (!['auto', 'on', 'off'].includes(cuda)) {
    console.error(`glpose: expected auto, on or off for GLPOSE_CUDA but received ${cuda}`);
    return 2;
  }
  const lacking = missingTools();
  if (lacking.length > 0) {
    console.error(
      `glpose: its native addon cannot be built: ${new Intl.ListFormat('en').format(lacking)} ${lacking.length > 1 ? 'are' : 'is'} missing. ` +
        'Install what is missing (Debian, Ubuntu: apt install cmake g++ make; Fedora: dnf install cmake gcc-c++ make; ' +
        'macOS: xcode-select --install and brew install cmake), then install glpose again.',
    );
    return 1;
  }
  const settings = [
    createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js'),
    ...['--directory', native],
    ...['--out', path.join(root, 'build', 'cmake')], // not build/ itself, which node-gyp owns
    ...['--prefer-make', '--parallel', process.env.GLPOSE_JOBS ?? String(os.availableParallelism())],
    ...(os.platform() === 'win32' ? ['--toolset', 'ClangCL'] : []), // Microsoft's own compiler has no vector types
    `--CDGLPOSE_CUDA=${cuda}`,
    `--CDGLPOSE_SOURCES=${sourcesDigest()}`,
    `--CDGLPOSE_OUT=${path.join(root, 'build', 'Release')}`,
  ];
  if (process.env.GLPOSE_CUDA_ARCHS) settings.push(`--CDGLPOSE_CUDA_ARCHS=${process.env.GLPOSE_CUDA_ARCHS}`);
  const env = { ...process.env };
  // node-gyp runs this below make; its flags are not ours
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'CFLAGS', 'CXXFLAGS', 'LDFLAGS'])
    if (args.includes('--from-gyp')) delete env[name];
  let status = 0;
  // Configured each time: `compile` alone keeps the settings of the last build.
  for (const step of ['configure', 'compile']) {
    const [script, ...rest] = settings;
    const ran = spawnSync(process.execPath, [script, step, ...rest], { stdio: 'inherit', env });
    if (ran.error) console.error(`glpose: the native build did not start: ${ran.error.message}`);
    status = ran.status ?? 1;
    if (status !== 0) break;
  }
  if (status !== 0)
    console.error(
      'glpose: the native build failed. It needs CMake 3.18 or newer and a C++17 compiler (gcc 9+, clang 10+).',
    );
  return status;
}

/** What the build needs and this machine lacks. Windows' compiler is not on the path; CMake finds it, or says so. */
function missingTools() {
  const runs = (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  const compilers = [process.env.CXX?.split(' ')[0], 'c++', 'g++', 'clang++'].filter(Boolean);
  const lacking = [];
  if (!runs('cmake')) lacking.push('CMake (3.18 or newer)');
  if (os.platform() !== 'win32') {
    if (!compilers.some(runs)) lacking.push('a C++17 compiler');
    if (!['make', 'gmake', 'ninja'].some(runs)) lacking.push('make');
  }
  return lacking;
}
