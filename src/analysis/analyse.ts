/*
 * From the poses of a video to what its people did: who is meant, filters, angles, speeds, steps. What is computed is said in
 * docs/movement-analysis.md, with sources.
 */
import { GlposeError } from '../errors.js';
import { filterJoint, type FilterOptions } from '../postprocessing/filter-poses.js';
import { checkButterworth } from '../postprocessing/butterworth.js';
import { median } from '../postprocessing/hampel.js';
import { personSeries, sampleGrid, type PersonSeries, type SampleGrid } from '../postprocessing/pose-series.js';
import { choosePeople, type SelectOptions } from '../postprocessing/select-people.js';
import { isWithin, type TimeRange } from '../postprocessing/time-ranges.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { facingOf, jointAngles, segmentAngles, type AngleSeries, type Facing } from './angles.js';
import { gaitOf, type Gait } from './gait.js';
import { pointsOf, type Points } from './points.js';
import { heightInPixels } from './scale.js';
import { derivative, speedOf } from './speeds.js';

/** How many metres a pixel is: said, by a known length in the picture, or by a person's height. */
export type Scale =
  | { metresPerPixel: number }
  | { metres: number; from: { x: number; y: number }; to: { x: number; y: number } }
  /** Of the person with this number; by default of the first who is analysed. */
  | { height: number; trackId?: number };

export interface AnalyseOptions
  extends SelectOptions, Pick<FilterOptions, 'minJointScore' | 'hampel' | 'fillGaps' | 'butterworth'> {
  /** Only these parts of the video. */
  ranges?: readonly TimeRange[];
  /** How many times slower than life the video plays. Default 1. */
  slowMotion?: number;
  /** Where the people look; default: by how knees and elbows bend, for each person. */
  facing?: 'left' | 'right' | 'front';
  scale?: Scale;
}

/** What one person did: T samples. */
export interface PersonAnalysis {
  trackId: number;
  /** T: frame in the video, from 0. */
  frames: Int32Array;
  /** T seconds of life after the first frame, slow motion undone. */
  times: Float64Array;
  /** Filtered, pixels. */
  points: Points;
  facing: Facing;
  angles: (AngleSeries & {
    /** T degrees a second. */
    speed: Float64Array;
  })[];
  /** T pixels a second, by the point's name. */
  speeds: ReadonlyMap<string, Float64Array>;
  /** Null where the ankles do not show steps. */
  gait: Gait | null;
}

export interface Analysis {
  name: string;
  /** Size of the picture, pixels. */
  width: number;
  height: number;
  /** Samples a second of life. */
  rate: number;
  slowMotion: number;
  metresPerPixel: number | null;
  /** In the order of `people`, or by size. */
  people: PersonAnalysis[];
  /** Things the reader should know. */
  warnings: string[];
}

/** Time stamps of a video are uneven where the longest step is longer than this many usual ones. */
const UNEVEN = 1.5;

/**
 * Analyses the movements in a video's poses.
 * @param video tracked poses
 * @throws USAGE where the frames' rate is not known, nobody is left, or an option cannot be met
 */
