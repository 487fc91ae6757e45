import { GlposeError } from '../../errors.js';
import type { Box, Detection } from '../../types.js';
import type { TensorData } from '../../onnx/runtime.js';

/** How a frame lies in a detector's input. */
export interface Fit {
  /** Of the input, pixels. */
  width: number;
  height: number;
  /** Input pixels a frame's pixel; the frame lies in the middle. */
  scale: number;
}

/** What is particular to a kind of detector. */
export interface DetectorAdapter {
  /** The graph's outputs that `decode` reads. */
  readonly outputs: readonly string[];
  /** Grey, 0–255, around the frame. */
  readonly pad: number;
  /** Order of the input's planes. */
  readonly channels: 'rgb' | 'bgr';
  /** Whether there are as many rows as people, so that the outputs' shapes are not known beforehand. */
  readonly countsVary?: boolean;
  /** Whether inputs may have any size. */
  readonly scales?: boolean;
  /** @param longerSide of the frame in the input, where inputs may have any size */
  fit(frame: { width: number; height: number }, longerSide?: number): Fit;
  /**
   * @param outputs by name
   * @param threshold lowest score, 0–1
   * @param toImage input pixels → image pixels
   * @returns people by descending score, boxes in image pixels
   * @throws MODEL where an output has another shape than the kind gives
   */
  decode(outputs: Record<string, TensorData>, threshold: number, toImage: ToImage): Detection[];
}

export type ToImage = (x: number, y: number) => { x: number; y: number };

/** The largest scale at which a frame fits into an input of fixed size. */
export function fitInto(input: { width: number; height: number }, frame: { width: number; height: number }): Fit {
  const { width, height } = input;
  return { width, height, scale: Math.min(width / frame.width, height / frame.height) };
}

/**
 * A detection of opposite corners (x0, y0), (x1, y1) in input pixels; null where they are no box (no or negative size, not
 * finite).
 */
export function detectionOf(
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  score: number,
  toImage: ToImage,
): Detection | null {
  const topLeft = toImage(x0, y0);
  const bottomRight = toImage(x1, y1);
  const box: Box = { ...topLeft, width: bottomRight.x - topLeft.x, height: bottomRight.y - topLeft.y };
  if (!(box.width > 0 && box.height > 0) || !Number.isFinite(box.x + box.y + box.width + box.height)) return null;
  return { box, score: Math.min(1, score) };
}

/** People by descending score. */
export function byScore(found: (Detection | null)[]): Detection[] {
  return found.filter((detection) => detection !== null).sort((a, b) => b.score - a.score);
}

/** An output's shape against what its kind of detector gives; `null` stands for any number. */
export function checkShape(
  { kind, file, output }: { kind: string; file: string; output: string },
  { dims }: TensorData,
  expected: readonly { name: string; size: number | null }[],
): void {
  const fits = dims.length === expected.length && expected.every(({ size }, i) => size === null || size === dims[i]);
  if (fits) return;
  const wanted = expected.map(({ name, size }) =>
    size === null ? name : /^\d+$/.test(name) ? name : `${name} (${size})`,
  );
  throw new GlposeError(
    'MODEL',
    `${file}: the output "${output}" is ${dims.join(' × ')}; a detector of kind ${kind} gives ${wanted.join(' × ')}`,
    'Correct kind, classes or input size in the description of the detector (docs/choosing-a-model.md).',
  );
}
