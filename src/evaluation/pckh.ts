/*
 * PCKh@0.5 (Andriluka et al., CVPR 2014): the share of annotated joints whose prediction lies within half the head size
 * (0.6 × the head box's diagonal). Predictions are assigned to people as for PoseTrack AP; the joints of people whom no
 * prediction was assigned to are wrong, and predictions beyond count for nothing.
 */
import type { PoseSequence } from '../formats/pose-sequence.js';
import type { Warning } from '../formats/warnings.js';
import { POSETRACK17_JOINTS } from '../joints.js';
import { figures, mean, type Figures } from './figures.js';
import { HEAD_THRESHOLD } from './head-assignment.js';
import { evaluatePoseTrack, type PoseTrackCounts, type PoseTrackOptions } from './posetrack.js';

/** The limb joints: all but neck, nose and head top. */
const LIMB_JOINTS = POSETRACK17_JOINTS.filter((joint) => /^(left|right)_/.test(joint));

/** Percent, 0–100. */
export interface PckhResult extends Figures {
  /** Over all joints together, each joint of each person counting the same. */
  total: number;
  /** Mean over the twelve limb joints (shoulders to wrists, hips to ankles). */
  limbs: number;
  counts: PoseTrackCounts;
  warnings: Warning[];
}

/**
 * PCKh@0.5 (Andriluka et al., CVPR 2014) over people assigned as for PoseTrack AP.
 * @param annotations joints in pixels as [K, (x, y, c)], with head boxes
 * @param predictions likewise
 * @returns percent by joint and group; NaN for a joint that is nowhere annotated
 * @throws GlposeError ANNOTATION as `evaluatePoseTrack`
 */
export function evaluatePckh(
  annotations: readonly PoseSequence[],
  predictions: readonly PoseSequence[],
  options: Omit<PoseTrackOptions, 'tracks'> = {},
): PckhResult {
  const { sequences, counts, warnings } = evaluatePoseTrack(annotations, predictions, { ...options, tracks: false });
  const K = POSETRACK17_JOINTS.length;
  const [hits, all] = [new Float64Array(K), new Float64Array(K)];
  for (const { annotated, predictionOf, distances } of sequences.flatMap(({ frames }) => frames)) {
    annotated.forEach(({ joints }, g) => {
      for (let k = 0; k < K; k++) {
        if (Number.isNaN(joints[k * 3])) continue;
        all[k]++;
        const p = predictionOf[g];
        if (p >= 0 && distances[(p * annotated.length + g) * K + k] <= HEAD_THRESHOLD) hits[k]++;
      }
    });
  }
  const scores = figures(POSETRACK17_JOINTS, hits.map((hit, k) => (100 * hit) / all[k])); // prettier-ignore
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  const limbs = LIMB_JOINTS.map((joint) => scores.joints[joint]).filter((value) => !Number.isNaN(value));
  return { ...scores, total: (100 * sum(hits)) / sum(all), limbs: mean(limbs), counts, warnings };
}
