import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

const NATIVE = path.join(ROOT, 'native');

/** How native/test is compiled. */
export type Form = 'plain' | 'asan' | 'tsan' | 'gpu' | 'arm64' | 'arm64-asan';

/** A source file with other text in place of its own, for a mutant. */
export interface Replacement {
  file: string;
  text: string;
}

interface Build {
  buildKernelTests(form: Form, replacement?: Replacement): Promise<string>;
  buildSanitizedAddon(): Promise<string>;
  asanLibrary(): Promise<string>;
  hasNvcc(): boolean;
  emulatorOf(form: Form): string[];
}

export const { buildKernelTests, buildSanitizedAddon, asanLibrary, hasNvcc, emulatorOf } = (await import(
  path.join(NATIVE, 'test', 'build.js')
)) as Build;

/** Why the sanitized builds cannot be made here; undefined where they can. */
export const noSanitizers = process.platform === 'linux' ? undefined : 'the sanitizer builds need Linux';

/** A build of one form takes about 15 s on two cores; many times that where other work goes on. */
export const BUILD = 600_000; // ms

/**
 * Runs the program and returns its exit status and everything it printed.
 * @param words see native/test/main.cpp
 * @param emulator what stands before a program of another processor
 */
export function runKernelTests(
  program: string,
  words: string[],
  order = 'forward',
  emulator: string[] = [],
): { status: number; output: string } {
  const [command, ...rest] = [...emulator, program, 'test', ...words];
  const { status, signal, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    env: { ...process.env, SIMT_ORDER: order, TSAN_OPTIONS: 'halt_on_error=1', ASAN_OPTIONS: 'detect_leaks=0' },
    maxBuffer: 1 << 26,
    timeout: BUILD,
  });
  return { status: status ?? -1, output: `${stdout}${stderr}${signal ? `\nkilled by ${signal}` : ''}` };
}

/** Runs the program, which must find no failure. */
export function expectPasses(program: string, words: string[], order?: string): void {
  const { status, output } = runKernelTests(program, words, order);
  expect(output).toMatch(/^0 failures$/m);
  expect(status).toBe(0);
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
