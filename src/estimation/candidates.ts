import type { PersonWindow } from '../types.js';
import type { Crop } from './crop-net.js';

/** A detection drawn to be a global reference: where it was, and its crop. */
export interface DrawnCandidate extends PersonWindow {
  frame: number;
  /** Its index among the frame's tracked boxes. */
  person: number;
  crop: Crop;
}

/**
 * A uniform draw of m items from a sequence of unknown length (reservoir sampling; Vitter 1985, algorithm R), repeatable by
 * its seed. Keeps two reservoirs: items good enough, and all, which serves only where too few are good.
 */
export class CandidateDraw<T> {
  private readonly good: T[] = [];
  private readonly any: T[] = [];
  private goodSeen = 0;
  private anySeen = 0;
  private readonly random: () => number;

  /**
   * @param m how many to draw
   * @param drop takes each item that was taken and is no longer in the draw
   */
  constructor(
    private readonly m: number,
    seed: number,
    private readonly drop: (item: T) => void = () => {},
  ) {
    this.random = mulberry32(seed);
  }

  /** Offers one item; `make` is called only if it is taken (a crop is not cut in vain). */
  async offer(isGood: boolean, make: () => Promise<T>): Promise<void> {
    let made: Promise<T> | undefined;
    const once = (): Promise<T> => (made ??= make());
    if (isGood) await this.place(this.good, this.goodSeen++, once);
    await this.place(this.any, this.anySeen++, once);
  }

  /** The draw: the good ones where they fill m, else as many of all. */
  drawn(): T[] {
    return this.good.length >= this.m ? [...this.good] : [...this.any];
  }

  private async place(reservoir: T[], seen: number, make: () => Promise<T>): Promise<void> {
    if (reservoir.length < this.m) {
      reservoir.push(await make());
      return;
    }
    const slot = Math.floor(this.random() * (seen + 1));
    if (slot >= this.m) return;
    const before = reservoir[slot];
    reservoir[slot] = await make();
    if (!this.good.includes(before) && !this.any.includes(before)) this.drop(before);
  }
}

/** A small seeded generator of numbers in [0, 1) (mulberry32; public domain, T. Ettinger). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
