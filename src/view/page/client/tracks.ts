import type { Metric, State, Store } from './state.js';
import type { Video } from './video.js';

/** Poses looked at for the range of a metric. */
const SAMPLE = 20_000;

/** Which tracks are listed in which order, and what their poses measure. */
export class Tracks {
  private listed: number[] = [];
  private place = new Map<number, number>();
  private values = new Map<number, Float32Array>();
  private range: { low: number; high: number } | null = null;
  private key = '';

  constructor(
    private readonly video: Video,
    private readonly store: Store,
  ) {
    store.on(['order', 'minLength', 'metric', 'minScore', 'joint'], (state) => this.arrange(state));
  }

  /** Tracks from top to bottom. */
  get all(): readonly number[] {
    return this.listed;
  }

  isListed(track: number): boolean {
    return this.place.has(track);
  }

  /** Row of a track; undefined where it is not listed. */
  rowOf(track: number): number | undefined {
    return this.place.get(track);
  }

  /** The metric of each pose of a track; NaN where there is no value. */
  valuesOf(track: number): Float32Array {
    let values = this.values.get(track);
    if (!values) {
      const [first, end] = this.video.posesOf(track);
      values = Float32Array.from({ length: end - first }, (_, i) => this.measure(first + i));
      this.values.set(track, values);
    }
    return values;
  }

  /** Values that are good and bad, as wide as the video's own. */
  get scale(): { good: number; bad: number } {
    const { metric } = this.store.state;
    this.range ??= this.measuredRange();
    const { low, high } = this.range;
    return metric === 'score' ? { good: high, bad: low } : { good: 0, bad: high };
  }

  /** 0 good … 1 bad; NaN where there is no value. */
  severity(value: number): number {
    const { good, bad } = this.scale;
    return good === bad ? 0 : Math.max(0, Math.min(1, (value - good) / (bad - good)));
  }

  private measure(pose: number): number {
    const { metric, minScore, joint } = this.store.state;
    return METRICS[metric](this.video, pose, minScore, joint === null ? -1 : this.video.header.joints.indexOf(joint));
  }

  private measuredRange(): { low: number; high: number } {
    if (this.store.state.metric === 'missing') return { low: 0, high: Math.max(1, this.video.given.length) };
    const step = Math.max(1, Math.floor(this.video.poseCount / SAMPLE));
    const values: number[] = [];
    for (let pose = 0; pose < this.video.poseCount; pose += step) {
      const value = this.measure(pose);
      if (!Number.isNaN(value)) values.push(value);
    }
    if (values.length === 0) return { low: 0, high: 1 };
    values.sort((a, b) => a - b);
    return { low: values[Math.floor(0.01 * (values.length - 1))], high: values[Math.ceil(0.99 * (values.length - 1))] };
  }

  private arrange({ order, minLength, metric, minScore, joint }: Readonly<State>): void {
    const key = JSON.stringify([metric, minScore, joint]);
    if (key !== this.key) {
      this.values.clear();
      this.range = null;
      this.key = key;
    }
    const { video } = this;
    const lengthOf = (track: number): number => video.posesOf(track)[1] - video.posesOf(track)[0];
    const rank: Record<State['order'], (track: number) => number> = {
      number: (track) => track,
      first: (track) => video.frameOf(video.posesOf(track)[0]),
      length: (track) => -lengthOf(track),
      worst: (track) => -this.mean(track),
    };
    const ranked = video.header.tracks.map((_, track) => track).filter((track) => lengthOf(track) >= minLength);
    const ranks = new Map(ranked.map((track) => [track, rank[order](track)]));
    this.listed = ranked.sort((a, b) => ranks.get(a)! - ranks.get(b)! || a - b);
    this.place = new Map(this.listed.map((track, row) => [track, row]));
  }

  /** Mean severity over a track. */
  private mean(track: number): number {
    let [total, count] = [0, 0];
    for (const value of this.valuesOf(track)) {
      if (Number.isNaN(value)) continue;
      total += this.severity(value);
      count++;
    }
    return count === 0 ? 0 : total / count;
  }
}

/** @param joint −1: all joints */
const METRICS: Record<Metric, (video: Video, pose: number, minScore: number, joint: number) => number> = {
  score: (video, pose, _minScore, joint) => (joint < 0 ? video.score(pose) : (video.joint(pose, joint)?.score ?? 0)),
  missing: (video, pose, minScore) => video.missing(pose, minScore),
  speed: (video, pose, minScore, joint) => {
    if (joint >= 0) return video.speed(pose, joint, minScore);
    let fastest = NaN;
    for (const k of video.given) {
      const speed = video.speed(pose, k, minScore);
      if (!(speed <= fastest)) fastest = Number.isNaN(speed) ? fastest : speed;
    }
    return fastest;
  },
};
