import type { Box, Detection } from '../types.js';
import { assign } from '../geometry/assignment.js';
import { iou } from '../geometry/boxes.js';

/** Who is where in one frame: a detection that belongs to a track. */
export interface TrackedBox {
  trackId: number;
  box: Box;
  score: number;
  /** Who is meant: the detection's coarse pose (`Detection.coarsePose`); absent for foreign boxes. */
  coarsePose?: Float32Array;
  /** True where the detector missed the person: box and coarse pose lie between those of the frames around. */
  interpolated?: boolean;
}

export interface TrackerOptions {
  /** A detection scored lower than this prolongs a track but starts none. */
  startScore: number;
  /** A track survives this many frames without a detection. */
  patience: number;
  /** Whether the frames between are filled in. */
  fillGaps: boolean;
}

/** Similarity (mean of IoU and pose similarity) under which two tracked boxes are not the same person. */
const LOWEST_SIMILARITY = 0.15;
/** How much of the last step's velocity is believed: boxes of detectors jitter. */
const VELOCITY_SMOOTHING = 0.5;
/** Spread of a coarse joint about its prediction, as a share of √(box area), for the pose similarity. */
const JOINT_SPREAD = 0.15;

interface Track {
  id: number;
  box: Box;
  score: number;
  coarsePose?: Float32Array;
  /** Box centre's pixels per frame. */
  velocityX: number;
  velocityY: number;
  lastFrame: number;
}

/**
 * Links detections over the frames of a video: optimal assignment on IoU and pose similarity to where each track is
 * expected (constant velocity), confident detections first, then the weak ones, which only prolong tracks. Ids count from 0.
 */
export class Tracker {
  private readonly tracks: Track[] = [];
  private nextId = 0;

  constructor(private readonly options: TrackerOptions) {}

  /**
   * Takes the next frame's detections.
   * @returns the tracked boxes of this frame, and those of earlier frames that a track which was found again fills in
   */
  next(
    frame: number,
    detections: readonly Detection[],
  ): { observed: TrackedBox[]; interpolated: Map<number, TrackedBox[]> } {
    const alive = this.tracks.filter((track) => frame - track.lastFrame <= this.options.patience + 1);
    this.tracks.splice(0, this.tracks.length, ...alive);
    const trackOf = new Map<Detection, Track>();
    let free = alive;
    const confident = detections.filter((detection) => detection.score >= this.options.startScore);
    const weak = detections.filter((detection) => detection.score < this.options.startScore);
    for (const some of [confident, weak]) {
      const columns = assign(free.map((track) => some.map((detection) => costOf(track, detection, frame))));
      columns.forEach((column, row) => column >= 0 && trackOf.set(some[column], free[row]));
      const taken = new Set(trackOf.values());
      free = free.filter((track) => !taken.has(track));
    }

    const observed: TrackedBox[] = [];
    const interpolated = new Map<number, TrackedBox[]>();
    for (const detection of detections) {
      let track = trackOf.get(detection);
      if (track) {
        for (let gap = track.lastFrame + 1; this.options.fillGaps && gap < frame; gap++) {
          const share = (gap - track.lastFrame) / (frame - track.lastFrame);
          const trackedBox = {
            trackId: track.id,
            box: between(track.box, detection.box, share),
            score: Math.min(track.score, detection.score),
            coarsePose: betweenPoses(track.coarsePose, detection.coarsePose, share),
            interpolated: true,
          };
          interpolated.set(gap, [...(interpolated.get(gap) ?? []), trackedBox]);
        }
        prolong(track, detection, frame);
      } else if (detection.score >= this.options.startScore) {
        track = { id: this.nextId++, ...detection, velocityX: 0, velocityY: 0, lastFrame: frame };
        this.tracks.push(track);
      } else continue;
      const { box, score, coarsePose } = detection;
      observed.push({ trackId: track.id, box, score, coarsePose });
    }
    return { observed, interpolated };
  }
}

function prolong(track: Track, detection: Detection, frame: number): void {
  const steps = frame - track.lastFrame;
  const moved = (now: number, nowSize: number, then: number, thenSize: number): number =>
    (now + nowSize / 2 - then - thenSize / 2) / steps;
  const blend = (old: number, latest: number): number => old + VELOCITY_SMOOTHING * (latest - old);
  track.velocityX = blend(track.velocityX, moved(detection.box.x, detection.box.width, track.box.x, track.box.width));
  track.velocityY = blend(track.velocityY, moved(detection.box.y, detection.box.height, track.box.y, track.box.height));
  track.box = detection.box;
  track.score = detection.score;
  track.coarsePose = detection.coarsePose;
  track.lastFrame = frame;
}

function costOf(track: Track, detection: Detection, frame: number): number {
  const dx = track.velocityX * (frame - track.lastFrame);
  const dy = track.velocityY * (frame - track.lastFrame);
  const overlap = iou({ ...track.box, x: track.box.x + dx, y: track.box.y + dy }, detection.box);
  const similarity =
    track.coarsePose && detection.coarsePose
      ? (overlap + poseSimilarity(track.coarsePose, dx, dy, detection.coarsePose, detection.box)) / 2
      : overlap;
  return similarity < LOWEST_SIMILARITY ? Infinity : 1 - similarity;
}

/** Mean over joints of exp(−d² / 2σ²), d from the expected place, σ relative to the box: OKS with one constant, 0–1. */
function poseSimilarity(expected: Float32Array, dx: number, dy: number, observed: Float32Array, box: Box): number {
  const variance = box.width * box.height * JOINT_SPREAD ** 2;
  let total = 0;
  for (let i = 0; i < observed.length; i += 2) {
    const distance2 = (expected[i] + dx - observed[i]) ** 2 + (expected[i + 1] + dy - observed[i + 1]) ** 2;
    total += Math.exp(-distance2 / (2 * variance));
  }
  return total / (observed.length / 2);
}

function between(a: Box, b: Box, share: number): Box {
  const mix = (from: number, to: number): number => from + share * (to - from);
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) };
}

/** Absent where one of the two is. */
function betweenPoses(
  a: Float32Array | undefined,
  b: Float32Array | undefined,
  share: number,
): Float32Array | undefined {
  return a && b && a.map((from, i) => from + share * (b[i] - from));
}
