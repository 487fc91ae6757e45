/* The page of an analysis: the picture on the left, plots over time on the right, in step. */
import type { Analysis, PersonAnalysis } from '../../analysis/analyse.js';
import { lengthUnit } from '../../analysis/tables.js';
import { colourOfTrack } from '../../drawing/overlay.js';
import { html, type Html } from '../../evaluation/report/html.js';
import { LIMBS } from '../../joints.js';
import { VERSION } from '../../version.js';
import { MOVEMENT_PART, type MovementData, type MovementPerson } from '../page/movement-data.js';
import type { PageParts } from '../page/page-parts.js';
import { writeContent } from '../page/write-page.js';
import { chartsOf, type DrawnChart } from './charts.js';

/** Lines beyond the skeleton that every layout has. */
const MORE_LIMBS = [
  ['left_ankle', 'left_heel'], ['left_heel', 'left_big_toe'],
  ['right_ankle', 'right_heel'], ['right_heel', 'right_big_toe'],
] as const; // prettier-ignore

/**
 * Writes the page.
 * @param done what was done to the poses before, one sentence each
 * @param pictures frames whose pictures are among the parts
 * @returns the file's size in bytes
 */
export function writeMovementPage(
  file: string,
  analysis: Analysis,
  done: readonly string[],
  pictures: readonly number[],
  parts: PageParts,
): Promise<number> {
  const charts = analysis.people.map((person) => chartsOf(analysis, person));
  const frames = new Map(analysis.people.flatMap(({ frames: some, times }) => Array.from(some, (frame, t) => [frame, times[t]] as const))); // prettier-ignore
  const order = [...frames.keys()].sort((a, b) => a - b);
  const data: MovementData = {
    width: analysis.width,
    height: analysis.height,
    frames: order,
    times: order.map((frame) => frames.get(frame)!),
    slowMotion: analysis.slowMotion,
    people: analysis.people.map(personOf),
    charts: charts.flatMap((some, person) => some.map((chart) => ({ ...chart.data, person }))),
    folder: parts.folderName,
    pictures: [...pictures],
  };
  const body = html`<header>
      <h1>${analysis.name}</h1>
      <p class="quiet">${aboutOf(analysis)} · by glpose ${VERSION}</p>
      <p class="quiet">${done.join(' ')}</p>
      ${analysis.warnings.map((warning) => html`<p class="remark">${warning}</p>`)}
    </header>
    <main>
      <div class="look"></div>
      <div class="plots">${analysis.people.map((person, i) => personSection(analysis, person, charts[i]))}</div>
    </main> `;
  const base64 = Buffer.from(JSON.stringify(data)).toString('base64');
  const title = `${analysis.name} – movements – glpose`;
  return writeContent(
    file,
    { script: 'movement', style: 'movement', title, body: body.text, data: [[MOVEMENT_PART.data, base64]] },
    parts,
  );
}

function aboutOf({ rate, metresPerPixel, slowMotion }: Analysis): string {
  const scale = metresPerPixel === null ? 'no scale: lengths in pixels' : `1 pixel is ${(1000 * metresPerPixel).toPrecision(3)} mm`; // prettier-ignore
  const slow = slowMotion === 1 ? '' : ` (slow motion, ${slowMotion}×, undone)`;
  return `${Number(rate.toFixed(3))} samples a second${slow} · ${scale}`;
}

function personSection(analysis: Analysis, person: PersonAnalysis, charts: readonly DrawnChart[]): Html {
  const { trackId, facing } = person;
  const looks = facing === null ? 'seen from the front or behind: angles have no sign' : `looks to the picture's ${facing > 0 ? 'right' : 'left'}`; // prettier-ignore
  return html`<section>
    <h2 style="color:${colourOf(trackId)}">Person ${trackId}</h2>
    <p class="quiet">${looks}</p>
    ${gaitTable(analysis, person)} ${charts.map(({ figure }) => figure)}
  </section>`;
}

function gaitTable(analysis: Analysis, { gait }: PersonAnalysis): Html | null {
  if (!gait || gait.steps.length === 0) return null;
  const { name: unit, perPixel } = lengthUnit(analysis);
  const row = (side: 'left' | 'right'): Html => {
    const steps = gait.steps.filter((step) => step.side === side);
    const stances = gait.stances.filter((stance) => stance.side === side);
    const shares = stances.flatMap(({ share }) => share ?? []);
    return html`<tr>
      <th scope="row">${side}</th>
      <td>${steps.length}</td>
      <td>${mean(steps.map(({ seconds }) => seconds), 2)}</td>
      <td>${mean(steps.map(({ length }) => length * perPixel), unit === 'm' ? 2 : 0)}</td>
      <td>${mean(stances.map(({ seconds }) => seconds), 2)}</td>
      <td>${mean(shares.map((share) => 100 * share), 0)}</td>
    </tr>`; // prettier-ignore
  };
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Steps</th>
        <th scope="col">count</th>
        <th scope="col">time, s</th>
        <th scope="col">length, ${unit}</th>
        <th scope="col">stance, s</th>
        <th scope="col">stance, % of stride</th>
      </tr>
    </thead>
    <tbody>
      ${row('right')} ${row('left')}
    </tbody>
  </table>`;
}

function mean(values: readonly number[], decimals: number): string {
  return values.length === 0 ? '–' : (values.reduce((a, b) => a + b, 0) / values.length).toFixed(decimals);
}

function colourOf(trackId: number): string {
  return `rgb(${colourOfTrack(trackId).join(',')})`;
}

function personOf({ trackId, frames, points }: PersonAnalysis): MovementPerson {
  const limbs = [...LIMBS, ...MORE_LIMBS].flatMap(([from, to]) => {
    const [a, b] = [points.get(from), points.get(to)];
    if (!a || !b) return [];
    const side = [from, to].map((name) => /^(left|right)_/.exec(name)?.[1]);
    const middle = side[0] !== side[1];
    const places = Array.from(frames, (_, t) => [a.x[t], a.y[t], b.x[t], b.y[t]]).flat();
    return [{ side: (middle ? 'middle' : side[0]!) as 'left' | 'right' | 'middle', places: places.map(short) }];
  });
  const stride = frames.length > 1 ? frames[1] - frames[0] : 1;
  return { trackId, colour: colourOf(trackId), first: frames[0], stride, limbs };
}

function short(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 10) / 10;
}
