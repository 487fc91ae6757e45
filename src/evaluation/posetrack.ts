/*
 * PoseTrack's AP and MOTA, as the reference evaluator poseval computes them (Andriluka et al., CVPR 2018).
 *
 *   sequences ─ pair ─ drop frames with nobody annotated ─ drop joints in ignore regions
 *      ─ assign predictions to people (head-normalised) ─┬─ per joint: scores, right or wrong ─ AP, precision, recall
 *                                                        └─ per joint: track ids, distances ─── MOTA, MOTP
 *
 * K = 15 joints in POSETRACK17_JOINTS order; distances in head sizes; figures in percent.
 */
import { GlposeError } from '../errors.js';
import { ABSENT, extentOf, inLayout, type LabelledPose, type PoseSequence } from '../formats/pose-sequence.js';
import { Warnings, type Warning } from '../formats/warnings.js';
import { POSETRACK17_JOINTS } from '../joints.js';
import { averagePrecision, precisionRecall, type PrecisionRecall } from './average-precision.js';
import { ClearMot, NO_MOT_COUNTS, type MotCounts } from './clear-mot.js';
import { figures, type Figures } from './figures.js';
import { assignByHead, HEAD_THRESHOLD, headSize, type FrameAssignment } from './head-assignment.js';
import { withoutIgnored } from './ignore-regions.js';
import { nothingToScore, noteLackingJoints, pairSequences, type SequencePair } from './pairing.js';

const K = POSETRACK17_JOINTS.length;

/** One frame as it was scored. */
export interface ScoredFrame extends FrameAssignment {
  /** The frame's path as the annotations write it. */
  name: string;
  annotated: LabelledPose[];
  predicted: LabelledPose[];
}

export interface ScoredSequence extends PoseTrackFigures {
  name: string;
  frames: ScoredFrame[];
}

export interface PoseTrackFigures {
  ap: Figures;
  /** Over all predictions, whatever their score. */
  precision: Figures;
  recall: Figures;
  /** null where annotations or predictions lack track ids, or no sequence has two frames. */
  tracking: TrackingFigures | null;
}

export interface TrackingFigures {
  mota: Figures;
  /** As the reference sums it (see `MotCounts.distance`). */
  motp: Figures;
  precision: Figures;
  recall: Figures;
}

/** What the figures stand on. */
export interface PoseTrackCounts {
  sequences: number;
  frames: number;
  annotatedPeople: number;
  annotatedJoints: number;
  predictedPeople: number;
  predictedJoints: number;
  ignoredJoints: number;
}

export interface PoseTrackResult extends PoseTrackFigures {
  counts: PoseTrackCounts;
  warnings: Warning[];
  sequences: ScoredSequence[];
  /** One curve per joint, over all sequences. */
  curves: PrecisionRecall[];
}

export interface PoseTrackOptions {
  /** Score what both sides have instead of failing where predictions or head boxes are missing. Default false. */
  allowMissing?: boolean;
  /** Compute MOTA where there are track ids. Default true. */
  tracks?: boolean;
  /** Takes warnings made while the files were read. */
  warnings?: Warnings;
}

/**
 * PoseTrack AP, precision and recall, and MOTA where both sides have track ids (Andriluka et al., CVPR 2018; CLEAR MOT:
 * Bernardin & Stiefelhagen 2008), in the numbers of the reference evaluator poseval.
 * @param annotations one sequence a video, joints in pixels as [K, (x, y, c)] under any names: those of
 *   POSETRACK17_JOINTS are scored; with head boxes, which set the scale
 * @param predictions likewise, in any order; c is the joint's score, by which AP ranks
 * @returns percent by joint and group, over all sequences and for each; curves as fractions 0–1, [predictions of the joint]
 * @throws GlposeError ANNOTATION where something needed is missing, or nobody is annotated, naming file, frame and person
 */
