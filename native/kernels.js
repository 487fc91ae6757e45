/*
 * Checks and times the kernels: builds native/test/main.cpp, which says what it takes, and runs it.
 *
 *   node native/kernels.js test [FILTER …]         CUDA's kernels run as C++ under the SIMT executor of native/test/simt
 *   node native/kernels.js perf [FILTER …]         the CPU's
 *   node native/kernels.js list
 *   node native/kernels.js --gpu [test|perf] [FILTER …]
 *       built by nvcc, on device cuda:0, a real one; without a word, first test, then perf of one person and of 32 at once
 *   node native/kernels.js --arm64 [test|list] [FILTER …]
 *       for that processor, run by QEMU: Debian's crossbuild-essential-arm64 and qemu-user-static; its times say nothing
 *   node native/kernels.js --arm64-asan [test|list] [FILTER …]
 *       the same under AddressSanitizer and UndefinedBehaviorSanitizer
 *
 * Environment: CXX, CUDACXX, GLPOSE_CUDA_ARCHS (as CMAKE_CUDA_ARCHITECTURES; default: the machine's own).
 * Exit status 1 where a check failed, 2 where nvcc is missing or an argument is none, 3 where there is no device.
 */
import { spawnSync } from 'node:child_process';
import { buildKernelTests, emulatorOf, hasNvcc } from './test/build.js';

const args = process.argv.slice(2);
const [where] = args;
if (where === '--gpu') process.exitCode = await onGpu(args.slice(1));
else if (['--arm64', '--arm64-asan'].includes(where)) process.exitCode = await onArm64(where.slice(2), args.slice(1));
else process.exitCode = run(await buildKernelTests('plain'), args);

async function onGpu(words) {
  if (!hasNvcc()) {
    console.error('no CUDA compiler: nvcc does not start; install the CUDA toolkit, or set CUDACXX');
    return 2;
  }
  const program = await buildKernelTests('gpu');
  if (words.length > 0) return run(program, [...words, 'backend=cuda']);
  for (const part of [
    ['test'],
    ['perf'],
    ['perf', 'people=32', 'kernel=ingest,warp,conditions,conv,conv2d,layers,locate,decode,peaks,pose,crop'],
  ]) {
    const status = run(program, [...part, 'backend=cuda']);
    if (status !== 0) return status;
  }
  return 0;
}

async function onArm64(form, words) {
  const [command, ...rest] = [...emulatorOf(form), await buildKernelTests(form), ...words];
  const env = { ASAN_OPTIONS: 'detect_leaks=0', ...process.env }; // looking for leaks needs ptrace, which QEMU has not
  return spawnSync(command, rest, { stdio: 'inherit', env }).status ?? 1;
}

function run(program, words) {
  return spawnSync(program, words, { stdio: 'inherit' }).status ?? 1;
}
