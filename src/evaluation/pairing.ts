import path from 'node:path';
import { GlposeError } from '../errors.js';
import { stemOf, type LabelledFrame, type PoseSequence } from '../formats/pose-sequence.js';
import type { Warnings } from '../formats/warnings.js';

/** One frame that both sides have. */
export interface FramePair {
  annotated: LabelledFrame;
  predicted: LabelledFrame;
}

/** One sequence that both sides have; its frames in order of time. */
export interface SequencePair {
  name: string;
  annotated: PoseSequence;
  predicted: PoseSequence;
  frames: FramePair[];
}

/**
 * Finds for every annotated sequence and frame the prediction that belongs to it.
 *
 * Sequences: by the folder in the frames' names, or by the file's name; one alone on either side needs no name.
 * Frames: by image id where results came as a list; by file name without extension; else by PoseTrack's numbering
 * (eight digits, and JHMDB's five, count from 1, six from 0); else by place, where both sides have the same number of frames.
 *
 * @throws GlposeError ANNOTATION where an annotated sequence or frame has no prediction, unless `warnings.allowMissing`
 */
export function pairSequences(
  annotations: readonly PoseSequence[],
  predictions: readonly PoseSequence[],
  warnings: Warnings,
): SequencePair[] {
  if (annotations.length === 0) throw nothingToScore(annotations, warnings);
  const find = sequenceFinder(predictions);
  const isOnly = annotations.length === 1 && predictions.length === 1;
  const used = new Set<PoseSequence>();
  const pairs: SequencePair[] = [];
  const missing: PoseSequence[] = [];
  for (const annotated of annotations) {
    const predicted = find(annotated) ?? (isOnly ? predictions[0] : undefined);
    if (!predicted) {
      missing.push(annotated);
      continue;
    }
    if (used.has(predicted)) {
      throw new GlposeError(
        'ANNOTATION',
        `two annotated sequences answer to the predictions in ${predicted.file}: ${pairs.find((pair) => pair.predicted === predicted)!.annotated.file} and ${annotated.file}`,
        'Give every sequence once.',
      );
    }
    used.add(predicted);
    pairs.push({ name: annotated.name, annotated, predicted, frames: pairFrames(annotated, predicted, warnings) });
  }
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name);
    warnings.missing({
      text: 'annotated sequences without predictions, not scored',
      where: predictions[0] ? path.dirname(predictions[0].file) : 'predictions',
      problem: `no predictions for ${names.length} of ${annotations.length} sequences: ${some(names)}`,
      remedy: "Add their files; the folder in the frames' names, or the file's name, must be the same on both sides",
      count: missing.length,
    });
  }
  if (pairs.length === 0) {
    throw new GlposeError(
      'ANNOTATION',
      `no sequence is in both: annotations have ${some(annotations.map(({ name }) => name))}, predictions ${some(predictions.map(({ name }) => name))}`,
      "The folder in the frames' names, or the file's name, must be the same on both sides.",
    );
  }
  const extra = predictions.filter((sequence) => !used.has(sequence));
  if (extra.length > 0) warnings.note('predicted sequences without annotations, left out', extra[0].name, extra.length);
  return pairs;
}

/** The error of annotations in which nobody is annotated, or nobody who can be scored: `warnings` say who was left out. */
export function nothingToScore(annotations: readonly PoseSequence[], warnings: Warnings): GlposeError {
  const file = annotations[0]?.file ?? 'annotations';
  const frames = annotations.reduce((sum, sequence) => sum + sequence.frames.length, 0);
  const others = annotations.length > 1 ? ` and ${annotations.length - 1} more sequences` : '';
  const why = warnings.list().map(({ count, text }) => `; ${count} ${text}`);
  return new GlposeError(
    'ANNOTATION',
    `${file}${others}: no person to score in ${frames} frames${why.join('')}`,
    'Give annotations with people and what the measure needs of them (unpublished test sets have none), or take another --metric.',
  );
}

/** Says which of a measure's joints the predictions' layout does not have, and what becomes of them. */
export function noteLackingJoints(
  predictions: readonly PoseSequence[],
  joints: readonly string[],
  consequence: string,
  warnings: Warnings,
): void {
  for (const sequence of predictions) {
    const lacking = joints.filter((joint) => !sequence.joints.includes(joint));
    if (lacking.length > 0)
      warnings.note(`sequences predicted without ${lacking.join(' and ')}, ${consequence}`, sequence.file);
  }
}

/** First three names. */
function some(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? `, … (${names.length})` : '');
}

