/* The plots of an analysis, drawn with Observable Plot as SVG while the page is written. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Analysis, PersonAnalysis } from '../../analysis/analyse.js';
import { lengthUnit } from '../../analysis/tables.js';
import { html, Html } from '../../evaluation/report/html.js';
import type { MovementChart } from '../page/movement-data.js';

/** One plot as it stands on the page, and what the page's script needs of it. */
export interface DrawnChart {
  title: string;
  /** The legend of the lines, coloured as they are. */
  figure: Html;
  data: Omit<MovementChart, 'person'>;
}

interface Line {
  label: string;
  colour: string;
  values: Float64Array;
}

const COLOURS = { right: 'var(--right)', left: 'var(--left)', middle: 'var(--middle)' };

/** Points of a line in the drawing; longer ones are thinned to their highest and lowest values. */
const MOST_POINTS = 3000;

const { document } = parseHTML('<html><body></body></html>');
const SIZE = { width: 620, height: 150, marginLeft: 44, marginRight: 18, marginTop: 8, marginBottom: 22 };

/** All plots of a person: joint angles, segments, speeds, and when the feet are on the ground. */
export function chartsOf(analysis: Analysis, person: PersonAnalysis): DrawnChart[] {
  const charts: DrawnChart[] = [];
  const both = (kind: 'joint' | 'segment', part: string): Line[] =>
    (['right', 'left'] as const).flatMap((side) => {
      const found = person.angles.find((angle) => angle.kind === kind && angle.name === `${side}_${part}`);
      return found ? [{ label: side, colour: COLOURS[side], values: found.degrees }] : [];
    });
  const single = (kind: 'joint' | 'segment', ...names: string[]): Line[] =>
    names.flatMap((name, i) => {
      const found = person.angles.find((angle) => angle.kind === kind && angle.name === name);
      return found ? [{ label: name, colour: [COLOURS.middle, COLOURS.left][i % 2], values: found.degrees }] : [];
    });
  const add = (title: string, unit: string, lines: Line[]): void => {
    if (lines.some(({ values }) => values.some((value) => !Number.isNaN(value))))
      charts.push(lineChart(title, unit, lines, person));
  };
  const sign = person.facing === null ? 'without sign' : 'bent forwards';
  add('Knee', '° bent', both('joint', 'knee'));
  add('Hip', `° ${sign}`, both('joint', 'hip'));
  add('Ankle', '° toes up', both('joint', 'ankle'));
  add('Shoulder', `° ${person.facing === null ? sign : 'arm raised forwards'}`, both('joint', 'shoulder'));
  add('Elbow', '° bent', both('joint', 'elbow'));
  add('Trunk and head against the horizontal', '°, 90 upright', single('segment', 'trunk', 'head'));
  const { name: unit, perPixel } = lengthUnit(analysis);
  const speed = (label: string, colour: string, point: string): Line[] => {
    const values = person.speeds.get(point);
    return values ? [{ label, colour, values: values.map((value) => value * perPixel) }] : [];
  };
  for (const part of ['wrist', 'ankle'])
    add(`Speed of the ${part}s`, `${unit}/s`, (['right', 'left'] as const).flatMap((side) => speed(side, COLOURS[side], `${side}_${part}`))); // prettier-ignore
  add('Speed of the hips', `${unit}/s`, speed('middle', COLOURS.middle, 'mid_hips'));
  if (person.gait && person.gait.stances.length > 0) charts.push(stanceChart(person));
  return charts;
}

function draw(
  label: string,
  options: Plot.PlotOptions,
): { svg: Html; x: [number, number]; top: number; bottom: number } {
  const plot = Plot.plot({ document, ariaLabel: label, style: { background: 'none', fontSize: '11px' }, ...SIZE, ...options }); // prettier-ignore
  plot.setAttribute('role', 'img');
  const height = options.height ?? SIZE.height;
  const x: [number, number] = [SIZE.marginLeft, SIZE.width - SIZE.marginRight];
  return { svg: new Html(String(plot.outerHTML)), x, top: SIZE.marginTop, bottom: height - SIZE.marginBottom };
}

