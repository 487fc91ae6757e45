/*
 * The long run: node dist/test/fuzz/fuzz.js [--runs 10000000] [--seconds 3600] [--seed 1] [--target name,…] [--keep folder]
 * (npm run fuzz -- …). Guided by coverage, a worker thread a target, watched for hangs. Prints a table of figures; exit status 1
 * where it found a bug, whose input it leaves in build/fuzz-bugs/.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Random } from '../../src/features/random.js';
import { ROOT } from '../shared-data.js';
import { instrumentedSources } from './coverage.js';
import type { FromWorker, Job } from './fuzz-worker.js';

/** Longer without an answer, the input hangs its reader. */
const HANGS_AFTER = 60_000;
/** So many times that, where the process got hardly any processor time meanwhile: the machine is busy, or the reader waits. */
const PATIENCE = 10;
/** Between two looks at the clock. */
const SLICE_MS = 3000;
/** The input under way, for when the worker does not come back. */
const LARGEST = 1 << 20;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    keep: { type: 'string' },
  },
});
const bugFolder = path.join(ROOT, 'build', 'fuzz-bugs');
const instrumented = instrumentedSources();
const wanted = values.target?.split(',');
const deadline = Date.now() + Number(values.seconds) * 1000;

interface Tally {
  runs: number;
  milliseconds: number;
  corpus: number;
  reached: number;
  bugs: number;
}

/** One target's worker, started again after a hang. */
class Watched {
  readonly tally: Tally = { runs: 0, milliseconds: 0, corpus: 0, reached: 0, bugs: 0 };
  private worker: Worker | null = null;
  private answer: (result: FromWorker | Error | 'hangs') => void = () => {};
  private readonly shared = new SharedArrayBuffer(8 + LARGEST);

  constructor(
    readonly name: string,
    private readonly folder: string,
  ) {}

  /** Of the time it should get. */
  get share(): number {
    const { milliseconds, runs } = this.tally;
    return milliseconds * (milliseconds / (runs || 1)) ** 0.75;
  }

  async slice(runs: number, seed: number): Promise<void> {
    const started = performance.now();
    this.worker ??= this.start();
    const worker = this.worker;
    const job: Job = { runs, seed, keep: values.keep ?? null };
    const answer = await new Promise<FromWorker | Error | 'hangs'>((resolve) => {
      let [before, idle, cpu] = [-1, 0, process.cpuUsage()];
      const watch = setInterval(() => {
        const executed = Atomics.load(new Int32Array(this.shared), 0);
        const worked = process.cpuUsage(cpu).user / 1000 > HANGS_AFTER / 2;
        idle = executed === before ? idle + 1 : 0;
        if (idle > 0 && (worked || idle >= PATIENCE)) this.answer('hangs');
        before = executed;
        cpu = process.cpuUsage();
      }, HANGS_AFTER);
      this.answer = (result) => {
        clearInterval(watch);
        resolve(result);
      };
      worker.postMessage(job);
    });
    if (answer === 'hangs' || answer instanceof Error) {
      this.tally.milliseconds += performance.now() - started;
      await worker.terminate();
      this.worker = null;
      const length = new Int32Array(this.shared)[1];
      this.report({
        input: Buffer.from(new Uint8Array(this.shared, 8, length).slice()),
        problem: answer === 'hangs' ? 'hangs' : String(answer.stack),
      });
      return;
    }
    this.tally.runs += runs;
    this.tally.milliseconds += answer.milliseconds;
    this.tally.corpus = answer.corpus;
    this.tally.reached = answer.reached;
    for (const { input, problem } of answer.bugs) this.report({ input: Buffer.from(input), problem });
  }

  async stop(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), {
      workerData: { target: this.name, shared: this.shared, root: instrumented.href, folder: this.folder },
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    });
    worker.on('message', (message: FromWorker) => this.answer(message));
    worker.on('error', (error) => this.answer(error));
    return worker;
  }

  private report({ input, problem }: { input: Buffer; problem: string }): void {
    this.tally.bugs++;
    mkdirSync(bugFolder, { recursive: true });
    const file = path.join(bugFolder, `${this.name}-${Date.now()}-${this.tally.bugs}`);
    writeFileSync(file, input);
    process.stdout.write(`BUG ${this.name} (${file}): ${problem.split('\n').slice(0, 4).join('\n    ')}\n`);
  }
}

async function main(): Promise<void> {
  const { targetsOf } = await import('./targets.js');
  const names = targetsOf({} as never)
    .map(({ name }) => name)
    .filter((name) => wanted?.includes(name) ?? true);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-fuzz-'));
  const watched = names.map((name) => new Watched(name, mkdtempSync(path.join(folder, `${name}-`))));
  const total = (): number => watched.reduce((sum, { tally }) => sum + tally.runs, 0);
  const seeds = new Random('long run', Number(values.seed));
  try {
    // The slow ones, which call libraries, get less time than the quick ones, but far more than by executions.
    while (total() < Number(values.runs) && Date.now() < deadline) {
      const next = watched.reduce((least, each) => (each.share < least.share ? each : least));
      const perRun = next.tally.runs === 0 ? 1 : next.tally.milliseconds / next.tally.runs;
      await next.slice(
        next.tally.runs === 0 ? 20 : Math.min(200_000, Math.max(20, Math.round(SLICE_MS / perRun))),
        seeds.integer(0, 2 ** 31),
      );
    }
  } finally {
    await Promise.all(watched.map((each) => each.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = watched.map(({ name, tally }) => [
    name,
    tally.runs,
    Math.round(tally.milliseconds / 1000),
    tally.corpus,
    tally.reached,
    tally.bugs,
  ]);
  const sum = (column: number): number => rows.reduce((all, row) => all + Number(row[column]), 0);
  process.stdout.write(
    '\n| target | executions | seconds | corpus | counters reached | bugs |\n| --- | ---: | ---: | ---: | ---: | ---: |\n',
  );
  for (const row of [...rows, ['all', sum(1), sum(2), sum(3), '', sum(5)]])
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  process.exit(sum(5) > 0 ? 1 : 0); // libraries may have threads that do not end
}

await main();
