/*
 * The report's plots, drawn with Observable Plot as SVG while the report is written: the page needs no script. Colours
 * are the page's own variables, so that they follow light and dark mode.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { POSETRACK17_JOINTS } from '../../joints.js';
import type { PrecisionRecall } from '../average-precision.js';
import { ERROR_KINDS, type ErrorCounts } from '../error-kinds.js';
import { percent } from '../text-table.js';
import { html, Html } from './html.js';

/** One set of predictions as the plots need it. */
export interface ChartRun {
  name: string;
  /** AP by joint. */
  joints: Record<string, number>;
  curves: PrecisionRecall[];
  sequences: { name: string; ap: number }[];
  errors: ErrorCounts[];
}

const { document } = parseHTML('<html><body></body></html>');

export const runColour = (run: number): string => `var(--run-${run % 6})`;

/** Draws one plot; `label` says to those who cannot see it what it shows. */
function draw(label: string, options: Plot.PlotOptions): Html {
  const plot = Plot.plot({ document, ariaLabel: label, style: { background: 'none', fontSize: '11px' }, ...options });
  plot.setAttribute('role', 'img');
  return new Html(String(plot.outerHTML));
}

/** Points of a curve that a plot can show: a hundred, the ends among them. */
function thinned({ precision, recall }: PrecisionRecall): { recall: number; precision: number }[] {
  const steps = Math.min(precision.length, 100);
  return Array.from({ length: steps }, (_, i) => {
    const rank = steps === 1 ? 0 : Math.round((i * (precision.length - 1)) / (steps - 1));
    return { recall: recall[rank], precision: precision[rank] };
  }).filter(({ recall: value }) => !Number.isNaN(value));
}

/** One small plot per joint, all runs in each; right and left of a joint side by side. */
export function precisionRecallCharts(runs: readonly ChartRun[]): Html[] {
  const order = ['nose', 'head_top', 'neck', ...['shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'].flatMap((part) => [`right_${part}`, `left_${part}`])]; // prettier-ignore
  return order.map((joint) => {
    const k = (POSETRACK17_JOINTS as readonly string[]).indexOf(joint);
    const title = joint.replace('_', ' ');
    const plot = draw(`Precision over recall of the ${title}`, {
      width: 220,
      height: 180,
      marginLeft: 30,
      marginBottom: 24,
      marginTop: 8,
      marginRight: 10,
      x: { domain: [0, 1], label: null, ticks: [0, 0.5, 1] },
      y: { domain: [0, 1], label: null, ticks: [0, 0.5, 1], grid: true },
      marks: runs.map(({ curves }, run) =>
        Plot.lineY(thinned(curves[k]), { x: 'recall', y: 'precision', stroke: runColour(run), strokeWidth: 1.6 }),
      ),
    });
    return html`<figure>
      <figcaption>
        ${title}<br />
        ${runs.map(({ joints }, run) => html`<span style="color:${runColour(run)}">${percent(joints[joint])}</span> `)}
      </figcaption>
      ${plot}
    </figure>`;
  });
}

/** AP of every sequence, sorted by the first run; names appear on hovering, and in the table below it. */
export function sequenceChart(runs: readonly ChartRun[], width: number): Html {
  const ranks = new Map([...runs[0].sequences].sort((a, b) => a.ap - b.ap).map(({ name }, rank) => [name, rank + 1]));
  const points = runs.flatMap(({ name, sequences }, run) =>
    sequences
      .filter((sequence) => !Number.isNaN(sequence.ap) && ranks.has(sequence.name))
      .map((sequence) => ({ ...sequence, rank: ranks.get(sequence.name)!, run, of: name })),
  );
  return draw('AP of every sequence, sorted', {
    width,
    height: 240,
    marginLeft: 40,
    x: {
      label: 'sequences, by AP of the first run',
      ticks: Math.min(5, ranks.size),
      domain: [0.5, ranks.size + 0.5],
      tickFormat: 'd',
    },
    y: { label: 'AP', domain: [0, 100], grid: true, ticks: 5 },
    marks: [
      Plot.dot(points, {
        x: 'rank',
        y: 'ap',
        r: 2.5,
        fill: (point: { run: number }) => runColour(point.run),
        stroke: null,
        title: (point: { name: string; ap: number; of: string }) => `${point.name}: ${percent(point.ap)} (${point.of})`,
      }),
    ],
  });
}

const KINDS = [...Object.keys(ERROR_KINDS), 'falsePositive'] as (keyof ErrorCounts)[];
export const KIND_LABELS: Record<keyof ErrorCounts, string> = {
  correct: 'correct',
  inversion: 'left/right inversion',
  swap: 'swap with another person',
  jitter: 'jitter',
  miss: 'miss',
  falsePositive: 'false positive',
};
export const kindColour = (kind: keyof ErrorCounts): string => `var(--kind-${kind})`;

interface ErrorBar {
  part: string;
  kind: keyof ErrorCounts;
  /** Percent of the part's annotated joints. */
  share: number;
}

const PARTS = ['head', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'];

function errorBars({ errors }: ChartRun): ErrorBar[] {
  return PARTS.flatMap((part) => {
    const members = errors.filter((_, k) => {
      const joint = POSETRACK17_JOINTS[k];
      return part === 'head' ? !/^(left|right)_/.test(joint) : joint.endsWith(part);
    });
    const total = (kind: keyof ErrorCounts): number => members.reduce((sum, counts) => sum + counts[kind], 0);
    const annotated = KINDS.reduce((sum, kind) => sum + (kind === 'falsePositive' ? 0 : total(kind)), 0);
    return annotated === 0 ? [] : KINDS.map((kind) => ({ part, kind, share: (100 * total(kind)) / annotated }));
  });
}

/**
 * What became of the annotated joints of each body part, and the false positives on top, per annotated joint.
 * @param runs all runs of the report: their charts share one scale
 */
export function errorChart(run: ChartRun, runs: readonly ChartRun[], width: number): Html {
  const longest = runs.flatMap((each) =>
    PARTS.map((part) => errorBars(each).reduce((sum, bar) => sum + (bar.part === part ? bar.share : 0), 0)),
  );
  return draw(`Kinds of errors of ${run.name} per body part`, {
    width,
    height: 250,
    marginLeft: 60,
    x: { label: '% of annotated joints', grid: true, ticks: 6, domain: [0, Math.max(100, ...longest)] },
    y: { label: null, domain: PARTS },
    marks: [
      Plot.barX(errorBars(run), {
        x: 'share',
        y: 'part',
        order: KINDS,
        z: 'kind',
        fill: (bar: ErrorBar) => kindColour(bar.kind),
        title: (bar: ErrorBar) => `${bar.part}, ${KIND_LABELS[bar.kind]}: ${percent(bar.share)} %`,
      }),
      Plot.ruleX([100], { strokeDasharray: '3,3' }),
    ],
  });
}