export function analyseVideo(video: VideoPoses, options: AnalyseOptions = {}): Analysis {
  const { slowMotion = 1, ranges = [] } = options;
  const frames = [...video.frames];
  const inRange = frames.filter(({ index, timeSeconds }) => isWithin(ranges, index, timeSeconds));
  if (inRange.length === 0) {
    const problem = `${video.name} has no poses in the asked-for part`;
    throw new GlposeError('USAGE', problem, 'Check --from and --to: seconds, h:mm:ss, or frames as in 300f.');
  }
  const grid = sampleGrid(frames, video.fps);
  if (!grid) {
    const problem = `it is not known how many frames a second ${video.name} has`;
    throw new GlposeError('USAGE', problem, 'Say it with --fps, or give results of a video of two frames or more.');
  }
  const rate = grid.rate * slowMotion;
  if (options.butterworth) checkButterworth(rate, options.butterworth);
  const chosen = choosePeople(inRange, options);
  if (chosen.length === 0) {
    throw new GlposeError('USAGE', `${video.name} has nobody who was asked for`, whoIsThere(inRange));
  }
  const all = personSeries({ ...video, frames }, grid, options.minJointScore);
  const people = chosen.map((id) => {
    const series = all.find(({ trackId }) => trackId === id)!;
    const part = cut(filtered(series, rate, options), grid, ranges);
    return { series: part, points: pointsOf(video.joints, part) };
  });
  const warnings = warningsOn(grid);
  const analysed = people.map(({ series, points }) => {
    const { start, length, trackId } = series;
    const times = grid.times.slice(start, start + length).map((time) => time / slowMotion);
    const facing = facingAsked(options.facing) ?? (options.facing === 'front' ? null : facingOf(points));
    if (facing === null && options.facing === undefined)
      warnings.push(`person ${trackId}: knees and elbows do not show where they look: angles have no sign (--facing)`);
    const angles = [...jointAngles(points, facing), ...segmentAngles(points)];
    return {
      trackId,
      frames: Int32Array.from({ length }, (_, t) => grid.first + (start + t) * grid.stride),
      times,
      points,
      facing,
      angles: angles.map((angle) => ({ ...angle, speed: derivative(angle.degrees, times) })),
      speeds: new Map([...points].map(([name, path]) => [name, speedOf(path, times)])),
      gait: gaitOf(points, times, facing),
    };
  });
  return {
    name: video.name,
    width: video.width,
    height: video.height,
    rate,
    slowMotion,
    metresPerPixel: options.scale ? metresPerPixel(options.scale, analysed, video.name) : null,
    people: analysed,
    warnings,
  };
}

function facingAsked(asked: AnalyseOptions['facing']): Facing {
  return asked === 'right' ? 1 : asked === 'left' ? -1 : null;
}

function filtered(series: PersonSeries, rate: number, options: AnalyseOptions): PersonSeries {
  return { ...series, joints: series.joints.map((joint) => filterJoint(joint, rate, options)) };
}

/** From the first to the last sample in the ranges, with nothing between them: filters have seen what lies beside. */
function cut(series: PersonSeries, grid: SampleGrid, ranges: readonly TimeRange[]): PersonSeries {
  if (ranges.length === 0) return series;
  const inside = Array.from({ length: series.length }, (_, t) => {
    const sample = series.start + t;
    return isWithin(ranges, grid.first + sample * grid.stride, grid.times[sample]);
  });
  const [from, to] = [inside.indexOf(true), inside.lastIndexOf(true) + 1];
  const part = (places: Float64Array): Float64Array =>
    places.slice(from, to).map((place, t) => (inside[from + t] ? place : NaN));
  const joints = series.joints.map(({ x, y, score }) => ({ x: part(x), y: part(y), score: score.slice(from, to) }));
  return { ...series, start: series.start + from, length: to - from, joints };
}

function warningsOn({ times }: SampleGrid): string[] {
  const steps = times.slice(1).map((time, i) => time - times[i]);
  if (steps.every((step) => step <= UNEVEN * median(steps))) return [];
  return ['the frames are not evenly spaced in time: speeds go by their time stamps, filters by the mean rate'];
}

function whoIsThere(frames: readonly FramePoses[]): string {
  const ids = choosePeople(frames, {}).slice(0, 10);
  return ids.length > 0 ? `It has, the largest first: ${ids.join(', ')}.` : 'It has nobody in this part.';
}

function metresPerPixel(scale: Scale, people: readonly PersonAnalysis[], name: string): number {
  if ('metresPerPixel' in scale) return scale.metresPerPixel;
  if ('metres' in scale) {
    const { from, to } = scale;
    return scale.metres / Math.hypot(to.x - from.x, to.y - from.y);
  }
  const person = people.find(({ trackId }) => trackId === (scale.trackId ?? trackId));
  if (!person) {
    const problem = `the person ${scale.trackId} whose height is given is not analysed in ${name}`;
    throw new GlposeError('USAGE', problem, `Analysed are ${people.map(({ trackId }) => trackId).join(', ')}.`);
  }
  const pixels = heightInPixels(person.points);
  if (!(pixels > 0)) {
    const problem = `person ${person.trackId} in ${name} is never seen from ankle to shoulder`;
    throw new GlposeError('USAGE', problem, 'Give the scale by a known length in the picture (--known-length).');
  }
  return scale.height / pixels;
}
