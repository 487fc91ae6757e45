/*
 * Builds the native test program (main.cpp), in several forms side by side. An object is made again when its source, or any header,
 * is newer.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { filesBelow, sourceFiles } from '../sources.cjs';

const NATIVE = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OUT = path.join(path.dirname(NATIVE), 'build', 'native-tests');
const COMPILER = process.env.CXX ?? 'c++';
const NVCC = process.env.CUDACXX ?? 'nvcc';
const X86 = process.arch === 'x64';
const AVX2 = ['-mavx2', '-mfma'];
const AVX512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma'];

/** Forms that run CUDA's kernels as C++ under the SIMT executor. */
const FLAGS = {
  plain: ['-O1'],
  asan: ['-O1', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
  tsan: ['-O1', '-g1', '-fsanitize=thread'],
};

/** The flags of one file in a form. */
function flagsOf(form, file) {
  // reports to ThreadSanitizer by itself
  if (form === 'tsan' && file === 'test/simt/executor.cpp') return ['-O1', '-DSIMT_TSAN'];
  // as in the addon: they are timed, too
  if (form === 'plain' && file.startsWith('kernels/') && file.endsWith('.cpp')) return ['-O3'];
  return FLAGS[form];
}

/** The flags of a file for wider registers, by its name; undefined of others. */
function instructionSet(file) {
  return file.endsWith('_avx2.cpp') ? AVX2 : file.endsWith('_avx512.cpp') ? AVX512 : undefined;
}

const runsHere = (file) => X86 || !instructionSet(file);

/** The program's files, relative to native/. On a GPU without the executor and its own tests. */
function programFiles(gpu) {
  return ['model', 'network', 'backend', 'kernels', 'test']
    .flatMap(filesBelow)
    .filter((file) => /\.(cpp|cu)$/.test(file) && runsHere(file))
    .filter((file) => !gpu || !(file.startsWith('test/simt/') || file === 'test/cuda_device.cpp'));
}

/** The time of the last change of any file that others include. */
function headersChanged() {
  const headers = ['addon', 'model', 'network', 'backend', 'kernels', 'test'].flatMap(filesBelow);
  return Math.max(
    ...headers.filter((file) => /\.(h|cuh|inc)$/.test(file)).map((file) => statSync(path.join(NATIVE, file)).mtimeMs),
  );
}

/** Calls `work` of every item, as many at a time as there are cores. */
async function together(items, work) {
  const next = items.values();
  const worker = async () => {
    for (const item of next) await work(item);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
}

async function compiler(program, flags) {
  try {
    await promisify(execFile)(program, flags);
  } catch (thrown) {
    throw new Error(`${program} failed:\n${thrown.stderr || thrown}`);
  }
}

async function compile(form, file, from, object) {
  const defines = ['-DGLPOSE_WITH_CUDA=1', `-I${NATIVE}`, ...(X86 ? ['-DGLPOSE_X86=1'] : [])];
  if (form === 'gpu') {
    const host = instructionSet(file);
    const own = file.endsWith('.cu') ? architectures() : host ? ['-Xcompiler', host.join(',')] : [];
    return compiler(NVCC, ['-O3', '-std=c++17', ...defines, ...own, '-c', from, '-o', object]);
  }
  await compiler(COMPILER, [
    ...['-std=gnu++17', '-Wall', '-Wextra', '-DGLPOSE_SIMT=1', ...defines, ...flagsOf(form, file)],
    ...(instructionSet(file) ?? []),
    ...['-x', 'c++', '-c', from, '-o', object],
  ]);
}

function architectures() {
  const wanted = process.env.GLPOSE_CUDA_ARCHS?.split(';') ?? [];
  if (wanted.length === 0) return ['-arch=native'];
  return wanted.map((name) => `-gencode=arch=compute_${parseInt(name)},code=sm_${parseInt(name)}`);
}

/** Whether there is a CUDA compiler. */
export const hasNvcc = () => spawnSync(NVCC, ['--version']).error === undefined;

/**
 * Builds the program.
 * @param form plain, asan, tsan (CUDA's kernels under the executor), or gpu (by nvcc)
 * @param replacement {file, text}: another text for one source file; built in a folder of its own out of the objects that are there
 * @returns its path
 */
export async function buildKernelTests(form, replacement) {
  const folder = path.join(OUT, form);
  mkdirSync(folder, { recursive: true });
  const headers = headersChanged();
  const objects = new Map(
    programFiles(form === 'gpu').map((file) => [file, path.join(folder, `${file.replaceAll('/', '_')}.o`)]),
  );
  const stale = [...objects].filter(([file, object]) => {
    const changed = Math.max(headers, statSync(path.join(NATIVE, file)).mtimeMs);
    return !existsSync(object) || statSync(object).mtimeMs < changed;
  });
  await together(stale, ([file, object]) => compile(form, file, path.join(NATIVE, file), object));

  let program = path.join(folder, 'kernel-tests');
  if (replacement) {
    const own = mkdtempSync(path.join(folder, 'mutant-'));
    const from = path.join(own, path.basename(replacement.file));
    writeFileSync(from, replacement.text);
    objects.set(replacement.file, `${from}.o`);
    await compile(form, replacement.file, from, `${from}.o`);
    program = path.join(own, 'kernel-tests');
  }
  if (stale.length > 0 || replacement || !existsSync(program)) {
    const [linker, flags] = form === 'gpu' ? [NVCC, []] : [COMPILER, FLAGS[form]];
    await compiler(linker, [...flags, ...objects.values(), '-lpthread', '-o', program]);
  }
  return program;
}

/** Builds the addon under AddressSanitizer and UndefinedBehaviorSanitizer, for Node to load. @returns its path */
export async function buildSanitizedAddon() {
  const folder = path.join(OUT, 'addon-asan');
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'glpose.node');
  const files = sourceFiles().filter((file) => file.endsWith('.cpp') && runsHere(file));
  const newest = Math.max(headersChanged(), ...files.map((file) => statSync(path.join(NATIVE, file)).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  const flags = [
    ...['-std=gnu++17', '-fPIC', `-I${NATIVE}`, ...FLAGS.asan],
    ...['node-addon-api', 'node-api-headers/include'].map((name) => `-I${NATIVE}/../node_modules/${name}`),
    ...['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
    ...['-DGLPOSE_SOURCES="sanitized"', ...(X86 ? ['-DGLPOSE_X86=1'] : [])],
  ];
  const objectOf = (file) => path.join(folder, `${file.replaceAll('/', '_')}.o`);
  await together(files, (file) =>
    compiler(COMPILER, [
      ...[...flags, ...(instructionSet(file) ?? [])],
      ...['-c', path.join(NATIVE, file), '-o', objectOf(file)],
    ]),
  );
  await compiler(COMPILER, ['-shared', ...FLAGS.asan, ...files.map(objectOf), '-lpthread', '-o', program]);
  return program;
}

/** Where the compiler keeps AddressSanitizer's library: it must be loaded before Node. */
export async function asanLibrary() {
  const { stdout } = await promisify(execFile)(COMPILER, ['-print-file-name=libasan.so']);
  return stdout.trim();
}
