import { assign } from '../geometry/assignment.js';

/** What CLEAR MOT counts, for one kind of object. */
export interface MotCounts {
  misses: number;
  switches: number;
  falsePositives: number;
  matches: number;
  objects: number;
  /**
   * Distances as the reference sums them, over all rows of py-motmetrics' event table: of every pair that could match,
   * once more of every match made, and again where a match is also a transfer, an ascent or a migration.
   */
  distance: number;
}

export const NO_MOT_COUNTS: Readonly<MotCounts> = {
  misses: 0,
  switches: 0,
  falsePositives: 0,
  matches: 0,
  objects: 0,
  distance: 0,
};

/**
 * CLEAR MOT (Bernardin & Stiefelhagen 2008) over the frames of one sequence, as py-motmetrics does it for the reference
 * evaluator: a pair of the past is kept where it can still match, the rest is matched optimally; the last partner of an
 * object is remembered however long it was away.
 */
export class ClearMot {
  readonly counts: MotCounts = { ...NO_MOT_COUNTS };
  /** Object → the hypothesis it was last matched with. */
  private readonly partner = new Map<number, number>();
  /** Hypothesis → the object it was last newly matched with. */
  private readonly owner = new Map<number, number>();
  private readonly matchedObjects = new Set<number>();
  private readonly matchedHypotheses = new Set<number>();

  /**
   * Adds the next frame.
   * @param objects annotated track ids
   * @param hypotheses predicted track ids
   * @param distance of object i and hypothesis j; Infinity where they must not match
   */
  update(objects: readonly number[], hypotheses: readonly number[], distance: (i: number, j: number) => number): void {
    const { counts, partner, owner, matchedObjects, matchedHypotheses } = this;
    counts.objects += objects.length;
    const freeObjects = new Set(objects.keys());
    const freeHypotheses = new Set(hypotheses.keys());
    for (let i = 0; i < objects.length; i++) {
      for (let j = 0; j < hypotheses.length; j++) {
        const d = distance(i, j);
        if (d !== Infinity) counts.distance += d;
      }
    }
    const match = (i: number, j: number): void => {
      counts.matches++;
      counts.distance += distance(i, j);
      matchedObjects.add(objects[i]);
      matchedHypotheses.add(hypotheses[j]);
      freeObjects.delete(i);
      freeHypotheses.delete(j);
    };

    for (const [i, object] of objects.entries()) {
      const last = partner.get(object);
      if (last === undefined) continue;
      const j = hypotheses.findIndex((hypothesis, place) => hypothesis === last && freeHypotheses.has(place));
      if (j >= 0 && distance(i, j) !== Infinity) match(i, j);
    }
    const [rows, columns] = [[...freeObjects], [...freeHypotheses]];
    const pairs =
      rows.length === 0 || columns.length === 0 ? [] : assign(rows.map((i) => columns.map((j) => distance(i, j))));
    for (const [row, column] of pairs.entries()) {
      if (column < 0) continue;
      const [i, j] = [rows[row], columns[column]];
      const [object, hypothesis] = [objects[i], hypotheses[j]];
      const d = distance(i, j);
      if ((partner.get(object) ?? hypothesis) !== hypothesis) {
        counts.switches++;
        if (!matchedHypotheses.has(hypothesis)) counts.distance += d; // ascent
      }
      if ((owner.get(hypothesis) ?? object) !== object) {
        counts.distance += d; // transfer
        if (!matchedObjects.has(object)) counts.distance += d; // migration
      }
      match(i, j);
      partner.set(object, hypothesis);
      owner.set(hypothesis, object);
    }
    counts.misses += freeObjects.size;
    counts.falsePositives += freeHypotheses.size;
  }
}
