/*
 * Filters over whole tracks, which see a joint's past and future: for results that are there already. In this order, each only
 * where it is asked for: low scores out, bridge, Hampel, gaps, Butterworth or One-Euro.
 */
import { GlposeError } from '../errors.js';
import type { Box, FramePoses, Joint, VideoPoses } from '../types.js';
import { bridge, type BridgeOptions } from './bridge.js';
import { butterworth, checkButterworth, type ButterworthOptions } from './butterworth.js';
import { fillGaps } from './fill-gaps.js';
import { hampel, type HampelOptions } from './hampel.js';
import { personSeries, sampleGrid, type JointSeries, type PersonSeries, type SampleGrid } from './pose-series.js';
import { PoseSmoother, type SmoothOptions } from './smooth.js';
import { poseScore } from './pose-score.js';

export interface FilterOptions {
  /** Joints with lower scores are taken as missing, 0–1. */
  minJointScore?: number;
  /** Unsure joints onto the line between sure ones. */
  bridge?: BridgeOptions;
  /** Outliers onto the median of their neighbours. */
  hampel?: HampelOptions;
  /** Missing joints between two that are there, over at most so many frames. */
  fillGaps?: number;
  /** Zero-phase low-pass filter. */
  butterworth?: ButterworthOptions;
  /** One-Euro filter, which looks back only. */
  smooth?: SmoothOptions;
}

/** Frames of a gap that is filled by default. */
export const FILL_GAPS_DEFAULT = 10;

export interface FilteredPoses {
  video: VideoPoses<FramePoses[]>;
  /** What the filters did, in joints. */
  counts: { dropped: number; outliers: number; filled: number };
}

/**
 * Filters the joints of every track.
 * @param video tracked poses; not changed
 * @returns the same frames. A filled joint is marked `estimated` and has the lower score of those beside the gap; a person
 * who was missing in a listed frame is there again where a joint was filled
 * @throws USAGE where the frames' rate is not known, or options do not fit it
 */
export async function filterPoses(video: VideoPoses, options: FilterOptions): Promise<FilteredPoses> {
  const counts = { dropped: 0, outliers: 0, filled: 0 };
  const { minJointScore: least = 0 } = options;
  let frames = [...video.frames].map((frame) => ({
    ...frame,
    people: frame.people.map((person) => ({ ...person, joints: person.joints.map((joint) => kept(joint)) })),
  }));
  function kept(joint: Joint | null): Joint | null {
    if (joint === null || !(joint.score > 0) || joint.score >= least) return joint;
    counts.dropped++;
    return null;
  }
  if (options.bridge) frames = await collected(bridge(each(frames), options.bridge));
  if (options.hampel || options.fillGaps || options.butterworth) {
    const grid = sampleGrid(frames, video.fps);
    if (grid) {
      const byFrame = new Map(frames.map((frame) => [frame.index, frame]));
      for (const series of personSeries({ ...video, frames }, grid)) {
        const boxes = boxesOf(series, grid, byFrame);
        series.joints.forEach((joint, k) => {
          const filtered = filterJoint(joint, grid.rate, options, counts);
          writeBack(filtered, joint, k, series, grid, byFrame, boxes);
        });
      }
    } else if (frames.length > 1) {
      throw rateUnknown(video.name);
    }
  }
  if (options.smooth) {
    const smoother = new PoseSmoother(video.fps, options.smooth);
    frames = frames.map((frame) => smoother.next(frame));
  }
  return { video: { ...video, frames }, counts };
}

/**
 * Says before there are poses what filterPoses would say at the end.
 * @param rate of the samples, a second; null where nothing says it
 * @throws USAGE where filters cannot be at this rate
 */
export function checkFilters(
  name: string,
  rate: number | null,
  { hampel, fillGaps, butterworth: low }: Pick<FilterOptions, 'hampel' | 'fillGaps' | 'butterworth'>,
): void {
  if (rate === null && (hampel ?? fillGaps ?? low)) throw rateUnknown(name);
  if (rate !== null && low) checkButterworth(rate, low);
}

