/* What an analysis found, as tables for spreadsheets, R and pandas, as TRC and as OpenSim's motion files. */
import { csvLine, rounded } from '../formats/csv.js';
import { writeOpenSimMot } from '../formats/opensim-mot.js';
import { writeTrc } from '../formats/trc.js';
import { onTheLine } from '../postprocessing/on-the-line.js';
import type { Analysis, PersonAnalysis } from './analyse.js';

/** The length that positions, speeds and steps are in. */
export interface LengthUnit {
  name: 'm' | 'px';
  perPixel: number;
}

export function lengthUnit({ metresPerPixel }: Analysis): LengthUnit {
  return metresPerPixel === null ? { name: 'px', perPixel: 1 } : { name: 'm', perPixel: metresPerPixel };
}

/**
 * Angles: one row a person and frame. Columns: `frame` (from 0), `time` (s), `track_id`, then for every angle `<angle>_deg` and
 * `<angle>_deg_s`; segments are called `<segment>_segment`. Empty where a joint is missing.
 * @yields lines
 */
export function* anglesCsv(analysis: Analysis): Generator<string, void, undefined> {
  const columnOf = ({ name, kind }: { name: string; kind: string }): string => kind === 'segment' ? `${name}_segment` : name; // prettier-ignore
  const names = [...new Set(analysis.people.flatMap(({ angles }) => angles.map(columnOf)))];
  yield csvLine(['frame', 'time', 'track_id', ...names.flatMap((name) => [`${name}_deg`, `${name}_deg_s`])]);
  for (const person of analysis.people) {
    const byName = new Map(person.angles.map((angle) => [columnOf(angle), angle]));
    yield* rows(person, (t) =>
      names.flatMap((name) => [cell(byName.get(name)?.degrees[t], 3), cell(byName.get(name)?.speed[t], 2)]),
    );
  }
}

/**
 * Positions and speeds: as anglesCsv, with `<point>_x_<unit>`, `<point>_y_<unit>` and `<point>_speed_<unit>_s`. In pixels, y points
 * downwards as in the picture; in metres, it points upwards from the picture's lower edge.
 * @yields lines
 */
export function* positionsCsv(analysis: Analysis): Generator<string, void, undefined> {
  const { name: unit, perPixel } = lengthUnit(analysis);
  const decimals = unit === 'm' ? 5 : 3;
  const names = [...new Set(analysis.people.flatMap(({ points }) => [...points.keys()]))];
  const columns = names.flatMap((name) => [`${name}_x_${unit}`, `${name}_y_${unit}`, `${name}_speed_${unit}_s`]);
  yield csvLine(['frame', 'time', 'track_id', ...columns]);
  for (const person of analysis.people) {
    yield* rows(person, (t) =>
      names.flatMap((name) => {
        const path = person.points.get(name);
        const y = path && (unit === 'm' ? upwards(analysis, path.y[t]) : path.y[t]);
        return [path && path.x[t] * perPixel, y, person.speeds.get(name) && person.speeds.get(name)![t] * perPixel].map(
          (value) => cell(value, decimals),
        );
      }),
    );
  }
}

/** Metres above the picture's lower edge. */
function upwards({ height, metresPerPixel }: Analysis, y: number): number {
  return (height - 1 - y) * metresPerPixel!;
}

/**
 * Steps: one row each time that a foot comes down (`contact`) or leaves (`toe-off`). Columns: `track_id`, `side`, `event`, `frame`, `time`;
 * of contacts `step_time_s` since the other foot's, `step_length_<unit>`, `stance_time_s` and `stance_share` of the stance that begins.
 * @yields lines
 */
export function* gaitCsv(analysis: Analysis): Generator<string, void, undefined> {
  const { name: unit, perPixel } = lengthUnit(analysis);
  const columns = ['step_time_s', `step_length_${unit}`, 'stance_time_s', 'stance_share'];
  yield csvLine(['track_id', 'side', 'event', 'frame', 'time', ...columns]);
  for (const { trackId, gait, frames } of analysis.people) {
    for (const event of gait?.events ?? []) {
      const step = gait!.steps.find(({ end }) => end === event);
      const stance = gait!.stances.find(({ start }) => start === event);
      yield csvLine([
        String(trackId),
        event.side,
        event.kind,
        String(frames[event.sample]),
        rounded(event.seconds, 6),
        cell(step?.seconds, 4),
        cell(step && step.length * perPixel, 4),
        cell(stance?.seconds, 4),
        cell(stance?.share ?? undefined, 4),
      ]);
    }
  }
}

