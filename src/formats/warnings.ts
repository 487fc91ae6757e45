import { GlposeError } from '../errors.js';

/** One kind of thing that was passed over or read in another way than written. */
export interface Warning {
  /** What happened, in the plural: "joints whose coordinates are no numbers, left out". */
  text: string;
  count: number;
  /** Where it happened first: file, frame, person. */
  first: string;
}

/** Everything worth knowing about what was read, so that nothing is dropped silently: each kind once, counted. */
export class Warnings {
  private readonly kinds = new Map<string, Warning>();

  /** @param allowMissing leave out what cannot be scored (and count it) where it would otherwise be an error */
  constructor(readonly allowMissing = false) {}

  /** Counts something harmless. */
  note(text: string, where: string, count = 1): void {
    const warning = this.kinds.get(text);
    if (warning) warning.count += count;
    else this.kinds.set(text, { text, count, first: where });
  }

  /** Counts all that others have counted. */
  add(others: Warnings): void {
    for (const { text, first, count } of others.list()) this.note(text, first, count);
  }

  /**
   * Something is missing or unfit: counted with `allowMissing`, an error without.
   * @throws GlposeError ANNOTATION
   */
  missing(problem: { text: string; where: string; problem: string; remedy: string; count?: number }): void {
    if (!this.allowMissing) {
      const remedy = `${problem.remedy}; --allow-missing scores without it.`;
      throw new GlposeError('ANNOTATION', `${problem.where}: ${problem.problem}`, remedy);
    }
    this.note(problem.text, problem.where, problem.count);
  }

  /** A copy to go on with. */
  continued(): Warnings {
    const copy = new Warnings(this.allowMissing);
    for (const warning of this.kinds.values()) copy.kinds.set(warning.text, { ...warning });
    return copy;
  }

  list(): Warning[] {
    return [...this.kinds.values()];
  }
}