function sequenceFinder(predictions: readonly PoseSequence[]): (annotated: PoseSequence) => PoseSequence | undefined {
  const byName = new Map<string, PoseSequence | null>(); // null: several have the name, so it names none
  const enter = (name: string, sequence: PoseSequence): void => {
    const there = byName.get(name);
    if (there !== sequence) byName.set(name, there === undefined ? sequence : null);
  };
  for (const sequence of predictions) {
    enter(`folder ${sequence.name}`, sequence);
    if (sequence.alone) enter(`file ${path.parse(sequence.file).name}`, sequence);
  }
  return (annotated) => {
    const stem = path.parse(annotated.file).name;
    const keys = annotated.alone
      ? [`file ${stem}`, `folder ${annotated.name}`, `folder ${stem}`, `file ${annotated.name}`]
      : [`folder ${annotated.name}`, `file ${annotated.name}`];
    for (const key of keys) {
      const found = byName.get(key);
      if (found) return found;
    }
    if (!keys.some((key) => byName.has(key))) return undefined;
    const files = predictions.filter(({ name }) => name === annotated.name).map(({ file }) => file);
    throw new GlposeError(
      'ANNOTATION',
      `several files hold predictions of ${annotated.name}: ${some(files)}`,
      'Keep one of them, or name each file as its annotation file.',
    );
  };
}

function pairFrames(annotated: PoseSequence, predicted: PoseSequence, warnings: Warnings): FramePair[] {
  const wanted = annotated.frames.filter((frame) => frame.labelled);
  const counterpart = frameFinder(annotated, predicted, warnings);
  const used = new Set<LabelledFrame>();
  const pairs: FramePair[] = [];
  const missing: LabelledFrame[] = [];
  let unlabelled = annotated.frames.length - wanted.length;
  for (const frame of wanted) {
    const prediction = counterpart(frame);
    if (prediction) {
      used.add(prediction);
      pairs.push({ annotated: frame, predicted: prediction });
    } else if (frame.listed === 0) {
      unlabelled++; // nobody is annotated: it would not be scored anyway
    } else {
      missing.push(frame);
    }
  }
  if (missing.length > 0) {
    const [first] = predicted.frames;
    warnings.missing({
      text: 'annotated frames without a prediction, not scored',
      where: predicted.file,
      problem:
        `${missing.length} of the ${wanted.length} annotated frames of ${annotated.name} have no counterpart among the ` +
        `${predicted.frames.length} predicted ones: ${missing[0].name} (predictions have ${first ? first.name : 'no frame'}, …)`,
      remedy: 'List every frame under the name it has in the annotations, with no people where there are none',
      count: missing.length,
    });
  }
  const extra = predicted.frames.length - used.size;
  if (unlabelled > 0) warnings.note('frames in which nobody is annotated, not scored', annotated.name, unlabelled);
  if (extra > unlabelled)
    warnings.note('predicted frames that the annotations do not list, left out', annotated.name, extra - unlabelled);
  return pairs;
}

type FrameFinder = (frame: LabelledFrame) => LabelledFrame | undefined;

function frameFinder(annotated: PoseSequence, predicted: PoseSequence, warnings: Warnings): FrameFinder {
  const stems = new Map(predicted.frames.map((frame) => [stemOf(frame.name), frame]));
  const numbers = new Map(predicted.frames.map((frame) => [frameNumber(frame), frame]));
  const shared = annotated.frames.filter((frame) => stems.has(stemOf(frame.name))).length;
  if (shared > 0 && !numberedApart(annotated, predicted)) return (frame) => stems.get(stemOf(frame.name));
  if (numberedApart(annotated, predicted)) return (frame) => numbers.get(frameNumber(frame));
  if (annotated.frames.length === predicted.frames.length) {
    warnings.note('sequences whose frames have other names in the predictions, paired in order', annotated.name);
    const places = new Map(annotated.frames.map((frame, place) => [frame, predicted.frames[place]]));
    return (frame) => places.get(frame);
  }
  return () => undefined;
}

/** Names with this many digits count from 1: PoseTrack17's, JHMDB's. Six digits, PoseTrack18's, count from 0. */
const FROM_ONE = [8, 5];

/** One side counts from 1, the other from 0. */
function numberedApart(a: PoseSequence, b: PoseSequence): boolean {
  const digits = (sequence: PoseSequence): number => {
    const lengths = new Set(sequence.frames.map((frame) => /^\d+$/.exec(stemOf(frame.name))?.[0].length ?? 0));
    return lengths.size === 1 ? [...lengths][0] : 0;
  };
  const both = [digits(a), digits(b)];
  return both.some((length) => FROM_ONE.includes(length)) && both.includes(6);
}

/** 0-based. */
function frameNumber(frame: LabelledFrame): number {
  const stem = stemOf(frame.name);
  return Number(stem) - (FROM_ONE.includes(stem.length) ? 1 : 0);
}
