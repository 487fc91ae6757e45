import { GROUP_NAMES } from '../figures.js';
import { errorKinds, ERROR_KINDS } from '../error-kinds.js';
import type { Evaluation, MetricName } from '../metrics.js';
import type { PoseTrackResult } from '../posetrack.js';
import { PUBLISHED, type PublishedRow } from '../published.js';
import { percent } from '../text-table.js';
import { VERSION } from '../../version.js';
import { errorChart, KIND_LABELS, kindColour, precisionRecallCharts, runColour, sequenceChart, type ChartRun } from './charts.js'; // prettier-ignore
import { html, type Html } from './html.js';
import { STYLE } from './style.js';
import { worstFrameFigure, worstFrames } from './worst-frames.js';

export interface ReportInput {
  /** The measure's name for people. */
  title: string;
  metric: MetricName;
  /** Where the annotations came from. */
  annotations: string;
  /** The first is what the others are compared with. */
  runs: readonly { name: string; evaluation: Evaluation }[];
  /** Where the frames lie; without it, skeletons are drawn on a blank ground. */
  frames?: string;
}

type Run = ReportInput['runs'][number];
type PoseTrackRun = Run & { posetrack: PoseTrackResult };

/** One self-contained HTML page: no script, nothing loaded, light and dark, for wide and narrow screens. */
export async function buildReport(input: ReportInput): Promise<string> {
  const { title, runs, annotations } = input;
  const detailed = runs.flatMap((run): PoseTrackRun[] => {
    const { posetrack } = run.evaluation;
    return posetrack ? [{ ...run, posetrack }] : [];
  });
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}: ${runs.map(({ name }) => name).join(', ')}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>${runs.map(({ name }, i) => legendItem(name, runColour(i)))}</p>
          <p class="quiet">against ${annotations}, by glpose ${VERSION}</p>
        </header>
        <main>
          ${scoresSection(input)} ${detailed.length > 0 ? await posetrackSections(detailed, input.frames) : null}
          ${basisSection(runs)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function legendItem(name: string, colour: string): Html {
  return html`<span class="legend"><span class="swatch" style="background:${colour}"></span>${name}</span> `;
}

function section(title: string, ...content: (Html | null)[]): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function table(headings: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function row(name: Html | string, cells: readonly (Html | string)[], kind = ''): Html {
  return html`<tr class="${kind}">
    <th scope="row">${name}</th>
    ${cells.map((cell) => html`<td>${cell}</td>`)}
  </tr>`;
}

/** The paper's table: the measure's rows first, published ones below them and marked, then precision, recall, tracking. */
function scoresSection({ metric, runs }: ReportInput): Html {
  const { headings } = runs[0].evaluation.table;
  const [main, ...others] = runs[0].evaluation.table.rows.map(({ name }, i) =>
    runs.map((run, r) => {
      const { values } = run.evaluation.table.rows[i] ?? { values: headings.map(() => NaN) };
      const base = runs[0].evaluation.table.rows[i].values;
      const label = runs.length === 1 ? name : html`${legendItem(run.name, runColour(r))}${name}`;
      return row(
        label,
        values.map((value, c) => (r === 0 ? figure(value) : withDelta(value, base[c]))),
        'measured',
      );
    }),
  );
  const published = PUBLISHED.filter(({ on }) => isComparable(metric, on));
  const inFull = published.filter(({ values }) => Object.keys(values).length > 1).map((row) => publishedRow(row, runs[0].evaluation.table.rows[0].name)); // prettier-ignore
  return section(
    'Scores',
    html`<div class="scores">${table(['', ...headings], [...main, ...inFull, ...others.flat()])}</div>`,
    published.length === 0
      ? null
      : html`<h3>Published means</h3>
          ${publishedMeans(published)}
          <p class="quiet">
            Rows marked <span class="tag">published</span> are figures from the systems’ papers, with their boxes,
            training data and protocols. They were not measured here, and compare only with runs on the same data set.
          </p>`,
  );
}

function isComparable(metric: MetricName, on: PublishedRow['on']): boolean {
  return metric === 'sub-jhmdb-pck' ? on === 'Sub-JHMDB' : metric === 'posetrack-ap' && on !== 'Sub-JHMDB';
}

const publishedTag = html` <span class="tag">published</span>`;

/** @param measure what the figures are, as the table's first row calls it */
function publishedRow({ system, on, values }: PublishedRow, measure: string): Html {
  const label = html`${system}, ${on}: ${measure}${publishedTag}`;
  return row(label, GROUP_NAMES.map((group) => figure(values[group] ?? NaN)), 'published'); // prettier-ignore
}

/** One row per system, one column per data set. */
function publishedMeans(published: readonly PublishedRow[]): Html {
  const sets = [...new Set(published.map(({ on }) => on))];
  const systems = [...new Set(published.map(({ system }) => system))];
  const meanOf = (system: string, set: string): string =>
    figure(published.find((entry) => entry.system === system && entry.on === set)?.values.mean ?? NaN);
  return table(
    ['', ...sets],
    systems.map((system) => row(html`${system}${publishedTag}`, sets.map((set) => meanOf(system, set)), 'published')), // prettier-ignore
  );
}

/** One decimal and a real minus. */
function figure(value: number): string {
  return percent(value).replace('-', '−');
}

function withDelta(value: number, base: number): Html {
  const delta = value - base;
  const text = figure(Math.abs(delta));
  if (Number.isNaN(delta)) return html`${figure(value)}`;
  const [kind, sign] = text === '0.0' ? ['quiet', '±'] : delta < 0 ? ['worse', '−'] : ['better', '+'];
  return html`${figure(value)} <span class="delta ${kind}">${sign}${text}</span>`;
}

async function posetrackSections(runs: readonly PoseTrackRun[], frames?: string): Promise<Html[]> {
  const charts = runs.map(({ name, posetrack: { ap, curves, sequences } }): ChartRun => ({
    name,
    joints: ap.joints,
    curves,
    sequences: sequences.map((sequence) => ({ name: sequence.name, ap: sequence.ap.groups.mean })),
    errors: errorKinds(sequences.flatMap((sequence) => sequence.frames)),
  }));
  const legend = html`<p>${runs.map(({ name }, i) => legendItem(name, runColour(i)))}</p>`;
  const kinds = [...(Object.keys(ERROR_KINDS) as (keyof typeof ERROR_KINDS)[]), 'falsePositive'] as const;
  const worst = worstFrames(runs[0].posetrack.sequences);
  const figures: Html[] = [];
  for (const frame of worst) figures.push(await worstFrameFigure(frame, frames));
  return [
    section(
      'Precision over recall, per joint',
      html`<p class="quiet">
        Precision upwards, recall to the right, both from 0 to 1, as the joints’ scores fall. Under the name, AP.
      </p>`,
      runs.length > 1 ? legend : null,
      html`<div class="grid">${precisionRecallCharts(charts)}</div>`,
    ),
    section(
      'AP per sequence',
      runs.length > 1 ? legend : null,
      bothWidths((width) => sequenceChart(charts, width)),
      sequenceTable(charts),
    ),
    section(
      'Kinds of errors',
      html`<p>${kinds.map((kind) => legendItem(KIND_LABELS[kind], kindColour(kind)))}</p>`,
      ...charts.map((chart) => html`<h3>${runs.length > 1 ? chart.name : ''}</h3>${bothWidths((width) => errorChart(chart, charts, width))}`), // prettier-ignore
      html`<p class="quiet">
        Up to the dashed line, what became of the annotated joints:
        ${kinds
          .filter((kind) => kind !== 'falsePositive')
          .map((kind) => `${KIND_LABELS[kind]}, ${ERROR_KINDS[kind]}`)
          .join('; ')}.
        Beyond it, false positives: predicted joints of people who stand for nobody, or that their person does not have.
      </p>`,
    ),
    section(
      runs.length > 1 ? `Worst frames of ${runs[0].name}` : 'Worst frames',
      html`<p>
        <span class="legend"><span class="line annotated"></span>annotated</span>
        <span class="legend"><span class="line predicted"></span>predicted</span>
        rings, wrong joints:
        ${(['inversion', 'swap', 'jitter', 'miss'] as const).map((kind) => legendItem(KIND_LABELS[kind], kindColour(kind)))}
      </p>`,
      worst.length === 0 ? html`<p>No frame has a wrong joint.</p>` : html`<div class="frames">${figures}</div>`,
    ),
  ];
}

/** A chart for wide screens and one for narrow ones; the style shows one of them. */
function bothWidths(draw: (width: number) => Html): Html {
  return html`<div class="wide">${draw(880)}</div>
    <div class="narrow">${draw(340)}</div>`;
}

const LISTED = 10;

/** The weakest sequences; with two or more runs those that differ most. */
function sequenceTable(runs: readonly ChartRun[]): Html {
  const [first, ...others] = runs;
  const of = (run: ChartRun): Map<string, number> => new Map(run.sequences.map(({ name, ap }) => [name, ap]));
  const rest = others.map(of);
  const difference = (name: string, ap: number): number =>
    Math.max(...rest.map((aps) => Math.abs((aps.get(name) ?? NaN) - ap) || 0));
  const listed = [...first.sequences]
    .sort((a, b) => (others.length > 0 ? difference(b.name, b.ap) - difference(a.name, a.ap) : a.ap - b.ap))
    .slice(0, LISTED);
  const rows = listed.map(({ name, ap }) =>
    row(name, [figure(ap), ...rest.map((aps) => withDelta(aps.get(name) ?? NaN, ap))]),
  );
  const all = first.sequences.map(({ name, ap }) => row(name, [figure(ap), ...rest.map((aps) => withDelta(aps.get(name) ?? NaN, ap))])); // prettier-ignore
  const headings = ['', ...(others.length > 0 ? runs.map(({ name }) => name) : ['AP'])];
  return html`<h3>${others.length > 0 ? 'Sequences that differ most' : 'Weakest sequences'}</h3>
    ${table(headings, rows)}
    ${
      first.sequences.length > LISTED &&
      html`<details>
        <summary>All ${first.sequences.length} sequences</summary>
        ${table(headings, all)}
      </details>`
    }`;
}

/** What the figures stand on, and everything that was passed over. */
function basisSection(runs: readonly Run[]): Html {
  const kinds = Object.keys(runs[0].evaluation.counts);
  const words = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const warnings = runs.flatMap(({ name, evaluation }) =>
    evaluation.warnings.map(
      ({ text, count, first }) =>
        html`<li>
          ${runs.length > 1 ? `${name}: ` : ''}${count.toLocaleString('en')} ${text}
          <span class="quiet">(first: ${first})</span>
        </li>`,
    ),
  );
  return section(
    'What was scored',
    table(
      ['', ...runs.map(({ name }) => name)],
      kinds.map((kind) => row(words(kind), runs.map(({ evaluation }) => (evaluation.counts[kind] ?? 0).toLocaleString('en')))), // prettier-ignore
    ),
    warnings.length === 0
      ? html`<p>Nothing was left out.</p>`
      : html`<ul>
          ${warnings}
        </ul>`,
  );
}
