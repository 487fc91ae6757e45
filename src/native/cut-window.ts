import type { Image, Window } from '../types.js';
import type { Addon } from './contract.js';

/** The input of a net of images: its size, and the standardisation (value − mean) / std of its RGB channels, values 0–255. */
export interface NetInput {
  width: number;
  height: number;
  mean: readonly number[];
  std: readonly number[];
}

/**
 * Cuts one window out of an image for a net.
 * @param out memory for it; new memory where it is left out
 * @returns [3, height, width]
 */
export function cutWindow(
  native: Addon,
  image: Image,
  { centreX, centreY, ...size }: Window,
  { width, height, mean, std }: NetInput,
  out?: Float32Array,
): Promise<Float32Array> {
  return native.crop({
    image: image.data,
    imageWidth: image.width,
    imageHeight: image.height,
    windows: Float64Array.of(centreX, centreY, size.width, size.height),
    width,
    height,
    mean: Float32Array.from(mean),
    std: Float32Array.from(std),
    ...(out && { out }),
  });
}
