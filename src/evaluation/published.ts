import type { GroupName } from './figures.js';

export interface PublishedRow {
  system: string;
  /** Data set and split. */
  on: 'PoseTrack17 val' | 'PoseTrack18 val' | 'Sub-JHMDB';
  /** Percent; groups that were not published are absent. */
  values: Partial<Record<GroupName, number>> & { mean: number };
}

/** Head, shoulder, elbow, wrist, hip, knee, ankle, mean. */
function glpose(on: PublishedRow['on'], values: number[]): PublishedRow {
  const [head, shoulder, elbow, wrist, hip, knee, ankle, mean] = values;
  return { system: 'GLPose (paper)', on, values: { head, shoulder, elbow, wrist, hip, knee, ankle, mean } };
}

/** [PoseTrack17, PoseTrack18, Sub-JHMDB]; null where nothing was published. */
const MEANS: [system: string, ...(number | null)[]][] = [
  ['HRNet-W48, single frame', 77.3, 79.4, null],
  ['PoseWarper', 81.2, 79.7, null],
  ['DCPose', 82.8, 80.9, null],
  ['FAMI-Pose', 84.8, 82.2, 96.0],
  ['TDMI-ST', 85.9, 83.6, null],
  ['DiffPose', 86.4, 83.0, null],
];

const DATA_SETS = ['PoseTrack17 val', 'PoseTrack18 val', 'Sub-JHMDB'] as const;

/**
 * What systems of the field published, with the boxes and protocols of their papers; nothing here was measured by this
 * project. Source of the GLPose rows: Jiao et al., ACM TOMM 2022.
 */
export const PUBLISHED: readonly PublishedRow[] = [
  glpose('PoseTrack17 val', [88.1, 88.9, 84.1, 78.1, 83.5, 81.5, 74.2, 83.1]),
  glpose('PoseTrack18 val', [84.0, 86.9, 82.4, 77.6, 80.4, 79.3, 73.8, 80.8]),
  glpose('Sub-JHMDB', [98.9, 98.1, 93.6, 90.8, 98.7, 89.8, 93.9, 95.1]),
  ...MEANS.flatMap(([system, ...means]) =>
    DATA_SETS.flatMap((on, i): PublishedRow[] => {
      const mean = means[i];
      return mean === null || mean === undefined ? [] : [{ system, on, values: { mean } }];
    }),
  ),
];
