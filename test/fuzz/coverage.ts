/* Which code an execution reached: istanbul's counters in a copy of the compiled sources, read after each execution. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../shared-data.js';

const VARIABLE = '__glpose_fuzz__';
/** What of the sources is instrumented. The rest is copied. */
const INSTRUMENTED = /^(formats|models|evaluation|features\/annotations|view\/results|view\/frame-match)/;

interface Instrumenter {
  instrumentSync(code: string, file: string): string;
}

/** istanbul's counters of one file: statements, functions, branches. */
interface Counters {
  s: Record<string, number>;
  f: Record<string, number>;
  b: Record<string, number[]>;
}

/** Makes the instrumented copy. @returns its folder, for `loadCode` */
export function instrumentedSources(): URL {
  const { createInstrumenter } = createRequire(import.meta.url)('istanbul-lib-instrument') as {
    createInstrumenter(options: object): Instrumenter;
  };
  const instrumenter = createInstrumenter({ esModules: true, coverageVariable: VARIABLE, compact: true });
  const [from, to] = [path.join(ROOT, 'dist', 'src'), path.join(ROOT, 'build', 'fuzz')];
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const code = readFileSync(path.join(from, file), 'utf8');
    mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    writeFileSync(path.join(to, file), INSTRUMENTED.test(file) ? instrumenter.instrumentSync(code, file) : code);
  }
  return pathToFileURL(`${to}/`);
}

function files(): Counters[] {
  return Object.values((globalThis as Record<string, unknown>)[VARIABLE] as Record<string, Counters>);
}

/** Remembers what executions reached, and how often within one: once, a few times, many times. */
export class Coverage {
  private readonly counters: number[][] = [];
  private readonly seen: Uint8Array[] = [];

  /** Sets all counters to 0; `start` begins to watch. */
  constructor() {
    for (const { s, f, b } of files())
      for (const list of [s, f, ...Object.values(b)] as Record<string, number>[]) for (const key in list) list[key] = 0;
  }

  /** Watches the files that were reached since this was made: the code of one reader. */
  start(): void {
    for (const { s, f, b } of files()) {
      if (Object.values(f).every((count) => count === 0)) continue;
      // Objects with whole numbers as keys are read as lists are.
      this.counters.push(s as unknown as number[], ...Object.values(b));
    }
    this.seen.push(...this.counters.map((counters) => new Uint8Array(Object.keys(counters).length)));
    this.isNew();
  }

  /** Counters that have been above 0. */
  get reached(): number {
    return this.seen.reduce((total, seen) => total + seen.filter((bits) => bits !== 0).length, 0);
  }

  get total(): number {
    return this.seen.reduce((total, seen) => total + seen.length, 0);
  }

  /** Whether the executions since the last call reached what none before did. Sets the counters to 0. */
  isNew(): boolean {
    let found = false;
    for (let i = 0; i < this.counters.length; i++) {
      const [counters, seen] = [this.counters[i], this.seen[i]];
      for (let at = 0; at < seen.length; at++) {
        const count = counters[at];
        if (count === 0) continue;
        counters[at] = 0;
        const bit = count === 1 ? 1 : count < 4 ? 2 : count < 16 ? 4 : count < 128 ? 8 : 16;
        if ((seen[at] & bit) !== 0) continue;
        seen[at] |= bit;
        found = true;
      }
    }
    return found;
  }
}
