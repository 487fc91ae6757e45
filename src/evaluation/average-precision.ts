/** A precision-recall curve, ranked by score; fractions 0–1. */
export interface PrecisionRecall {
  /** At every rank, in descending order of score. */
  precision: Float64Array;
  recall: Float64Array;
}

/**
 * Precision and recall at every rank. Equal scores keep their order (a stable sort; the reference evaluator's is not).
 * @param scores one per prediction
 * @param correct one per prediction, 1 where it is right
 * @param positives the number of annotated instances; with 0, recall is NaN
 */
export function precisionRecall(scores: Float64Array, correct: Uint8Array, positives: number): PrecisionRecall {
  const order = descending(scores);
  const precision = new Float64Array(order.length);
  const recall = new Float64Array(order.length);
  let found = 0;
  for (let rank = 0; rank < order.length; rank++) {
    found += correct[order[rank]];
    precision[rank] = found / (rank + 1);
    recall[rank] = found / positives;
  }
  return { precision, recall };
}

/**
 * All-point interpolated average precision, 0–1: the area under the monotone envelope of precision, recall closed at 1
 * with precision 0. Source: PASCAL VOC 2010+, as `VOCap` of the reference evaluator poseval.
 */
export function averagePrecision({ precision, recall }: PrecisionRecall): number {
  let envelope = 0; // of precision at and right of the rank
  let area = 0;
  for (let rank = recall.length - 1; rank >= 0; rank--) {
    envelope = Math.max(envelope, precision[rank]);
    area += (recall[rank] - (rank === 0 ? 0 : recall[rank - 1])) * envelope;
  }
  return area;
}

/**
 * Indices by descending score, equal ones in their order. Sorting plain numbers and looking each up is ten times as fast
 * as sorting indices by a comparison function.
 */
function descending(scores: Float64Array): Uint32Array {
  const negated = scores.map((score) => -score);
  const sorted = negated.slice().sort();
  const taken = new Uint32Array(sorted.length); // of the run of equal scores that begins here
  const order = new Uint32Array(sorted.length);
  negated.forEach((score, i) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle] < score) low = middle + 1;
      else high = middle;
    }
    order[low + taken[low]++] = i;
  });
  return order;
}
