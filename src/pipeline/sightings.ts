import type { Sighting } from './track.js';

/** Numbers of one sighting: track, box, score, whether it was filled in. */
const FIELDS = 7;
/** Sightings in one piece of memory. */
const PIECE = 4096;

/**
 * Who is where in every frame of a video, 56 bytes a sighting: an hour with three people in sight takes 18 MB. The last frames
 * may still change, where a track that is found again fills them in.
 */
export class Sightings {
  /** Closed frames: sightings before each, and the sightings in pieces. */
  private readonly starts: number[] = [0];
  private readonly pieces: Float64Array[] = [];
  private open: Sighting[][] = [];

  /** @param patience frames behind the newest that may still change */
  constructor(private readonly patience: number) {}

  /** Frames so far. */
  get frames(): number {
    return this.starts.length - 1 + this.open.length;
  }

  /** All sightings so far. */
  get count(): number {
    return this.open.reduce((total, some) => total + some.length, this.starts.at(-1)!);
  }

  /** The next frame. */
  push(seen: readonly Sighting[]): void {
    this.open.push([...seen]);
    while (this.open.length > this.patience + 1) this.close(this.open.shift()!);
  }

  /** Adds to an earlier frame that may still change. */
  fill(frame: number, filled: readonly Sighting[]): void {
    this.open[frame - (this.starts.length - 1)].push(...filled);
  }

  /** The sightings of a frame by track id; none in frames that there are not. */
  of(frame: number): Sighting[] {
    const closed = this.starts.length - 1;
    if (frame >= closed) return [...(this.open[frame - closed] ?? [])].sort((a, b) => a.trackId - b.trackId);
    const [start, end] = [this.starts[frame], this.starts[frame + 1]];
    return Array.from({ length: end - start }, (_, i) => this.read(start + i));
  }

  private close(sightings: Sighting[]): void {
    sightings.sort((a, b) => a.trackId - b.trackId);
    let at = this.starts.at(-1)!;
    for (const { trackId, box, score, filled } of sightings) {
      const piece = (this.pieces[Math.floor(at / PIECE)] ??= new Float64Array(PIECE * FIELDS));
      piece.set([trackId, box.x, box.y, box.width, box.height, score, filled ? 1 : 0], (at % PIECE) * FIELDS);
      at++;
    }
    this.starts.push(at);
  }

  private read(at: number): Sighting {
    const first = (at % PIECE) * FIELDS;
    const [trackId, x, y, width, height, score, filled] = this.pieces[Math.floor(at / PIECE)].subarray(first, first + FIELDS); // prettier-ignore
    const sighting = { trackId, box: { x, y, width, height }, score };
    return filled === 1 ? { ...sighting, filled: true } : sighting;
  }
}