function* rows(
  { trackId, frames, times }: PersonAnalysis,
  cells: (t: number) => string[],
): Generator<string, void, undefined> {
  for (let t = 0; t < times.length; t++) {
    const values = cells(t);
    if (values.some((value) => value !== ''))
      yield csvLine([String(frames[t]), rounded(times[t], 6), String(trackId), ...values]);
  }
}

function cell(value: number | undefined, decimals: number): string {
  return value === undefined || !Number.isFinite(value) ? '' : rounded(value, decimals);
}

/** The names that OpenPose, Pose2Sim and Sports2D give the points; others keep their own. */
const MARKERS: Record<string, string> = {
  nose: 'Nose', neck: 'Neck', head: 'Head', mid_hips: 'Hip',
  ...Object.fromEntries(
    (['right', 'left'] as const).flatMap((side) =>
      ['shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'big_toe', 'small_toe', 'heel', 'eye', 'ear'].map((part) => [
        `${side}_${part}`,
        side[0].toUpperCase() + part.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()),
      ]),
    ),
  ),
}; // prettier-ignore

/** Points that only stand for others. */
const NOT_MARKERS = ['mid_shoulders', 'head_top'];

/**
 * A person's points as a TRC file, in metres.
 * @throws USAGE where the analysis has no scale
 */
export function trcOf(analysis: Analysis, person: PersonAnalysis): Generator<string, void, undefined> {
  const { perPixel } = lengthUnit(analysis);
  const markers = [...person.points]
    .filter(([name]) => !NOT_MARKERS.includes(name))
    .map(([name, { x, y }]) => ({
      name: MARKERS[name] ?? name,
      x: x.map((value) => value * perPixel),
      y: y.map((value) => upwards(analysis, value)),
    }));
  const name = `${analysis.name}-person-${person.trackId}`;
  return writeTrc({ name, rate: analysis.rate, frames: person.frames, times: person.times, markers });
}

/** The coordinates of OpenSim's full-body model (Rajagopal et al., IEEE TBME 2016) that joint angles stand for. */
const COORDINATES: Record<string, string> = {
  right_hip: 'hip_flexion_r', right_knee: 'knee_angle_r', right_ankle: 'ankle_angle_r',
  right_shoulder: 'arm_flex_r', right_elbow: 'elbow_flex_r',
  left_hip: 'hip_flexion_l', left_knee: 'knee_angle_l', left_ankle: 'ankle_angle_l',
  left_shoulder: 'arm_flex_l', left_elbow: 'elbow_flex_l',
}; // prettier-ignore

/** An angle known in less than this share of the samples is left out of motion files. */
const MOSTLY_KNOWN = 0.5;

/**
 * A person's joint angles as an OpenSim motion file; `pelvis_tilt` is the trunk's lean, backwards positive. From the first to the
 * last sample in which all of them are known; gaps between are on the straight line, for OpenSim takes none.
 * @returns null where the angles have no sign, or there is none
 */
export function motOf(analysis: Analysis, person: PersonAnalysis): { lines: Iterable<string>; filled: number } | null {
  const { facing, angles, times, trackId } = person;
  if (facing === null) return null;
  const columns = angles.flatMap(({ name, kind, degrees }) => {
    if (kind === 'segment') {
      const tilt = degrees.map((value) => facing * (value - 90));
      return name === 'trunk' ? [{ name: 'pelvis_tilt', degrees: tilt }] : [];
    }
    return COORDINATES[name] ? [{ name: COORDINATES[name], degrees }] : [];
  });
  const isKnown = (value: number): boolean => !Number.isNaN(value);
  const mostly = columns.filter(({ degrees }) => degrees.filter(isKnown).length >= MOSTLY_KNOWN * times.length);
  const complete = Array.from(times, (_, t) => mostly.every(({ degrees }) => isKnown(degrees[t])));
  const [from, to] = [complete.indexOf(true), complete.lastIndexOf(true) + 1];
  if (mostly.length === 0 || from < 0) return null;
  let filled = 0;
  const table = {
    name: `${analysis.name}-person-${trackId}`,
    times: times.slice(from, to),
    columns: mostly.map(({ name, degrees }) => {
      const part = degrees.slice(from, to);
      filled += part.filter((value) => Number.isNaN(value)).length;
      return { name, degrees: onTheLine(part) };
    }),
  };
  return { lines: writeOpenSimMot(table), filled };
}
