import type { Joint } from '../types.js';

/** A pose's score, 0–1: the mean score of its joints × its box's; 0 where it has no joints. */
export function poseScore(joints: readonly (Joint | null)[], boxScore: number): number {
  const scores = joints.flatMap((joint) => (joint ? [joint.score] : []));
  const mean = scores.reduce((a, b) => a + b, 0) / Math.max(1, scores.length);
  return mean * boxScore;
}
