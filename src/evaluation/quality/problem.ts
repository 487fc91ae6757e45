/** What a person should look at in results; found from the results alone. */
export const PROBLEM_KINDS = ['doubled', 'begins', 'ends', 'brief', 'gap', 'jump', 'unsure'] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** What each kind is called, one and several. */
const NAMES: Readonly<Record<ProblemKind, [string, string]>> = {
  doubled: ['doubled skeleton', 'doubled skeletons'],
  begins: ['track begins in the middle of the picture', 'tracks begin in the middle of the picture'],
  ends: ['track ends in the middle of the picture', 'tracks end in the middle of the picture'],
  brief: ['track is there for a few frames only', 'tracks are there for a few frames only'],
  gap: ['gap in a track', 'gaps in tracks'],
  jump: ['jump of joints', 'jumps of joints'],
  unsure: ['spell of low scores', 'spells of low scores'],
};

/** One thing to look at. */
export interface Problem {
  kind: ProblemKind;
  /** First and last frame, by their places in the video. */
  from: number;
  to: number;
  /** Whom it concerns: two of a doubled skeleton; nobody where the results track nobody. */
  tracks: number[];
  /** Those that jump. */
  joints?: string[];
}

/** What was found in one video. */
export interface Quality {
  /** Frames looked at, and poses in them. */
  frames: number;
  poses: number;
  /** By kind: how many, and over how many frames in all. */
  counts: Record<ProblemKind, { problems: number; frames: number }>;
  /** Poses that another person of the same frame has, too. */
  doubledPoses: number;
  /** In order of time; the first of them where there are more than `MAX_PROBLEMS`. */
  problems: Problem[];
}

/** Problems of one video that are listed; all are counted. */
export const MAX_PROBLEMS = 1000;

/** In one line: `7 places to look at: 2 doubled skeletons (31 frames), …`; '' where there is nothing. */
export function summaryOf({ counts }: Pick<Quality, 'counts'>): string {
  const some = PROBLEM_KINDS.filter((kind) => counts[kind].problems > 0);
  if (some.length === 0) return '';
  const total = some.reduce((sum, kind) => sum + counts[kind].problems, 0);
  const parts = some.map((kind) => {
    const { problems, frames } = counts[kind];
    const lasting = kind === 'begins' || kind === 'ends' ? '' : ` (${frames} ${frames === 1 ? 'frame' : 'frames'})`;
    return `${problems} ${NAMES[kind][problems === 1 ? 0 : 1]}${lasting}`;
  });
  return `${total} ${total === 1 ? 'place' : 'places'} to look at: ${parts.join(', ')}`;
}

/** One problem in words: `jumps: left_wrist`. */
export function describeProblem({ kind, joints = [] }: Problem): string {
  switch (kind) {
    case 'doubled':
      return 'wear one skeleton';
    case 'begins':
      return 'begins in the middle of the picture';
    case 'ends':
      return 'ends in the middle of the picture';
    case 'brief':
      return 'is there for these frames only';
    case 'gap':
      return 'is missing';
    case 'jump':
      return `jumps: ${joints.join(', ')}`;
    case 'unsure':
      return 'low scores';
  }
}