/** From the first to the last sample's time, wide enough to be drawn. */
function timesOf({ times }: PersonAnalysis): [number, number] {
  const [first, last] = [times[0], times[times.length - 1]];
  return last > first ? [first, last] : [first, first + 1];
}

function lineChart(title: string, unit: string, lines: readonly Line[], person: PersonAnalysis): DrawnChart {
  const span = timesOf(person);
  const { svg, x, top, bottom } = draw(`${title}, ${unit}, over time`, {
    x: { domain: span, label: null, tickFormat: (seconds: number) => `${Number(seconds.toFixed(3))} s`, ticks: 6 },
    y: { label: null, grid: true, ticks: 4, nice: true },
    marks: [
      ...(unit.includes('upright') ? [] : [Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.35 })]),
      ...lines.map(({ values, colour }) =>
        Plot.lineY(thinned(person.times, values), { x: 'time', y: 'value', stroke: colour, strokeWidth: 1.6 }),
      ),
    ],
  });
  return {
    title,
    figure: figureOf(title, unit, lines, svg),
    data: { times: span, places: x, top, bottom, unit, lines: lines.map(({ label, values }) => ({ label, values: rounded(values) })) }, // prettier-ignore
  };
}

/** When each foot is on the ground. */
function stanceChart(person: PersonAnalysis): DrawnChart {
  const span = timesOf(person);
  const { stances, cadence } = person.gait!;
  const sides = ['right', 'left'] as const;
  const height = 80;
  const { svg, x, top, bottom } = draw('When the feet are on the ground', {
    height,
    x: { domain: span, label: null, tickFormat: (seconds: number) => `${Number(seconds.toFixed(3))} s`, ticks: 6 },
    y: { label: null, domain: [...sides] },
    marks: [
      Plot.barX(
        stances.map(({ side, start, end }) => ({ side, from: start.seconds, to: end.seconds })),
        { x1: 'from', x2: 'to', y: 'side', fill: (stance: { side: 'left' | 'right' }) => COLOURS[stance.side] },
      ),
    ],
  });
  const values = sides.map((side) => {
    const ground = new Float64Array(person.times.length);
    for (const stance of stances.filter((one) => one.side === side))
      ground.fill(1, stance.start.sample, stance.end.sample + 1);
    return { label: side, colour: COLOURS[side], values: ground };
  });
  const title = 'Feet on the ground';
  const unit = cadence === null ? '' : `${cadence.toFixed(0)} steps a minute`;
  return {
    title,
    figure: figureOf(title, unit, values, svg),
    data: { times: span, places: x, top, bottom, unit: '', lines: [] },
  };
}

function figureOf(title: string, unit: string, lines: readonly Line[], svg: Html): Html {
  const legend = lines.map(
    ({ label, colour }) => html`<span class="line" style="color:${colour}">${label} <output></output></span> `,
  );
  return html`<figure>
    <figcaption><strong>${title}</strong> <span class="quiet">${unit}</span> ${legend}</figcaption>
    ${svg}
  </figure>`;
}

function rounded(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : Number(value.toPrecision(5))));
}

function thinned(times: Float64Array, values: Float64Array): { time: number; value: number }[] {
  const all = Array.from(values, (value, t) => ({ time: times[t], value }));
  if (all.length <= MOST_POINTS) return all;
  const bucket = Math.ceil((2 * all.length) / MOST_POINTS);
  const kept: { time: number; value: number }[] = [];
  for (let from = 0; from < all.length; from += bucket) {
    const part = all.slice(from, from + bucket);
    const known = part.filter(({ value }) => !Number.isNaN(value)).sort((a, b) => a.value - b.value);
    const ends = known.length > 0 ? [known[0], known[known.length - 1]] : [part[0]];
    kept.push(...ends.sort((a, b) => a.time - b.time));
  }
  return kept;
}
