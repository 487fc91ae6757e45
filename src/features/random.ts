import { createHash } from 'node:crypto';
import { mulberry32 } from '../estimation/candidates.js';

/** Seeded draws, the same on every machine. */
export class Random {
  private readonly next: () => number;

  /** @param seeds numbers and names that tell this sequence of draws from all others */
  constructor(...seeds: (string | number)[]) {
    this.next = mulberry32(createHash('sha256').update(JSON.stringify(seeds)).digest().readUInt32LE(0));
  }

  uniform(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** A whole number, `from` ≤ n < `to`. */
  integer(from: number, to: number): number {
    return from + Math.floor((to - from) * this.next());
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A sum of twelve uniform draws: logarithms would differ in the last bit from machine to machine. */
  normal(deviation: number): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.next();
    return deviation * sum;
  }

  /** `count` different items, in the order of the list. */
  some<T>(items: readonly T[], count: number): T[] {
    let wanted = Math.min(count, items.length);
    return items.filter((_, i) => {
      const taken = this.next() * (items.length - i) < wanted;
      if (taken) wanted--;
      return taken;
    });
  }
}
