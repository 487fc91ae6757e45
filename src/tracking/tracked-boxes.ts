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

/** Who is where in every frame of a video, 192 bytes a tracked box: an hour with three people in sight takes 62 MB. */
export class TrackedBoxes {
  /** Tracked boxes before each frame, and those of all frames in pieces. */
  private readonly starts: number[] = [0];
  private readonly pieces: Piece[] = [];

  /** Frames so far. */
  get frames(): number {
    return this.starts.length - 1;
  }

  /** All tracked boxes so far. */
  get count(): number {
    return this.starts.at(-1)!;
  }

  /** The next frame. */
  push(trackedBoxes: readonly TrackedBox[]): void {
    let at = this.starts.at(-1)!;
    for (const { trackId, box, score, coarsePose, interpolated } of trackedBoxes.toSorted(
      (a, b) => a.trackId - b.trackId,
    )) {
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

  /** The tracked boxes of a frame by track id; empty for a frame that does not exist. */
  of(frame: number): TrackedBox[] {
    const [start, end] = [this.starts[frame], this.starts[frame + 1] ?? this.starts[frame]];
    return Array.from({ length: (end ?? 0) - (start ?? 0) }, (_, i) => this.read(start + i));
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
