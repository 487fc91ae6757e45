import type { ExtractorConfig } from '../models/config.js';
import type { Addon } from '../native/binding.js';
import type { OnnxSession, Plain } from './onnx-runtime.js';
import type { Window } from './window.js';

/** An RGB image, [height, width, 3], 8 bits. */
export interface Image {
  width: number;
  height: number;
  data: Uint8Array;
}

/** One person's window, resampled to the extractor's input and standardised: [3, H, W]. */
export type Crop = Float32Array;

/** Cuts windows out of images and runs a net of the bundle's input size on them. */
export class CropNet {
  /** Width / height of the input. */
  readonly aspect: number;

  /**
   * @param batch windows a run: 1 on the CPU, where larger batches gain nothing and cost memory
   */
  constructor(
    private readonly native: Addon,
    private readonly session: OnnxSession,
    private readonly input: ExtractorConfig['input'],
    private readonly outputs: string[],
    private readonly batch: number,
  ) {
    this.aspect = input.width / input.height;
  }

  /** Crops [3, H, W] of windows of one image. */
  async cut(image: Image, windows: readonly Window[]): Promise<Crop[]> {
    if (windows.length === 0) return [];
    const { width, height, mean, std } = this.input;
    const all = await this.native.crop({
      image: image.data,
      imageWidth: image.width,
      imageHeight: image.height,
      windows: Float64Array.from(windows.flatMap((w) => [w.centreX, w.centreY, w.width, w.height])),
      width,
      height,
      mean: Float32Array.from(mean),
      std: Float32Array.from(std),
    });
    const size = 3 * width * height;
    return windows.map((_, i) => all.subarray(i * size, (i + 1) * size));
  }

  /**
   * Runs the net on crops.
   * @returns each output by name, [N, …] over all crops
   */
  async run(crops: readonly Crop[]): Promise<Record<string, Plain>> {
    const runs: Promise<Record<string, Plain>>[] = [];
    for (let start = 0; start < crops.length; start += this.batch) {
      const some = crops.slice(start, start + this.batch);
      const data = new Float32Array(some.length * some[0].length);
      some.forEach((crop, i) => data.set(crop, i * crop.length));
      const dims = [some.length, 3, this.input.height, this.input.width];
      runs.push(this.session.run({ [this.input.name]: { dims, data } }, this.outputs));
    }
    const parts = await Promise.all(runs);
    return Object.fromEntries(this.outputs.map((name) => [name, concatenate(parts.map((part) => part[name]))]));
  }
}

/** Joins tensors along the first axis. */
function concatenate(parts: Plain[]): Plain {
  if (parts.length === 1) return parts[0];
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dims: [parts.reduce((total, part) => total + part.dims[0], 0), ...parts[0].dims.slice(1)], data };
}
