/*
 * Proves the CUDA backend on a real GPU: builds the conformance tests with the CUDA compiler and runs them on device cuda:0,
 * then measures every kernel beside what that device can do at most. Prints Markdown (docs/gpu.md holds some).
 * Usage: node native/check-gpu.js [check] [bench]; default: both.
 * Environment: GLPOSE_CUDA_ARCHS (as CMAKE_CUDA_ARCHITECTURES; default: the machine's own), CUDACXX.
 * Exit status 1 where a check failed, 2 where there is no nvcc, 3 where there is no device.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { filesBelow } from './sources.cjs';

const native = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(native, '..', 'build', 'gpu-check');
const NVCC = process.env.CUDACXX ?? 'nvcc';
const X86 = process.arch === 'x64';
const AVX2 = '-mavx2,-mfma';
const AVX512 = '-mavx512f,-mavx512bw,-mavx512dq,-mavx512vl,-mfma';

process.exitCode = await main(process.argv.slice(2));

async function main(parts) {
  if (spawnSync(NVCC, ['--version']).error) {
    console.error(`no CUDA compiler: ${NVCC} does not start; install the CUDA toolkit, or set CUDACXX`);
    return 2;
  }
  const program = await build();
  const { status } = spawnSync(program, parts.length > 0 ? parts : ['check', 'bench'], { stdio: 'inherit' });
  return status ?? 1;
}

/** @returns the program's path */
async function build() {
  mkdirSync(folder, { recursive: true });
  const files = ['model', 'network', 'backend', 'kernels', 'test/gpu']
    .flatMap(filesBelow)
    .concat('test/conformance.cpp', 'test/cuda_network.cpp')
    .filter((file) => /\.(cpp|cu)$/.test(file) && (X86 || !/_avx/.test(file)));
  const object = (file) => path.join(folder, `${file.replaceAll('/', '_')}.o`);
  const next = files.values();
  const worker = async () => {
    for (const file of next) await nvcc([...flagsOf(file), '-c', path.join(native, file), '-o', object(file)]);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  const program = path.join(folder, 'gpu-check');
  await nvcc([...files.map(object), '-lpthread', '-o', program]);
  return program;
}

function flagsOf(file) {
  const flags = ['-O3', '-std=c++17', `-I${native}`, '-DGLPOSE_WITH_CUDA=1'];
  if (X86) flags.push('-DGLPOSE_X86=1');
  if (file.includes('_avx2')) flags.push('-Xcompiler', AVX2);
  if (file.includes('_avx512')) flags.push('-Xcompiler', AVX512);
  if (file.endsWith('.cu')) flags.push(...architectures());
  return flags;
}

function architectures() {
  const wanted = process.env.GLPOSE_CUDA_ARCHS?.split(';') ?? [];
  if (wanted.length === 0) return ['-arch=native'];
  return wanted.map((name) => `-gencode=arch=compute_${parseInt(name)},code=sm_${parseInt(name)}`);
}

async function nvcc(flags) {
  try {
    await promisify(execFile)(NVCC, flags);
  } catch (thrown) {
    throw new Error(`nvcc failed:\n${thrown.stderr ?? thrown}`);
  }
}