export function evaluatePoseTrack(
  annotations: readonly PoseSequence[],
  predictions: readonly PoseSequence[],
  options: PoseTrackOptions = {},
): PoseTrackResult {
  const { tracks = true, warnings = new Warnings(options.allowMissing) } = options;
  const layout = (sequence: PoseSequence): PoseSequence => inLayout(sequence, POSETRACK17_JOINTS);
  noteLackingJoints(predictions, POSETRACK17_JOINTS, 'counted as missed', warnings);
  const pairs = pairSequences(annotations.map(layout), predictions.map(layout), warnings);
  const counts: PoseTrackCounts = {
    sequences: 0,
    frames: 0,
    annotatedPeople: 0,
    annotatedJoints: 0,
    predictedPeople: 0,
    predictedJoints: 0,
    ignoredJoints: 0,
  };
  const prepared = pairs.map((pair) => {
    const frames: ScoredFrame[] = [];
    for (const { annotated, predicted } of pair.frames) {
      if (annotated.listed === 0) {
        warnings.note('frames in which nobody is annotated, not scored', `${pair.annotated.file}, ${annotated.name}`);
        continue;
      }
      let [people, found] = [annotated.people, predicted.people];
      if (pair.annotated.positiveOnly)
        found = onlyPositive(found, `${pair.predicted.file}, ${predicted.name}`, warnings);
      if (annotated.ignoreRegions.length > 0) {
        const inAnnotations = withoutIgnored(people, annotated.ignoreRegions);
        const inPredictions = withoutIgnored(found, annotated.ignoreRegions);
        counts.ignoredJoints += inAnnotations.removed + inPredictions.removed;
        [people, found] = [inAnnotations.people, inPredictions.people];
      }
      if (!hasHeadBoxes(people, `${pair.annotated.file}, frame ${annotated.name}`, warnings)) continue;
      frames.push({ name: annotated.name, annotated: people, predicted: found, ...assignByHead(people, found) });
      counts.frames++;
      counts.annotatedPeople += people.length;
      counts.predictedPeople += found.length;
    }
    return { pair, frames, detections: detectionsOf(frames) };
  });
  const scored = prepared.filter(({ frames }) => frames.length > 0);
  if (scored.length === 0) throw nothingToScore(annotations, warnings);
  for (const { pair, frames } of prepared)
    if (frames.length === 0) warnings.note('sequences without a frame to score, left out', pair.annotated.file);
  counts.sequences = scored.length;
  const tracked =
    tracks &&
    canTrack(
      scored.flatMap(({ frames }) => frames),
      warnings,
    );
  if (tracked) for (const { pair, frames } of scored) checkTracks(frames, pair, warnings);

  const mots = scored.map(({ pair, frames }) => {
    if (tracked && frames.length === 1)
      warnings.note('sequences of one scored frame, not in MOTA', pair.annotated.file);
    return tracked && frames.length > 1 ? motOf(frames) : null;
  });
  const sequences = scored.map(({ pair, frames, detections }, i): ScoredSequence => {
    const { ap, precision, recall } = precisionFigures(detections);
    return { name: pair.name, frames, ap, precision, recall, tracking: trackingFigures(mots[i]) };
  });
  const all = pooled(scored.map(({ detections }) => detections));
  counts.annotatedJoints = all.reduce((sum, { positives }) => sum + positives, 0);
  counts.predictedJoints = all.reduce((sum, { scores }) => sum + scores.length, 0);
  return {
    ...precisionFigures(all),
    tracking: trackingFigures(summed(mots.filter((mot) => mot !== null))),
    counts,
    warnings: warnings.list(),
    sequences,
  };
}

/** People without the joints that PoseTrack21 takes as absent, x ≤ 0 or y ≤ 0. */
function onlyPositive(people: readonly LabelledPose[], where: string, warnings: Warnings): LabelledPose[] {
  return people.map((pose) => {
    const joints = pose.joints.slice();
    for (let k = 0; k < K; k++) {
      if (!(joints[k * 3] <= 0 || joints[k * 3 + 1] <= 0)) continue; // NaN: absent already
      joints.set(ABSENT, k * 3);
      warnings.note('predicted joints at x ≤ 0 or y ≤ 0, which PoseTrack21 takes as absent', where);
    }
    return { ...pose, joints };
  });
}

/** Whether everybody has one who needs it: a person without joints is nobody's match. */
function hasHeadBoxes(people: readonly LabelledPose[], where: string, warnings: Warnings): boolean {
  const without = people.findIndex(({ headBox, joints }) => headBox === null && extentOf(joints) !== null);
  if (without < 0) {
    for (const pose of people)
      if (headSize(pose) === 0)
        warnings.note('annotated people whose head box is empty: none of their joints can be hit', where);
    return true;
  }
  warnings.missing({
    text: 'frames with a person without head box, not scored',
    where,
    problem: `person ${without} has no head box, which sets the scale of PoseTrack's measure`,
    remedy: 'Add bbox_head (PoseTrack18) or x1, y1, x2, y2 (PoseTrack17), or use --metric coco-oks',
  });
  return false;
}

/** Of one joint: the score of every prediction, whether it is right, and how many there were to find. */
interface Detections {
  scores: Float64Array;
  correct: Uint8Array;
  positives: number;
}

function detectionsOf(frames: readonly ScoredFrame[]): Detections[] {
  return POSETRACK17_JOINTS.map((_, k) => {
    const scores: number[] = [];
    const correct: number[] = [];
    let positives = 0;
    for (const { annotated, predicted, annotationOf, distances } of frames) {
      for (const { joints } of annotated) if (!Number.isNaN(joints[k * 3])) positives++;
      predicted.forEach(({ joints }, p) => {
        if (Number.isNaN(joints[k * 3])) return;
        const g = annotationOf[p];
        scores.push(joints[k * 3 + 2]);
        correct.push(g >= 0 && distances[(p * annotated.length + g) * K + k] <= HEAD_THRESHOLD ? 1 : 0);
      });
    }
    return { scores: Float64Array.from(scores), correct: Uint8Array.from(correct), positives };
  });
}

