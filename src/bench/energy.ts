import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Where Linux tells what a processor's packages have used. */
const POWERCAP = '/sys/class/powercap';

/** Energy of the processor's packages since it was made, where the platform tells and the user may read it. */
export class EnergyMeter {
  private readonly counters: { file: string; start: number; range: number }[] = [];

  constructor(root = POWERCAP) {
    try {
      for (const name of readdirSync(root).filter((entry) => /^intel-rapl:\d+$/.test(entry))) {
        const file = path.join(root, name, 'energy_uj');
        const range = microjoules(path.join(root, name, 'max_energy_range_uj'));
        this.counters.push({ file, start: microjoules(file), range });
      }
    } catch {
      this.counters.length = 0; // no such counters, or not for this user
    }
  }

  /** Joules used; null where the platform does not tell. Right as long as no counter has gone round twice. */
  joules(): number | null {
    if (this.counters.length === 0) return null;
    try {
      const used = this.counters.map(({ file, start, range }) => (microjoules(file) - start + range) % range);
      return used.reduce((total, value) => total + value, 0) / 1e6;
    } catch {
      return null;
    }
  }
}

function microjoules(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}
