import type { Joint } from '../types.js';

/**
 * Neck and head top for nets that know neither (COCO joints): PoseTrack's layout needs them. Both are placed on the line
 * from the middle of the shoulders through the middle of the head (ears, or the nose where no ear is seen).
 */
export const DERIVED_JOINTS = ['neck', 'head_top'] as const;

/**
 * How far along that line, in shoulders-to-head lengths: medians over the first 500 training photos of Leeds Sports Pose
 * Extended where the net is sure of the sources (scripts/derived-joints.mjs). The median error of a person's larger side is
 * 3 % for the neck, 4 % for the head top from the ears, but 10 % from the nose.
 */
const FROM_EARS = { neck: 0.31, headTop: 1.74 };
const FROM_NOSE = { neck: 0.25, headTop: 1.24 };
/** A joint under this score is not relied upon. */
const RELIABLE = 0.1;

/**
 * Appends the derived joints to a pose.
 * @param names the net's joints
 * @param joints in that order
 * @returns the joints followed by neck and head_top, each marked `estimated`; null where their sources are not seen
 */
export function withDerivedJoints(names: readonly string[], joints: readonly (Joint | null)[]): (Joint | null)[] {
  const seen = (name: string): Joint | null => {
    const joint = joints[names.indexOf(name)];
    return joint && joint.score >= RELIABLE ? joint : null;
  };
  const shoulders = middle([seen('left_shoulder'), seen('right_shoulder')], 2);
  const ears = middle([seen('left_ear'), seen('right_ear')], 1);
  const head = ears ?? seen('nose');
  const { neck, headTop } = ears ? FROM_EARS : FROM_NOSE;
  const along = (share: number): Joint | null =>
    shoulders && head
      ? {
          x: shoulders.x + share * (head.x - shoulders.x),
          y: shoulders.y + share * (head.y - shoulders.y),
          score: Math.min(shoulders.score, head.score),
          estimated: true,
        }
      : null;
  return [...joints, along(neck), along(headTop)];
}

/** The mean of those that are there; null where fewer than `needed` are. */
function middle(joints: (Joint | null)[], needed: number): Joint | null {
  const there = joints.filter((joint) => joint !== null);
  if (there.length < needed) return null;
  const mean = (of: (joint: Joint) => number): number =>
    there.reduce((total, joint) => total + of(joint), 0) / there.length;
  return { x: mean((j) => j.x), y: mean((j) => j.y), score: Math.min(...there.map((j) => j.score)) };
}