function pooled(sequences: readonly Detections[][]): Detections[] {
  return POSETRACK17_JOINTS.map((_, k) => {
    const parts = sequences.map((detections) => detections[k]);
    const size = parts.reduce((sum, { scores }) => sum + scores.length, 0);
    const all: Detections = { scores: new Float64Array(size), correct: new Uint8Array(size), positives: 0 };
    let at = 0;
    for (const { scores, correct, positives } of parts) {
      all.scores.set(scores, at);
      all.correct.set(correct, at);
      all.positives += positives;
      at += scores.length;
    }
    return all;
  });
}

function precisionFigures(
  detections: readonly Detections[],
): Pick<PoseTrackResult, 'ap' | 'precision' | 'recall' | 'curves'> {
  const curves = detections.map(({ scores, correct, positives }) => precisionRecall(scores, correct, positives));
  const percent = (value: (curve: PrecisionRecall) => number): Figures =>
    figures(POSETRACK17_JOINTS, curves.map((curve) => (curve.precision.length === 0 ? 0 : 100 * value(curve)))); // prettier-ignore
  return {
    ap: percent(averagePrecision),
    precision: percent(({ precision }) => precision[precision.length - 1]),
    recall: percent(({ recall }) => recall[recall.length - 1]),
    curves,
  };
}

/** Whether everybody has a track id; says who has none. */
function canTrack(frames: readonly ScoredFrame[], warnings: Warnings): boolean {
  const untracked = (side: 'annotated' | 'predicted'): void => {
    for (const frame of frames) {
      const count = frame[side].filter(({ trackId }) => trackId === null).length;
      if (count > 0) warnings.note(`${side} people without track id, therefore no MOTA`, frame.name, count);
    }
  };
  const tracked = frames.every(({ annotated, predicted }) =>
    [...annotated, ...predicted].every(({ trackId }) => trackId !== null),
  );
  if (!tracked) for (const side of ['annotated', 'predicted'] as const) untracked(side);
  return tracked;
}

/** Doubled track ids make predictions unusable for MOTA, as in the reference; in annotations they are its quirk to bear. */
function checkTracks(frames: readonly ScoredFrame[], { annotated, predicted }: SequencePair, warnings: Warnings): void {
  for (const frame of frames) {
    const twice = doubledTrack(frame.predicted);
    if (twice !== null) {
      throw new GlposeError(
        'ANNOTATION',
        `${predicted.file}, frame ${frame.name}: two people have the track_id ${twice}`,
        'Give each person of a frame its own track_id, or leave MOTA out with --no-tracks.',
      );
    }
    if (doubledTrack(frame.annotated) !== null) {
      warnings.note('annotated frames in which two people have one track_id', `${annotated.file}, frame ${frame.name}`);
    }
  }
}

function doubledTrack(people: readonly LabelledPose[]): number | null {
  const seen = new Set<number | null>();
  for (const { trackId } of people) {
    if (seen.has(trackId)) return trackId;
    seen.add(trackId);
  }
  return null;
}

/** Places of the people who have joint k. */
function withJoint(people: readonly LabelledPose[], k: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < people.length; i++) if (!Number.isNaN(people[i].joints[k * 3])) places.push(i);
  return places;
}

/** CLEAR MOT of each joint over one sequence. Its last frame plays no part (in PoseTrack its annotations are faulty). */
function motOf(frames: readonly ScoredFrame[]): MotCounts[] {
  return POSETRACK17_JOINTS.map((_, k) => {
    const mot = new ClearMot();
    for (const { annotated, predicted, distances } of frames.slice(0, -1)) {
      if (annotated.length === 0 || predicted.length === 0) {
        mot.update([0], [0], () => Infinity); // the reference's way with one-sided frames: one miss, one false positive
        continue;
      }
      const [gs, ps] = [withJoint(annotated, k), withJoint(predicted, k)];
      mot.update(
        gs.map((g) => annotated[g].trackId!),
        ps.map((p) => predicted[p].trackId!),
        (i, j) => {
          const distance = distances[(ps[j] * annotated.length + gs[i]) * K + k];
          return distance <= HEAD_THRESHOLD ? distance : Infinity;
        },
      );
    }
    return mot.counts;
  });
}

function summed(sequences: readonly MotCounts[][]): MotCounts[] | null {
  if (sequences.length === 0) return null;
  return POSETRACK17_JOINTS.map((_, k) => {
    const sum = { ...NO_MOT_COUNTS };
    for (const counts of sequences) {
      for (const key of Object.keys(sum) as (keyof MotCounts)[]) sum[key] += counts[k][key];
    }
    return sum;
  });
}

function trackingFigures(counts: readonly MotCounts[] | null): TrackingFigures | null {
  if (counts === null) return null;
  const percent = (value: (joint: MotCounts) => number): Figures =>
    figures(POSETRACK17_JOINTS, counts.map((joint) => 100 * value(joint))); // prettier-ignore
  return {
    mota: percent((c) => (c.objects === 0 ? NaN : 1 - (c.misses + c.switches + c.falsePositives) / c.objects)),
    motp: percent((c) => (c.matches === 0 ? 0 : 1 - c.distance / c.matches)),
    precision: percent((c) => c.matches / (c.matches + c.falsePositives)),
    recall: percent((c) => c.matches / c.objects),
  };
}