function rateUnknown(name: string): GlposeError {
  const remedy = 'Say it (--fps), or give results of a video.';
  return new GlposeError('USAGE', `it is not known how many frames a second ${name} has`, remedy);
}

/** One joint's places, filtered; the score of what is filled is that of the gap's worse end. */
export function filterJoint(
  joint: JointSeries,
  rate: number,
  options: Pick<FilterOptions, 'hampel' | 'fillGaps' | 'butterworth'>,
  counts?: FilteredPoses['counts'],
): JointSeries {
  let { x, y } = joint;
  const score = Float64Array.from(joint.score);
  if (options.hampel) {
    const cleaned = hampel(x, y, options.hampel);
    ({ x, y } = cleaned);
    if (counts) counts.outliers += cleaned.outliers;
  }
  if (options.fillGaps) {
    const before = x;
    [x, y] = [fillGaps(x, options.fillGaps), fillGaps(y, options.fillGaps)];
    for (let i = 1, last = 0; i < x.length; i++) {
      if (!Number.isNaN(before[i])) last = i;
      else if (!Number.isNaN(x[i])) {
        let next = i;
        while (Number.isNaN(before[next])) next++;
        score[i] = Math.min(score[last], score[next]);
        if (counts) counts.filled++;
      }
    }
  }
  if (options.butterworth) {
    const { butterworth: low } = options;
    [x, y] = [butterworth(x, rate, low), butterworth(y, rate, low)];
  }
  return { x, y, score };
}

/** The boxes of a person over their samples, on the line between those on either side where the person is missing. */
function boxesOf(
  { trackId, start, length }: PersonSeries,
  { first, stride }: SampleGrid,
  byFrame: ReadonlyMap<number, FramePoses>,
): { box: Box; boxScore: number }[] {
  const known = Array.from({ length }, (_, sample) =>
    byFrame.get(first + (start + sample) * stride)?.people.find((person) => person.trackId === trackId),
  );
  let before = 0;
  return known.map((person, sample) => {
    if (person) {
      before = sample;
      return person;
    }
    let after = sample;
    while (!known[after]) after++; // the last sample has the person
    const share = (sample - before) / (after - before);
    const [a, b] = [known[before]!, known[after]!];
    const at = (side: keyof Box): number => a.box[side] + share * (b.box[side] - a.box[side]);
    const box = { x: at('x'), y: at('y'), width: at('width'), height: at('height') };
    return { box, boxScore: Math.min(a.boxScore, b.boxScore) };
  });
}

function writeBack(
  filtered: JointSeries,
  before: JointSeries,
  k: number,
  { trackId, start, length, joints }: PersonSeries,
  { first, stride }: SampleGrid,
  byFrame: ReadonlyMap<number, FramePoses>,
  boxes: readonly { box: Box; boxScore: number }[],
): void {
  for (let sample = 0; sample < length; sample++) {
    if (Number.isNaN(filtered.x[sample])) continue;
    const frame = byFrame.get(first + (start + sample) * stride);
    if (!frame) continue;
    let person = frame.people.find((one) => one.trackId === trackId);
    if (!person) {
      const { box, boxScore } = boxes[sample];
      person = { trackId, box, boxScore, score: 0, joints: joints.map(() => null) };
      frame.people.push(person);
      frame.people.sort((a, b) => a.trackId - b.trackId);
    }
    const wasThere = person.joints[k];
    const filled = Number.isNaN(before.x[sample]);
    person.joints[k] = {
      ...wasThere,
      x: filtered.x[sample],
      y: filtered.y[sample],
      score: filtered.score[sample],
      ...(filled ? { estimated: true } : {}),
    };
    if (filled) person.score = poseScore(person.joints, person.boxScore);
  }
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
