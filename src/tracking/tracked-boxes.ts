import { COCO_JOINTS } from '../joints.js';
import type { TrackedBox } from './track.js';

/** Numbers of one tracked box: track, box, score, whether it was interpolated. */
const FIELDS = 7;
/** Numbers of its coarse pose, x and y of every joint; NaN where there is none. */
const POSE = 2 * COCO_JOINTS.length;
/** TrackedBoxes in one piece of memory. */
const PIECE = 4096;

interface Piece {
  /** [PIECE, FIELDS] */
  boxes: Float64Array;
  /** [PIECE, POSE] */
  coarsePoses: Float32Array;
}

/**
 * Who is where in every frame of a video, 192 bytes a tracked box: an hour with three people in sight takes 62 MB. The last frames
 * may still change, where a track that is found again fills them in.
 */
export class TrackedBoxes {
  /** Closed frames: tracked boxes before each, and the tracked boxes in pieces. */
  private readonly starts: number[] = [0];
  private readonly pieces: Piece[] = [];
  private open: TrackedBox[][] = [];

  /** @param patience frames behind the newest that may still change */
  constructor(private readonly patience: number) {}

  /** Frames so far. */
  get frames(): number {
    return this.starts.length - 1 + this.open.length;
  }

  /** All tracked boxes so far. */
  get count(): number {
    return this.open.reduce((total, some) => total + some.length, this.starts.at(-1)!);
  }

  /** The next frame. */
  push(observed: readonly TrackedBox[]): void {
    this.open.push([...observed]);
    while (this.open.length > this.patience + 1) this.close(this.open.shift()!);
  }

  /** Adds to an earlier frame that may still change. */
  fill(frame: number, interpolated: readonly TrackedBox[]): void {
    this.open[frame - (this.starts.length - 1)].push(...interpolated);
  }

  /** The tracked boxes of a frame by track id; empty for a frame that does not exist. */
  of(frame: number): TrackedBox[] {
    const closed = this.starts.length - 1;
    if (frame >= closed) return [...(this.open[frame - closed] ?? [])].sort((a, b) => a.trackId - b.trackId);
    const [start, end] = [this.starts[frame], this.starts[frame + 1]];
    return Array.from({ length: end - start }, (_, i) => this.read(start + i));
  }

  private close(trackedBoxes: TrackedBox[]): void {
    trackedBoxes.sort((a, b) => a.trackId - b.trackId);
    let at = this.starts.at(-1)!;
    for (const { trackId, box, score, coarsePose, interpolated } of trackedBoxes) {
      const piece = (this.pieces[Math.floor(at / PIECE)] ??= {
        boxes: new Float64Array(PIECE * FIELDS),
        coarsePoses: new Float32Array(PIECE * POSE).fill(NaN),
      });
      const place = at % PIECE;
      piece.boxes.set([trackId, box.x, box.y, box.width, box.height, score, interpolated ? 1 : 0], place * FIELDS);
      if (coarsePose) piece.coarsePoses.set(coarsePose, place * POSE);
      at++;
    }
    this.starts.push(at);
  }

  private read(at: number): TrackedBox {
    const { boxes, coarsePoses } = this.pieces[Math.floor(at / PIECE)];
    const place = at % PIECE;
    const [trackId, x, y, width, height, score, interpolated] = boxes.subarray(place * FIELDS, (place + 1) * FIELDS);
    const trackedBox: TrackedBox = { trackId, box: { x, y, width, height }, score };
    const coarsePose = coarsePoses.subarray(place * POSE, (place + 1) * POSE);
    if (!Number.isNaN(coarsePose[0])) trackedBox.coarsePose = coarsePose;
    if (interpolated === 1) trackedBox.interpolated = true;
    return trackedBox;
  }
}
