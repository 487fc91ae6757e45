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
  window: Window,
  input: NetInput,
  out?: Float32Array,
): Promise<Float32Array> {
  return window.turn ? cutTurned(native, image, window, input, out) : cutUpright(native, image, window, input, out);
}

/**
 * A window that is turned: as much of the image is cut upright, and its pixels are put in the window's order. The crop's middle is pixel
 * (width / 2, height / 2), which counting from the other end makes the one before it: the cut lies a pixel farther there.
 */
async function cutTurned(
  native: Addon,
  image: Image,
  window: Window,
  input: NetInput,
  out: Float32Array = new Float32Array(3 * input.width * input.height),
): Promise<Float32Array> {
  const { turn, centreX, centreY } = window;
  const { width, height } = input;
  const isAcross = turn !== 2;
  const [fromRight, fromBelow] = [turn !== 3, turn !== 1];
  const pixel = window.width / width;
  const place = { centreX: centreX + (fromRight ? pixel : 0), centreY: centreY + (fromBelow ? pixel : 0) };
  const [columns, rows] = isAcross ? [height, width] : [width, height];
  const size = isAcross
    ? { width: window.height, height: window.width }
    : { width: window.width, height: window.height };
  const upright = await cutUpright(native, image, { ...place, ...size }, { ...input, width: columns, height: rows });
  let at = 0;
  for (let plane = 0; plane < upright.length; plane += width * height) {
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++) {
        const [x, y] = isAcross ? [j, i] : [i, j];
        const column = fromRight ? columns - 1 - x : x;
        const row = fromBelow ? rows - 1 - y : y;
        out[at++] = upright[plane + row * columns + column];
      }
    }
  }
  return out;
}

function cutUpright(
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
