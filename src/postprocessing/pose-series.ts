import type { FramePoses, PersonPose, VideoPoses } from '../types.js';
import { onTheLine } from './on-the-line.js';

/** When the samples of a video's poses were taken: one every `stride` frames, also where frames between are not listed. */
export interface SampleGrid {
  /** Frame of sample 0. */
  first: number;
  stride: number;
  length: number;
  /** Samples a second, their mean. */
  rate: number;
  /** Seconds of each sample after the video's first frame; of a frame that is not listed, on the line between those beside it. */
  times: Float64Array;
}

/** One person's joints over time: T samples from the first to the last in which the person is there. */
export interface PersonSeries {
  trackId: number;
  /** Sample of the grid that is the series' first. */
  start: number;
  /** T */
  length: number;
  /** K, in the order of `VideoPoses.joints`. */
  joints: JointSeries[];
}

/** T places in pixels and scores; NaN, NaN and 0 where the joint is not there. */
export interface JointSeries {
  x: Float64Array;
  y: Float64Array;
  score: Float64Array;
}

/**
 * The samples that a video's frames are.
 * @param fps the video's frames a second; null where its frames' times say it
 * @returns null where fewer than two frames are listed, or nothing says how fast they follow one another
 */
export function sampleGrid(frames: readonly FramePoses[], fps: number | null): SampleGrid | null {
  if (frames.length < 2) return null;
  const first = frames[0].index;
  let stride = Infinity;
  for (let i = 1; i < frames.length; i++) stride = Math.min(stride, frames[i].index - frames[i - 1].index);
  if (frames.some(({ index }) => (index - first) % stride !== 0)) stride = 1; // parts of a video, each begun elsewhere
  const last = frames[frames.length - 1];
  const length = Math.floor((last.index - first) / stride) + 1;
  const [begun, ended] = [frames[0].timeSeconds, last.timeSeconds];
  const timed = begun !== null && ended !== null && ended > begun;
  if (!timed && fps === null) return null;
  const rate = timed ? (last.index - first) / stride / (ended - begun) : fps! / stride;
  const times = Float64Array.from({ length }, (_, sample) => (timed ? NaN : (first + sample * stride) / fps!));
  if (timed) for (const { index, timeSeconds } of frames) times[(index - first) / stride] = timeSeconds ?? NaN;
  return { first, stride, length, rate, times: onTheLine(times) };
}

/**
 * The people of a video over time. Of two people with one number in a frame, the first counts.
 * @param leastScore joints below it are not there, 0–1
 */
export function personSeries(
  { frames, joints }: VideoPoses<readonly FramePoses[]>,
  { first, stride }: SampleGrid,
  leastScore = 0,
): PersonSeries[] {
  const tracks = new Map<number, { sample: number; person: PersonPose }[]>();
  for (const { index, people } of frames) {
    const sample = Math.floor((index - first) / stride);
    for (const person of people) {
      const track = tracks.get(person.trackId);
      if (!track) tracks.set(person.trackId, [{ sample, person }]);
      else if (track[track.length - 1].sample < sample) track.push({ sample, person });
    }
  }
  return [...tracks.entries()]
    .sort(([a], [b]) => a - b)
    .map(([trackId, poses]) => {
      const start = poses[0].sample;
      const length = poses[poses.length - 1].sample - start + 1;
      const series = joints.map((): JointSeries => ({
        x: new Float64Array(length).fill(NaN),
        y: new Float64Array(length).fill(NaN),
        score: new Float64Array(length),
      }));
      for (const { sample, person } of poses) {
        person.joints.forEach((joint, k) => {
          if (!joint || !(joint.score > 0) || joint.score < leastScore) return;
          if (!Number.isFinite(joint.x) || !Number.isFinite(joint.y)) return;
          const { x, y, score } = series[k];
          x[sample - start] = joint.x;
          y[sample - start] = joint.y;
          score[sample - start] = joint.score;
        });
      }
      return { trackId, start, length, joints: series };
    });
}
