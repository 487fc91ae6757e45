import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { Random } from '../../src/features/random.js';
import { ROOT } from '../shared-data.js';
import type { Code } from './code.js';
import type { Coverage } from './coverage.js';
import { HOSTILE, type Target } from './targets.js';

/** Sound inputs and those that once were bugs, a folder for each target. */
export const CORPUS = path.join(ROOT, 'test', 'fuzz', 'corpus');

/** CPU time of one execution, ms: the longest sound ones take a few. */
const TIME_LIMIT = 1000;
/** Bytes that one execution may take: a fixed part for what every reader sets up, and a multiple of its input. */
const MEMORY_BASE = 64 * 2 ** 20;
const MEMORY_FACTOR = 512;
/** Inputs of a growing corpus. */
const LARGEST_INPUT = 16 << 10;
const LARGEST_CORPUS = 3000;

export interface Bug {
  input: Buffer;
  problem: string;
}

export function corpusOf(target: Target): { name: string; input: Buffer }[] {
  const folder = path.join(CORPUS, target.name);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.map((name) => ({ name, input: readFileSync(path.join(folder, name)) }));
}

/**
 * Runs a target once.
 * @returns what the property was broken by; null where it holds
 */
export async function execute(code: Code, target: Target, input: Buffer, folder: string): Promise<string | null> {
  const memory = taken();
  const start = performance.now();
  const problem = await problemOf(code, target, input, folder);
  if (problem !== null) return problem;
  if (performance.now() - start > TIME_LIMIT) {
    const before = process.cpuUsage(); // the machine may be busy with something else: once more, by the processor's clock
    await problemOf(code, target, input, folder);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = Math.round((user + system) / 1000);
    if (milliseconds > TIME_LIMIT) return `took ${milliseconds} ms`;
  }
  const more = taken() - memory;
  if (more > MEMORY_BASE + MEMORY_FACTOR * input.length) return `took ${more >> 20} MiB for ${input.length} bytes`;
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) return 'changed Object.prototype';
  return null;
}

/** What it threw that it must not; null for a result and for an error that a user can act on. */
async function problemOf(code: Code, target: Target, input: Buffer, folder: string): Promise<string | null> {
  try {
    const running = target.run(input, folder);
    if (running) await running;
  } catch (thrown) {
    if (!(thrown instanceof code.GlposeError)) {
      return `not a GlposeError: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
    }
    if (thrown.code === 'INTERNAL') return `INTERNAL: ${thrown.message}`;
    if (!thrown.message.includes(HOSTILE)) return `the error does not name the file: ${thrown.message}`;
    if (thrown.remedy === '') return `the error has no remedy: ${thrown.message}`;
  }
  return null;
}

/** The same for all inputs that one bug fails on, as well as can be told. */
export function kindOf(problem: string): string {
  const [first, ...stack] = problem.split('\n');
  const where = stack.filter((line) => /^\s+at /.test(line)).slice(0, 2);
  return [where.length > 0 ? first : first.split(':')[0], ...where].join('\n').replaceAll(/\d+/g, 'N');
}

/** Bytes of objects and buffers, garbage included. */
function taken(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

export interface Campaign {
  runs: number;
  seed: number;
  /** Where targets may write. */
  folder: string;
  /** Keeps inputs that reach new code, where there is one. */
  coverage?: Coverage;
  /** Called before each execution. */
  onInput?(input: Buffer): void;
}

/**
 * Runs a target on changed inputs of the corpus. Equal seeds give equal inputs, as long as corpus and code stay the same.
 * @param corpus grows by what reaches new code
 * @returns the bugs, each kind once
 */
export async function fuzz(code: Code, target: Target, corpus: Buffer[], campaign: Campaign): Promise<Bug[]> {
  const { runs, seed, folder, coverage, onInput } = campaign;
  const random = new Random('fuzz', target.name, seed);
  const bugs = new Map<string, Bug>();
  for (let run = 0; run < runs; run++) {
    // The latest additions are where there is most to find.
    const recent = random.chance(0.3) ? Math.max(0, corpus.length - 20) : 0;
    const base = corpus[random.integer(recent, corpus.length)];
    const input = target.mutate(base, random, corpus[random.integer(0, corpus.length)]);
    onInput?.(input);
    const problem = await execute(code, target, input, folder);
    if (problem !== null) {
      const kind = kindOf(problem);
      if (!bugs.has(kind)) bugs.set(kind, { input, problem });
    }
    if (coverage?.isNew() && input.length <= LARGEST_INPUT && corpus.length < LARGEST_CORPUS) corpus.push(input);
  }
  return [...bugs.values()];
}
