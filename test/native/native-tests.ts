import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../shared-data.js';

const NATIVE = path.join(ROOT, 'native');
const { filesBelow, sourceFiles } = createRequire(import.meta.url)(path.join(NATIVE, 'sources.cjs')) as {
  filesBelow(folder: string): string[];
  sourceFiles(): string[];
};
const COMPILER = process.env.CXX ?? 'c++';

/** How the tests of native/test are compiled. */
export type Mode = 'plain' | 'asan' | 'tsan';

const FLAGS: Record<Mode, string[]> = {
  plain: ['-O1'],
  asan: ['-O1', '-g1', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
  tsan: ['-O1', '-g1', '-fsanitize=thread'],
};
/** The executor's own file: it reports to ThreadSanitizer by itself. */
const EXECUTOR_FLAGS: Record<Mode, string[]> = { ...FLAGS, tsan: ['-O1', '-DSIMT_TSAN'] };
const AVX2 = ['-mavx2', '-mfma'];
const AVX512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mfma'];
/** The flags of a file for wider registers, by its name; undefined of others. */
function instructionSet(file: string): string[] | undefined {
  return file.endsWith('_avx2.cpp') ? AVX2 : file.endsWith('_avx512.cpp') ? AVX512 : undefined;
}

/** A source file with other text in place of its own, for a mutant. */
export interface Replacement {
  file: string;
  text: string;
}

/** Why the sanitized builds cannot be made here; undefined where they can. */
export const noSanitizers = process.platform === 'linux' ? undefined : 'the sanitizer builds need Linux';

/** The native tests' source files, relative to native/. CUDA files are compiled as C++, under the SIMT executor. */
function sources(): string[] {
  const x86 = process.arch === 'x64';
  return ['model', 'network', 'backend', 'kernels', 'test']
    .flatMap(filesBelow)
    .filter((file) => /\.(cpp|cu)$/.test(file) && !file.startsWith('test/gpu/') && (x86 || !instructionSet(file)));
}

/** The time of the last change of any file that others include. */
function headersChanged(): number {
  return Math.max(
    ...readdirSync(NATIVE, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(h|cuh|inc)$/.test(file))
      .map((file) => statSync(path.join(NATIVE, file)).mtimeMs),
  );
}

async function compile(mode: Mode, file: string, from: string, object: string): Promise<void> {
  const flags = file.endsWith('executor.cpp') ? EXECUTOR_FLAGS[mode] : FLAGS[mode];
  const x86 = process.arch === 'x64' ? ['-DGLPOSE_X86=1'] : [];
  await promisify(execFile)(COMPILER, [
    ...['-std=gnu++17', '-Wall', '-Wextra', '-DGLPOSE_WITH_CUDA=1', `-I${NATIVE}`, ...x86],
    ...flags,
    ...(instructionSet(file) ?? []),
    ...['-x', 'c++', '-c', from, '-o', object],
  ]);
}

/**
 * Builds the native tests and returns the program's path. Objects are kept in build/native-tests/<mode> and made again
 * when they are out of date.
 * @param replacement builds a mutant in a folder of its own, out of the objects that are there
 */
export async function buildNativeTests(mode: Mode, replacement?: Replacement): Promise<string> {
  const folder = path.join(ROOT, 'build', 'native-tests', mode);
  mkdirSync(folder, { recursive: true });
  const headers = headersChanged();
  const objects = new Map(sources().map((file) => [file, path.join(folder, `${file.replaceAll('/', '_')}.o`)]));
  const stale = [...objects].filter(([file, object]) => {
    const changed = Math.max(headers, statSync(path.join(NATIVE, file)).mtimeMs);
    return !existsSync(object) || statSync(object).mtimeMs < changed;
  });
  const next = stale.values();
  const worker = async (): Promise<void> => {
    for (const [file, object] of next) await compile(mode, file, path.join(NATIVE, file), object);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));

  let program = path.join(folder, 'native-tests');
  if (replacement) {
    const own = mkdtempSync(path.join(folder, 'mutant-'));
    const from = path.join(own, path.basename(replacement.file));
    writeFileSync(from, replacement.text);
    objects.set(replacement.file, `${from}.o`);
    await compile(mode, replacement.file, from, `${from}.o`);
    program = path.join(own, 'native-tests');
  }
  const link = [...FLAGS[mode], ...objects.values(), '-lpthread', '-o', program];
  if (stale.length > 0 || replacement || !existsSync(program)) await promisify(execFile)(COMPILER, link);
  return program;
}

/** Code of the addon itself, without CUDA. */
function addonSources(): string[] {
  const x86 = process.arch === 'x64';
  return sourceFiles().filter((file) => file.endsWith('.cpp') && (x86 || !instructionSet(file)));
}

/** Builds the addon under AddressSanitizer and UndefinedBehaviorSanitizer, for Node to load. @returns its path */
export async function buildSanitizedAddon(): Promise<string> {
  const folder = path.join(ROOT, 'build', 'native-tests', 'addon-asan');
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'glpose.node');
  const newest = Math.max(headersChanged(), ...addonSources().map((file) => statSync(path.join(NATIVE, file)).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  const headers = ['node-addon-api', 'node-api-headers/include'].map(
    (name) => `-I${path.join(ROOT, 'node_modules', name)}`,
  );
  const defines = ['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'];
  defines.push('-DGLPOSE_SOURCES="sanitized"');
  if (process.arch === 'x64') defines.push('-DGLPOSE_X86=1');
  const next = addonSources().values();
  const objects: string[] = [];
  const worker = async (): Promise<void> => {
    for (const file of next) {
      const object = path.join(folder, `${file.replaceAll('/', '_')}.o`);
      objects.push(object);
      await promisify(execFile)(COMPILER, [
        ...['-std=gnu++17', '-fPIC', `-I${NATIVE}`, ...headers, ...defines, ...FLAGS.asan],
        ...(instructionSet(file) ?? []),
        ...['-c', path.join(NATIVE, file), '-o', object],
      ]);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  await promisify(execFile)(COMPILER, ['-shared', ...FLAGS.asan, ...objects.sort(), '-lpthread', '-o', program]);
  return program;
}

/** Where the compiler keeps AddressSanitizer's library: it must be loaded before Node. */
export async function asanLibrary(): Promise<string> {
  const { stdout } = await promisify(execFile)(COMPILER, ['-print-file-name=libasan.so']);
  return stdout.trim();
}

/** Runs the program and returns its exit status and everything it printed. */
export function runNativeTests(
  program: string,
  parts: string[],
  order = 'forward',
): { status: number; output: string } {
  const { status, signal, stdout, stderr } = spawnSync(program, parts, {
    encoding: 'utf8',
    env: { ...process.env, SIMT_ORDER: order, TSAN_OPTIONS: 'halt_on_error=1', ASAN_OPTIONS: 'detect_leaks=0' },
    maxBuffer: 1 << 26,
    timeout: 300_000,
  });
  return { status: status ?? -1, output: `${stdout}${stderr}${signal ? `\nkilled by ${signal}` : ''}` };
}

/** A file of native/ with one piece of its text, which must stand there once, replaced. */
export function mutate(file: string, from: string, to: string): Replacement {
  const text = readFileSync(path.join(NATIVE, file), 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} should hold this once: ${from}`);
  return { file, text: text.replace(from, to) };
}

/** Deletes what a mutant's build left. */
export function removeMutant(program: string): void {
  rmSync(path.dirname(program), { recursive: true, force: true });
}
