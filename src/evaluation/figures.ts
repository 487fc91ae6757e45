import type { POSETRACK17_JOINTS } from '../joints.js';

/** The paper's table: joint groups, each the mean of its joints. */
export const GROUPS = {
  head: ['head_top', 'neck', 'nose'],
  shoulder: ['right_shoulder', 'left_shoulder'],
  elbow: ['right_elbow', 'left_elbow'],
  wrist: ['right_wrist', 'left_wrist'],
  hip: ['right_hip', 'left_hip'],
  knee: ['right_knee', 'left_knee'],
  ankle: ['right_ankle', 'left_ankle'],
} as const satisfies Record<string, readonly (typeof POSETRACK17_JOINTS)[number][]>;

export const GROUP_NAMES = [...(Object.keys(GROUPS) as (keyof typeof GROUPS)[]), 'mean'] as const;

export type GroupName = (typeof GROUP_NAMES)[number];

/** One measure in percent, 0–100 (MOTA may be negative); NaN where it is not defined, which JSON writes as null. */
export interface Figures {
  joints: Record<string, number>;
  groups: Record<GroupName, number>;
}

/**
 * Figures from one value per joint. The mean is over all joints with a value (numerics of the reference evaluator); a
 * group with a joint without one has none itself.
 * @param values percent, in the order of `names`
 */
export function figures(
  names: readonly string[],
  values: ArrayLike<number>,
  groups: Record<string, readonly string[]> = GROUPS,
): Figures {
  const joints = Object.fromEntries(names.map((name, k) => [name, values[k]]));
  const defined = Array.from(values).filter((value) => !Number.isNaN(value));
  const ofGroups = Object.entries(groups).map(([group, members]) => [group, mean(members.map((name) => joints[name]))]);
  return { joints, groups: Object.fromEntries([...ofGroups, ['mean', mean(defined)]]) as Figures['groups'] };
}

/** NaN of an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
