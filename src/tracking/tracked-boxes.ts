import type { TrackedBox } from './track.js';

/** Numbers of one tracked box: track, box, score, whether it was interpolated. */
const FIELDS = 7;
/** TrackedBoxes in one piece of memory. */
const PIECE = 4096;

/**
 * Who is where in every frame of a video, 56 bytes a tracked box: an hour with three people in sight takes 18 MB. The last frames
 * may still change, where a track that is found again fills them in.
 */
export class TrackedBoxes {
  /** Closed frames: tracked boxes before each, and the tracked boxes in pieces. */
  private readonly starts: number[] = [0];
  private readonly pieces: Float64Array[] = [];
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
    for (const { trackId, box, score, interpolated } of trackedBoxes) {
      const piece = (this.pieces[Math.floor(at / PIECE)] ??= new Float64Array(PIECE * FIELDS));
      piece.set([trackId, box.x, box.y, box.width, box.height, score, interpolated ? 1 : 0], (at % PIECE) * FIELDS);
      at++;
    }
    this.starts.push(at);
  }

  private read(at: number): TrackedBox {
    const first = (at % PIECE) * FIELDS;
    const [trackId, x, y, width, height, score, interpolated] = this.pieces[Math.floor(at / PIECE)].subarray(first, first + FIELDS); // prettier-ignore
    const trackedBox = { trackId, box: { x, y, width, height }, score };
    return interpolated === 1 ? { ...trackedBox, interpolated: true } : trackedBox;
  }
}
