/* The thread of one target in the long run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { loadCode } from './code.js';
import { Coverage } from './coverage.js';
import { corpusOf, execute, fuzz, kindOf, type Bug } from './fuzzer.js';
import { targetsOf } from './targets.js';

/** Executions to carry out. */
export interface Job {
  runs: number;
  seed: number;
  /** Where the grown corpus is to be written. */
  keep: string | null;
}

export interface FromWorker {
  bugs: Bug[];
  /** Without what starting the thread took. */
  milliseconds: number;
  corpus: number;
  /** Counters that were ever above 0. */
  reached: number;
}

const {
  target: name,
  shared,
  root,
  folder,
} = workerData as { target: string; shared: SharedArrayBuffer; root: string; folder: string };
const [state, place] = [new Int32Array(shared), new Uint8Array(shared, 8)];
const code = await loadCode(new URL(root));
const target = targetsOf(code).find((each) => each.name === name)!;
const corpus = corpusOf(target).map(({ input }) => input);
const coverage = new Coverage();
for (const input of corpus) await execute(code, target, input, folder);
coverage.start();
const known = new Set<string>();

parentPort!.on('message', ({ runs, seed, keep }: Job) => {
  const onInput = (input: Buffer): void => {
    Atomics.add(state, 0, 1);
    state[1] = Math.min(input.length, place.length);
    place.set(input.subarray(0, place.length));
  };
  const started = performance.now();
  void fuzz(code, target, corpus, { runs, seed, folder, coverage, onInput }).then((bugs) => {
    const fresh = bugs.filter(({ problem }) => {
      const kind = kindOf(problem);
      return !known.has(kind) && known.add(kind);
    });
    if (keep !== null) for (const input of corpus) save(path.join(keep, name), input);
    parentPort!.postMessage({
      bugs: fresh,
      milliseconds: performance.now() - started,
      corpus: corpus.length,
      reached: coverage.reached,
    } satisfies FromWorker);
  });
});

function save(to: string, input: Buffer): void {
  mkdirSync(to, { recursive: true });
  writeFileSync(path.join(to, createHash('sha256').update(input).digest('hex').slice(0, 16)), input);
}
