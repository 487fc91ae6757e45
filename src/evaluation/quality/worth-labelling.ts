import type { LabelledFrame, PoseSequence } from '../../formats/pose-sequence.js';
import { QualityCheck } from './check.js';
import { describeProblem, type Problem, type ProblemKind } from './problem.js';

/** A frame that one should label, and why. */
export interface FrameToLabel {
  sequence: PoseSequence;
  frame: LabelledFrame;
  /** The frame's place in the video. */
  index: number;
  /** The higher, the more is wrong there: what the frame's problems weigh, and 1 − the mean joint score. */
  score: number;
  /** In words, the heaviest first; empty where only the scores are low. */
  reasons: string[];
}

/** Poses of one video. */
export interface VideoToJudge {
  sequence: PoseSequence;
  /** Place of every frame in the video. */
  places: readonly number[];
  /** Of the pictures; null where nothing says. */
  size: { width: number; height: number } | null;
}

/** What a problem adds to the score of each of its frames: someone else's skeleton is worse than a low score. */
const WEIGHTS: Record<ProblemKind, number> = { doubled: 3, jump: 2, gap: 2, begins: 1, ends: 1, brief: 1, unsure: 1 };

/**
 * The frames in which poses are most likely wrong, judged without labels (see QualityCheck), the worst first.
 * @param count at most so many
 * @param apart frames of one video lie at least so far apart: neighbours teach the same
 */
export function framesToLabel(videos: Iterable<VideoToJudge>, count: number, apart: number): FrameToLabel[] {
  let chosen: FrameToLabel[] = [];
  for (const video of videos) chosen = [...chosen, ...worstOf(video, count, apart)].sort(byScore).slice(0, count);
  return chosen;
}

const byScore = (a: FrameToLabel, b: FrameToLabel): number => b.score - a.score || a.index - b.index;

function worstOf({ sequence, places, size }: VideoToJudge, count: number, apart: number): FrameToLabel[] {
  const check = new QualityCheck(sequence.joints, size);
  sequence.frames.forEach(({ people }, i) => check.next({ index: places[i], people }));
  const problems = check.end().problems.sort((a, b) => WEIGHTS[b.kind] - WEIGHTS[a.kind]);
  const judged = sequence.frames.map((frame, i): FrameToLabel => {
    const here = problems.filter(({ from, to }) => from <= places[i] && places[i] <= to);
    const weight = here.reduce((sum, { kind }) => sum + WEIGHTS[kind], 0);
    return { sequence, frame, index: places[i], score: weight + unsureness(frame), reasons: here.map(reason) };
  });
  const chosen: FrameToLabel[] = [];
  for (const frame of judged.sort(byScore)) {
    if (chosen.length === count) break;
    if (chosen.every(({ index }) => Math.abs(index - frame.index) >= apart)) chosen.push(frame);
  }
  return chosen;
}

/** 1 − the mean score of all joints in a frame; 0 where nobody is. */
function unsureness({ people }: LabelledFrame): number {
  let [sum, count] = [0, 0];
  for (const { joints, boxScore = 1 } of people) {
    for (let k = 0; k < joints.length; k += 3) {
      if (Number.isNaN(joints[k]) || !(boxScore > 0)) continue;
      sum += Math.min(1, joints[k + 2] / boxScore);
      count++;
    }
  }
  return count === 0 ? 0 : 1 - sum / count;
}

function reason(problem: Problem): string {
  const who = problem.tracks.length > 0 ? `${problem.tracks.join(' and ')} ` : '';
  return `${who}${describeProblem(problem)}`;
}
