/*
 * PCK@0.2 on Sub-JHMDB: a joint is right if its distance is below 0.2 × the longer side of the annotated box (strictly);
 * beside it the torso form, with the distance of left shoulder and right hip instead of the box. Per split over all
 * frames of its test clips, then the mean over the splits.
 */
import path from 'node:path';
import type { JhmdbSplit } from '../formats/jhmdb.js';
import { extentOf, inLayout, type LabelledPose, type PoseSequence } from '../formats/pose-sequence.js';
import { Warnings, type Warning } from '../formats/warnings.js';
import { JHMDB_JOINTS } from '../joints.js';
import type { Box } from '../types.js';
import { figures, GROUPS, mean, type Figures } from './figures.js';
import { nothingToScore, pairSequences } from './pairing.js';

const THRESHOLD = 0.2;
const K = JHMDB_JOINTS.length;
/** The field's tables give the face as Head. */
const JHMDB_GROUPS = { ...GROUPS, head: ['face'] };
const LEFT_SHOULDER = JHMDB_JOINTS.indexOf('left_shoulder');
const RIGHT_HIP = JHMDB_JOINTS.indexOf('right_hip');

/** Percent, 0–100; a joint that the predictions' layout lacks is NaN and not in the mean. */
export interface JhmdbPckResult {
  box: Figures;
  torso: Figures;
  /** A clip, a person, a joint in the tests of several splits counts in each. */
  counts: {
    splits: number;
    clips: number;
    frames: number;
    annotatedPeople: number;
    annotatedJoints: number;
    predictedPeople: number;
  };
  warnings: Warning[];
}

/**
 * PCK@0.2 on Sub-JHMDB (Jhuang et al., ICCV 2013; Yang & Ramanan 2013 for the measure), by box and by torso.
 * @param splits test clips with a box for every person, joints in pixels from 0 as [15, (x, y, 1)], as `readJhmdb` gives them
 * @param predictions one sequence per clip, called as the clip; coordinates in pixels from 0
 * @returns percent by joint and group, the mean over the splits
 * @throws GlposeError ANNOTATION where predictions are missing, or nobody is annotated
 */
export function evaluateJhmdbPck(
  splits: readonly JhmdbSplit[],
  predictions: readonly PoseSequence[],
  options: { allowMissing?: boolean; warnings?: Warnings } = {},
): JhmdbPckResult {
  const { warnings = new Warnings(options.allowMissing) } = options;
  const lacking = JHMDB_JOINTS.map((joint) => !predictions.some(({ joints }) => joints.includes(joint)));
  const absent = JHMDB_JOINTS.filter((_, k) => lacking[k]);
  if (absent.length > 0 && predictions.length > 0) {
    warnings.note(`joints that no prediction has (${absent.join(', ')}), left out of the mean: not comparable`, predictions[0].file, absent.length); // prettier-ignore
  }
  const found = predictions.map((sequence) => inLayout(sequence, JHMDB_JOINTS));
  const counts = {
    splits: splits.length,
    clips: 0,
    frames: 0,
    annotatedPeople: 0,
    annotatedJoints: 0,
    predictedPeople: 0,
  };
  const inAnySplit = new Set(splits.flatMap(({ clips }) => clips.flatMap(namesOf)));
  const perSplit = splits.map(({ clips }, i) => {
    const tally = { box: new Float64Array(K), torso: new Float64Array(K), all: new Float64Array(K) };
    const inThis = new Set(clips.flatMap(namesOf));
    const here = found.filter((sequence) => {
      const names = namesOf(sequence);
      const strange = i === 0 && !names.some((name) => inAnySplit.has(name)); // said once to be without annotations
      return strange || names.some((name) => inThis.has(name));
    });
    const pairs = pairSequences(clips.map((clip) => inLayout(clip, JHMDB_JOINTS)), here, warnings); // prettier-ignore
    counts.clips += pairs.length;
    for (const { frames, predicted } of pairs) {
      for (const frame of frames) {
        counts.frames++;
        counts.predictedPeople += frame.predicted.people.length;
        for (const person of frame.annotated.people) {
          const { box } = person; // none where none of the joints is there
          if (!box) continue;
          counts.annotatedPeople++;
          count(person, box, predictionFor(box, frame.predicted.people, predicted.file, warnings), tally);
        }
      }
    }
    counts.annotatedJoints += tally.all.reduce((a, b) => a + b, 0);
    const percent = (hits: Float64Array): number[] =>
      Array.from(hits, (hit, k) => (lacking[k] ? NaN : (100 * hit) / tally.all[k]));
    return { box: percent(tally.box), torso: percent(tally.torso) };
  });
  if (counts.annotatedJoints === 0)
    throw nothingToScore(
      splits.flatMap(({ clips }) => clips),
      warnings,
    );
  const overSplits = (kind: 'box' | 'torso'): Figures =>
    figures(JHMDB_JOINTS, JHMDB_JOINTS.map((_, k) => mean(perSplit.map((split) => split[kind][k]))), JHMDB_GROUPS); // prettier-ignore
  return { box: overSplits('box'), torso: overSplits('torso'), counts, warnings: warnings.list() };
}

/** What predictions may call a clip. */
function namesOf({ name, file, alone }: PoseSequence): string[] {
  return alone ? [name, path.parse(file).name] : [name];
}

interface Tally {
  box: Float64Array;
  torso: Float64Array;
  all: Float64Array;
}

function count({ joints }: LabelledPose, box: Box, found: LabelledPose | null, tally: Tally): void {
  const distance = (a: Float64Array, i: number, b: Float64Array, j: number): number =>
    Math.hypot(a[i * 3] - b[j * 3], a[i * 3 + 1] - b[j * 3 + 1]);
  const size = Math.max(box.width, box.height);
  const torso = distance(joints, LEFT_SHOULDER, joints, RIGHT_HIP);
  for (let k = 0; k < K; k++) {
    if (Number.isNaN(joints[k * 3])) continue;
    tally.all[k]++;
    const off = found ? distance(joints, k, found.joints, k) : NaN;
    if (off / size < THRESHOLD) tally.box[k]++;
    if (off / torso < THRESHOLD) tally.torso[k]++;
  }
}

/** The predicted person; of several the one whose joints' extent overlaps the annotated box most. */
function predictionFor(
  box: Box,
  people: readonly LabelledPose[],
  file: string,
  warnings: Warnings,
): LabelledPose | null {
  if (people.length > 1) warnings.note('frames with several predicted people, the one that overlaps most taken', file);
  let best: LabelledPose | null = null;
  let bestOverlap = -1;
  for (const pose of people) {
    const share = overlap(box, extentOf(pose.joints) ?? { x: 0, y: 0, width: 0, height: 0 });
    if (share > bestOverlap) [best, bestOverlap] = [pose, share];
  }
  return best;
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x));
  const height = Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared || 1);
}
