import type { PageHeader } from '../page-data.js';
import { NO_PLACE, placeCodec, scoreOf, type PoseColumns } from '../pose-columns.js';

export interface Place {
  x: number;
  y: number;
  /** NaN where the file gives none. */
  score: number;
}

/**
 * The poses of the page. A pose is its number in the columns, a track its place in the header's list, a frame its place in the
 * header's list, a joint its place among the joints.
 */
export class Video {
  /** Poses by frame: those of frame f are byFrame[frameStart[f] … frameStart[f + 1]]. */
  private readonly frameStart: Uint32Array;
  private readonly byFrame: Uint32Array;
  /** [P] 1 where a track begins. */
  private readonly isFirst: Uint8Array;
  private readonly place: (code: number) => number;
  /** Joints that any pose has; others belong to the format only. */
  readonly given: readonly number[];

  constructor(
    readonly header: PageHeader,
    private readonly columns: PoseColumns,
  ) {
    this.place = placeCodec(Math.max(header.width, header.height)).place;
    const { frame } = columns;
    this.frameStart = new Uint32Array(this.frameCount + 1);
    for (const f of frame) this.frameStart[f + 1]++;
    for (let f = 0; f < this.frameCount; f++) this.frameStart[f + 1] += this.frameStart[f];
    const next = this.frameStart.slice();
    this.byFrame = new Uint32Array(frame.length);
    frame.forEach((f, pose) => (this.byFrame[next[f]++] = pose));
    this.isFirst = new Uint8Array(frame.length);
    for (const first of columns.trackStart) this.isFirst[first] = 1; // past the end for the last, which typed arrays ignore
    this.given = header.joints.map((_, k) => k).filter((k) => columns.x[k].some((code) => code !== NO_PLACE));
  }

  get frameCount(): number {
    return this.header.frames.index.length;
  }

  get poseCount(): number {
    return this.columns.frame.length;
  }

  posesIn(frame: number): Uint32Array {
    return this.byFrame.subarray(this.frameStart[frame], this.frameStart[frame + 1]);
  }

  /** First pose of a track, and the one after its last. */
  posesOf(track: number): [first: number, end: number] {
    return [this.columns.trackStart[track], this.columns.trackStart[track + 1]];
  }

  frameOf(pose: number): number {
    return this.columns.frame[pose];
  }

  trackOf(pose: number): number {
    return atOrBefore(this.columns.trackStart, pose, 0, this.header.tracks.length);
  }

  /** The pose of a track in a frame, or null. */
  poseOf(track: number, frame: number): number | null {
    const [first, end] = this.posesOf(track);
    const pose = atOrBefore(this.columns.frame, frame, first, end);
    return pose >= first && this.columns.frame[pose] === frame ? pose : null;
  }

  /** First pose of a track in this frame or later; the end of the track's poses where there is none. */
  poseFrom(track: number, frame: number): number {
    const [first, end] = this.posesOf(track);
    const before = atOrBefore(this.columns.frame, frame - 1, first, end);
    return before + 1;
  }

  joint(pose: number, k: number): Place | null {
    const code = this.columns.x[k][pose];
    if (code === NO_PLACE) return null;
    return {
      x: this.place(code),
      y: this.place(this.columns.y[k][pose]),
      score: scoreOf(this.columns.jointScore[k][pose]),
    };
  }

  /** Left, top, right, bottom: the file's box, or what holds the joints; null where there is neither. */
  box(pose: number): [number, number, number, number] | null {
    const box = this.columns.box.map((side) => this.place(side[pose])) as [number, number, number, number];
    if (!box.some(Number.isNaN)) return box;
    const joints = this.given.map((k) => this.joint(pose, k)).filter((joint) => joint !== null);
    if (joints.length === 0) return null;
    const [xs, ys] = [joints.map(({ x }) => x), joints.map(({ y }) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }

  /** Whether a joint is there and scores enough; joints without scores do. */
  isSeen(pose: number, k: number, minScore: number): boolean {
    return this.columns.x[k][pose] !== NO_PLACE && !(scoreOf(this.columns.jointScore[k][pose]) < minScore);
  }

  /** The pose's score in the file; NaN where it has none. */
  score(pose: number): number {
    return scoreOf(this.columns.score[pose]);
  }

  /** Joints that are not there or score less. */
  missing(pose: number, minScore: number): number {
    let missing = 0;
    for (const k of this.given) if (!this.isSeen(pose, k, minScore)) missing++;
    return missing;
  }

  /**
   * How far a joint moved since the track's pose before, in % of the person's size (diagonal of the box) a frame; NaN where one of the
   * two is not seen.
   */
  speed(pose: number, k: number, minScore: number): number {
    const { frame, x, y, box } = this.columns;
    if (this.isFirst[pose] === 1) return NaN;
    if (!this.isSeen(pose, k, minScore) || !this.isSeen(pose - 1, k, minScore)) return NaN;
    const { index } = this.header.frames;
    const frames = Math.max(1, index[frame[pose]] - index[frame[pose - 1]]);
    const size = Math.hypot(box[2][pose] - box[0][pose], box[3][pose] - box[1][pose]); // codes are as wide everywhere
    const moved = Math.hypot(x[k][pose] - x[k][pose - 1], y[k][pose] - y[k][pose - 1]);
    return size > 0 ? (100 * moved) / size / frames : NaN;
  }
}

/** The last place in [first, end) of an ascending list whose value is at most `value`; first − 1 where none is. */
function atOrBefore(values: Uint32Array, value: number, first: number, end: number): number {
  let [low, high] = [first - 1, end];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}
