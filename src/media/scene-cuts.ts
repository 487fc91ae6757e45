import type { Image } from '../types.js';
import type { Frame } from './frame.js';

/** Points a side at which a frame's brightness is compared. */
const SIDE = 24;
/** Correlation of two neighbouring frames under which they show two scenes. */
const SAME_SCENE = 0.4;

/**
 * Finds the first frames of scenes: what they show correlates little with the frame before. Brightness and contrast do not
 * count, so that flashes and fades are no cuts.
 */
export class SceneCuts {
  private before: Float32Array | null = null;

  /** Whether the next frame begins a scene; the first one does. Its small copy is enough. */
  next(image: Image & Pick<Frame, 'small'>): boolean {
    const now = image.small ? brightness(image.small, 1) : brightness(image, 3);
    const { before } = this;
    this.before = now;
    return before === null || correlation(before, now) < SAME_SCENE;
  }
}

/** [SIDE, SIDE] green or grey of the frame, less its mean; each value the mean of a few pixels. @param channels 3 or 1 */
function brightness({ width, height, data }: Image, channels: number): Float32Array {
  const middle = channels >> 1;
  const values = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      let total = 0;
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          const y = Math.floor(((row + (i + 0.5) / 4) * height) / SIDE);
          const x = Math.floor(((column + (j + 0.5) / 4) * width) / SIDE);
          total += data[channels * (y * width + x) + middle];
        }
      }
      values[row * SIDE + column] = total;
    }
  }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map((value) => value - mean);
}

/** 1 where both are uniform. */
function correlation(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0;
  return ab / Math.sqrt(aa * bb);
}
