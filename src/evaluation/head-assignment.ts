import type { LabelledPose } from '../formats/pose-sequence.js';

/** Joints closer than half the head size are right, the bound included. */
export const HEAD_THRESHOLD = 0.5;

/** Which prediction stands for which annotated person in one frame. P predictions, G annotated, K joints. */
export interface FrameAssignment {
  /** [P, G, K] distance / head size; Infinity where either side lacks the joint. */
  distances: Float64Array;
  /** For each annotated person the prediction taken, or −1. */
  predictionOf: Int32Array;
  /** For each prediction the annotated person it stands for, or −1. */
  annotationOf: Int32Array;
}

/** 0.6 × the diagonal of the head box; NaN without one. */
export function headSize({ headBox }: LabelledPose): number {
  if (headBox === null) return NaN;
  const { width, height } = headBox;
  return 0.6 * Math.sqrt(width * width + height * height); // Math.hypot rounds otherwise, which flips joints at the bound
}

/**
 * Assigns predictions to annotated people by the share of the annotated joints they hit. Every prediction keeps the
 * person it hits best, every person then takes the best of those predictions; the lower index wins a tie, scores play
 * no part. Source: `assignGTmulti` of the reference evaluator poseval.
 */
export function assignByHead(annotated: readonly LabelledPose[], predicted: readonly LabelledPose[]): FrameAssignment {
  const [P, G] = [predicted.length, annotated.length];
  const K = (annotated[0] ?? predicted[0])?.joints.length / 3 || 0;
  const distances = new Float64Array(P * G * K).fill(Infinity);
  const annotationOf = new Int32Array(P).fill(-1);
  const predictionOf = new Int32Array(G).fill(-1);
  const bestShare = new Float64Array(P);

  const sizes = annotated.map(headSize);
  const counts = annotated.map(({ joints }) => {
    let count = 0;
    for (let k = 0; k < K; k++) if (!Number.isNaN(joints[k * 3])) count++;
    return count;
  });
  for (let p = 0; p < P; p++) {
    const pj = predicted[p].joints;
    let best = -1;
    for (let g = 0; g < G; g++) {
      const gj = annotated[g].joints;
      let hits = 0;
      for (let k = 0; k < K; k++) {
        const dx = gj[k * 3] - pj[k * 3];
        const dy = gj[k * 3 + 1] - pj[k * 3 + 1];
        const distance = Math.sqrt(dx * dx + dy * dy) / sizes[g];
        if (Number.isNaN(distance)) continue; // absent on either side
        distances[(p * G + g) * K + k] = distance;
        if (distance <= HEAD_THRESHOLD) hits++;
      }
      const share = counts[g] > 0 ? hits / counts[g] : 0;
      if (share > bestShare[p]) {
        bestShare[p] = share;
        best = g;
      }
    }
    if (best < 0) continue;
    const rival = predictionOf[best];
    if (rival < 0 || bestShare[p] > bestShare[rival]) predictionOf[best] = p;
  }
  for (let g = 0; g < G; g++) if (predictionOf[g] >= 0) annotationOf[predictionOf[g]] = g;
  return { distances, predictionOf, annotationOf };
}
