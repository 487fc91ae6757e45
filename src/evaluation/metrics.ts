/* The measures that `glpose eval` knows, from files to figures. */
import { readingPoseFiles } from '../formats/read-poses.js';
import { readingJhmdb } from '../formats/jhmdb.js';
import type { CocoDialect } from '../formats/coco.js';
import { Warnings, type Warning } from '../formats/warnings.js';
import type { PoseSequence } from '../formats/pose-sequence.js';
import { atOnce, type Steps } from '../concurrency/steps.js';
import { GROUP_NAMES, type Figures } from './figures.js';
import { evaluateJhmdbPck } from './jhmdb-pck.js';
import { evaluateOks } from './oks.js';
import { evaluatePckh } from './pckh.js';
import { evaluatePoseTrack, type PoseTrackFigures, type PoseTrackResult } from './posetrack.js';

export interface MetricOptions {
  /** Score what both sides have instead of failing where something is missing. Default false. */
  allowMissing?: boolean;
  /** Compute MOTA where there are track ids. Default true. */
  tracks?: boolean;
  /** How annotations of the COCO family are to be read, instead of what they look like. */
  dialect?: CocoDialect;
}

/** The figures of one set of predictions. */
export interface Evaluation {
  /** The document of `--json`; NaN stands for what is not defined. */
  summary: { metric: MetricName } & Record<string, unknown>;
  /** More of the same, for `--json --details`. */
  details: Record<string, unknown>;
  /** For people: named rows of figures under common headings. */
  table: { headings: string[]; rows: { name: string; values: number[] }[] };
  /** What the figures stand on: kind → number. */
  counts: Record<string, number>;
  warnings: Warning[];
  /** Everything about PoseTrack AP, which the report draws from; null for other measures. */
  posetrack: PoseTrackResult | null;
}

export interface Metric {
  title: string;
  /**
   * Reads the annotations once, for any number of predictions.
   * @throws GlposeError ANNOTATION, as does the returned function
   */
  prepare(annotations: string, options: MetricOptions): (predictions: string) => Evaluation;
  /** The same, a file a step. */
  preparing(annotations: string, options: MetricOptions): Steps<(predictions: string) => Steps<Evaluation>>;
}

function metricOf(title: string, preparing: Metric['preparing']): Metric {
  return {
    title,
    preparing,
    prepare(annotations, options) {
      const evaluating = atOnce(preparing(annotations, options));
      return (predictions) => atOnce(evaluating(predictions));
    },
  };
}

export type MetricName = 'posetrack-ap' | 'pckh' | 'coco-oks' | 'sub-jhmdb-pck';

const GROUP_HEADINGS = GROUP_NAMES.map((name) => name[0].toUpperCase() + name.slice(1));
const groupRow = (name: string, { groups }: Figures): { name: string; values: number[] } => ({
  name,
  values: GROUP_NAMES.map((group) => groups[group]),
});

/** Reads annotations and then, with the warnings made there, each set of predictions. */
function* poseFiles(annotations: string, options: MetricOptions): Steps<(predictions: string) => Steps<PoseFiles>> {
  const { allowMissing = false, dialect } = options;
  const first = new Warnings(allowMissing);
  const truth = yield* readingPoseFiles(annotations, { role: 'annotations', warnings: first, dialect });
  return function* (predictions) {
    const warnings = first.continued();
    const found = yield* readingPoseFiles(predictions, { role: 'predictions', warnings, dialect, annotations: truth });
    return { truth, found, warnings };
  };
}

interface PoseFiles {
  truth: PoseSequence[];
  found: PoseSequence[];
  warnings: Warnings;
}

const posetrackAp = metricOf('PoseTrack AP and MOTA', function* (annotations, options) {
  const read = yield* poseFiles(annotations, options);
  return function* (predictions) {
    const { truth, found, warnings } = yield* read(predictions);
    const result = evaluatePoseTrack(truth, found, { warnings, tracks: options.tracks });
    const { ap, precision, recall, tracking } = result;
    const rows = [groupRow('AP', ap), groupRow('Precision', precision), groupRow('Recall', recall)];
    if (tracking) rows.push(groupRow('MOTA', tracking.mota), groupRow('MOTP', tracking.motp));
    return {
      summary: { metric: 'posetrack-ap', ...ap, precision, recall, mota: tracking?.mota ?? null },
      details: {
        tracking,
        sequences: Object.fromEntries(result.sequences.map((sequence) => [sequence.name, bare(sequence)])),
      },
      table: { headings: GROUP_HEADINGS, rows },
      counts: { ...result.counts },
      warnings: result.warnings,
      posetrack: result,
    };
  };
});

/** A sequence's figures without its frames. */
function bare({ ap, precision, recall, tracking }: PoseTrackFigures): object {
  return { ...ap, precision, recall, mota: tracking?.mota ?? null, tracking };
}

const pckh = metricOf('PCKh@0.5', function* (annotations, options) {
  const read = yield* poseFiles(annotations, options);
  return function* (predictions) {
    const { truth, found, warnings: made } = yield* read(predictions);
    const { joints, groups, total, limbs, counts, warnings } = evaluatePckh(truth, found, { warnings: made });
    const row = groupRow('PCKh', { joints, groups });
    return {
      summary: { metric: 'pckh', joints, groups, total, limbs },
      details: {},
      table: {
        headings: [...GROUP_HEADINGS, 'Total', 'Limbs'],
        rows: [{ ...row, values: [...row.values, total, limbs] }],
      },
      counts: { ...counts },
      warnings,
      posetrack: null,
    };
  };
});

const cocoOks = metricOf('COCO OKS-AP and AR', function* (annotations, options) {
  const read = yield* poseFiles(annotations, options);
  return function* (predictions) {
    const { truth, found, warnings: made } = yield* read(predictions);
    const { counts, warnings, ...scores } = evaluateOks(truth, found, { warnings: made });
    const { ap, ap50, ap75, apMedium, apLarge, ar, ar50, ar75, arMedium, arLarge } = scores;
    return {
      summary: { metric: 'coco-oks', ...scores },
      details: {},
      table: {
        headings: ['Mean', '.50', '.75', 'Medium', 'Large'],
        rows: [
          { name: 'AP', values: [ap, ap50, ap75, apMedium, apLarge] },
          { name: 'AR', values: [ar, ar50, ar75, arMedium, arLarge] },
        ],
      },
      counts: { ...counts },
      warnings,
      posetrack: null,
    };
  };
});

const subJhmdbPck = metricOf('Sub-JHMDB PCK@0.2', function* (annotations, options) {
  const first = new Warnings(options.allowMissing);
  const splits = yield* readingJhmdb(annotations, first);
  return function* (predictions) {
    const made = first.continued();
    const truth = splits.flatMap(({ clips }) => clips);
    const found = yield* readingPoseFiles(predictions, { role: 'predictions', warnings: made, annotations: truth });
    const { box, torso, counts, warnings } = evaluateJhmdbPck(splits, found, { warnings: made });
    return {
      summary: { metric: 'sub-jhmdb-pck', ...box, torso },
      details: {},
      table: { headings: GROUP_HEADINGS, rows: [groupRow('PCK, box', box), groupRow('PCK, torso', torso)] },
      counts: { ...counts },
      warnings,
      posetrack: null,
    };
  };
});

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  'posetrack-ap': posetrackAp,
  pckh,
  'coco-oks': cocoOks,
  'sub-jhmdb-pck': subJhmdbPck,
};
