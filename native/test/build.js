/*
 * Builds the native test program (main.cpp), in several forms side by side. An object is made again when its source, or any header,
 * is newer.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { filesBelow, sourceFiles } from '../sources.cjs';

const NATIVE = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OUT = path.join(path.dirname(NATIVE), 'build', 'native-tests');
const COMPILER = process.env.CXX ?? 'c++';
const NVCC = process.env.CUDACXX ?? 'nvcc';
const ARM64 = 'arm64';

/** By Node's names of processors: how the sources know them, and flags of the files for wider registers, which end so. */
const PROCESSORS = {
  x64: {
    define: '-DGLPOSE_X86=1',
    wider: {
      '_avx2.cpp': ['-mavx2', '-mfma'],
      '_avx512.cpp': ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma'],
    },
  },
  [ARM64]: { define: '-DGLPOSE_ARM64=1', wider: { '_neon.cpp': [] } },
};

const ASAN = ['-O1', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
/**
 * Forms that run CUDA's kernels as C++ under the SIMT executor. Those for arm64 are built by a cross compiler, and run by QEMU, where
 * ThreadSanitizer does not start: it wants 48 bits of addresses, and QEMU on x86-64 has 47 of them.
 */
const FLAGS = {
  plain: ['-O1'],
  asan: ASAN,
  tsan: ['-O1', '-g1', '-fsanitize=thread'],
  [ARM64]: ['-O1'],
  [`${ARM64}-asan`]: ASAN,
};
const forArm64 = (form) => form.startsWith(ARM64);
const compilerOf = (form) => (forArm64(form) ? 'aarch64-linux-gnu-g++' : COMPILER);
const processorOf = (form) => PROCESSORS[forArm64(form) ? ARM64 : process.arch];

/** The flags of one file in a form. */
function flagsOf(form, file) {
  // reports to ThreadSanitizer by itself
  if (form === 'tsan' && file === 'test/simt/executor.cpp') return ['-O1', '-DSIMT_TSAN'];
  // as in the addon: they are timed, too
  if ((form === 'plain' || form === ARM64) && file.startsWith('kernels/') && file.endsWith('.cpp')) return ['-O3'];
  return FLAGS[form];
}

/** Whether a file is for wider registers, of any processor. */
const isWider = (file) =>
  Object.values(PROCESSORS).some(({ wider }) => Object.keys(wider).some((ending) => file.endsWith(ending)));

/** The flags of a file for wider registers of a form's processor; undefined of others. */
function instructionSet(form, file) {
  const { wider = {} } = processorOf(form) ?? {};
  return Object.entries(wider).find(([ending]) => file.endsWith(ending))?.[1];
}

const runsThere = (form, file) => !isWider(file) || instructionSet(form, file) !== undefined;

/** The program's files, relative to native/. On a GPU without the executor and its own tests. */
function programFiles(form) {
  const gpu = form === 'gpu';
  return ['model', 'network', 'backend', 'kernels', 'test']
    .flatMap(filesBelow)
    .filter((file) => /\.(cpp|cu)$/.test(file) && runsThere(form, file))
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

/** @param headers a folder whose files stand for those of native/ */
async function compile(form, file, from, object, headers = NATIVE) {
  const defines = ['-DGLPOSE_WITH_CUDA=1', `-I${headers}`, `-I${NATIVE}`, processorOf(form)?.define].filter(Boolean);
  if (form === 'gpu') {
    const host = instructionSet(form, file);
    const own = file.endsWith('.cu') ? architectures() : host ? ['-Xcompiler', host.join(',')] : [];
    return compiler(NVCC, ['-O3', '-std=c++17', ...defines, ...own, '-c', from, '-o', object]);
  }
  await compiler(compilerOf(form), [
    ...['-std=gnu++17', '-Wall', '-Wextra', '-DGLPOSE_SIMT=1', ...defines, ...flagsOf(form, file)],
    ...(instructionSet(form, file) ?? []),
    ...['-x', 'c++', '-c', from, '-o', object],
  ]);
}

function architectures() {
  const wanted = process.env.GLPOSE_CUDA_ARCHS?.split(';') ?? [];
  if (wanted.length === 0) return ['-arch=native'];
  return wanted.map((name) => `-gencode=arch=compute_${parseInt(name)},code=sm_${parseInt(name)}`);
}

/** The words before a program of a form that this processor does not run: QEMU, with the cross compiler's libraries. */
export const emulatorOf = (form) =>
  forArm64(form) && process.arch !== ARM64 ? ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'] : [];

/** The files of native/ that a file's text names. */
function includedBy(file) {
  const text = readFileSync(path.join(NATIVE, file), 'utf8');
  return [...text.matchAll(/^#include "([^"]+)"/gm)]
    .flatMap(([, name]) => [name, path.join(path.dirname(file), name)])
    .filter((name) => existsSync(path.join(NATIVE, name)));
}

/** Whether a file's text is in what the compiler makes of another, be it through others. */
function reads(file, wanted, seen = new Set()) {
  if (file === wanted) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return includedBy(file).some((name) => reads(name, wanted, seen));
}

/** Whether there is a CUDA compiler. */
export const hasNvcc = () => spawnSync(NVCC, ['--version']).error === undefined;

/**
 * Builds the program.
 * @param form of FLAGS, or gpu (by nvcc)
 * @param replacement {file, text}: another text for one source or header; built in a folder of its own out of the objects that are
 * there, but for those of the files that read it
 * @throws where no file of the program reads it: the mutant would be the program itself
 * @returns its path
 */
export async function buildKernelTests(form, replacement) {
  const folder = path.join(OUT, form);
  mkdirSync(folder, { recursive: true });
  const headers = headersChanged();
  const objects = new Map(
    programFiles(form).map((file) => [file, path.join(folder, `${file.replaceAll('/', '_')}.o`)]),
  );
  const stale = [...objects].filter(([file, object]) => {
    const changed = Math.max(headers, statSync(path.join(NATIVE, file)).mtimeMs);
    return !existsSync(object) || statSync(object).mtimeMs < changed;
  });
  await together(stale, ([file, object]) => compile(form, file, path.join(NATIVE, file), object));

  let program = path.join(folder, 'kernel-tests');
  if (replacement) {
    const own = mkdtempSync(path.join(folder, 'mutant-'));
    const { file: changed, text } = replacement;
    mkdirSync(path.join(own, path.dirname(changed)), { recursive: true });
    writeFileSync(path.join(own, changed), text);
    const readers = [...objects.keys()].filter((file) => reads(file, changed));
    if (readers.length === 0) throw new Error(`no file of the program reads ${changed}`);
    await together(readers, async (file) => {
      const object = path.join(own, `${file.replaceAll('/', '_')}.o`);
      await compile(form, file, path.join(file === changed ? own : NATIVE, file), object, own);
      objects.set(file, object);
    });
    program = path.join(own, 'kernel-tests');
  }
  if (stale.length > 0 || replacement || !existsSync(program)) {
    const [linker, flags] = form === 'gpu' ? [NVCC, []] : [compilerOf(form), FLAGS[form]];
    await compiler(linker, [...flags, ...objects.values(), '-lpthread', '-o', program]);
  }
  return program;
}

/** Builds the addon under AddressSanitizer and UndefinedBehaviorSanitizer, for Node to load. @returns its path */
export async function buildSanitizedAddon() {
  const folder = path.join(OUT, 'addon-asan');
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'glpose.node');
  const files = sourceFiles().filter((file) => file.endsWith('.cpp') && runsThere('asan', file));
  const newest = Math.max(headersChanged(), ...files.map((file) => statSync(path.join(NATIVE, file)).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  const flags = [
    ...['-std=gnu++17', '-fPIC', `-I${NATIVE}`, ...FLAGS.asan],
    ...['node-addon-api', 'node-api-headers/include'].map((name) => `-I${NATIVE}/../node_modules/${name}`),
    ...['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
    ...['-DGLPOSE_SOURCES="sanitized"', processorOf('asan')?.define].filter(Boolean),
  ];
  const objectOf = (file) => path.join(folder, `${file.replaceAll('/', '_')}.o`);
  await together(files, (file) =>
    compiler(COMPILER, [
      ...[...flags, ...(instructionSet('asan', file) ?? [])],
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
