import type { DetectorConfig } from '../bundle/config.js';
import type { Window, Image, Detection } from '../types.js';
import type { Addon } from '../native/contract.js';
import type { DetectorAdapter, Fit } from './adapters/adapter.js';
import type { OnnxSession } from '../onnx/runtime.js';
import { PooledRuns, type Outputs } from '../onnx/pooled-runs.js';
import { toImage } from '../geometry/window.js';

/** Finds people in whole frames with a detector of any kind that has an adapter. */
export class PersonDetector {
  private readonly runs: PooledRuns;

  constructor(
    private readonly native: Addon,
    private readonly session: OnnxSession,
    private readonly input: DetectorConfig['input'],
    private readonly adapter: DetectorAdapter,
  ) {
    this.runs = new PooledRuns(session, adapter.outputs);
  }

  /**
   * @param threshold lowest score, 0–1
   * @returns people by descending score, boxes in image pixels
   * @throws MODEL where the network does not give what its kind of detector gives
   */
  async detect(image: Image, threshold: number): Promise<Detection[]> {
    const { adapter } = this;
    const fit = adapter.fit(image);
    const { width, height, scale } = fit;
    // The whole frame as one window; what it leaves of the input lies evenly around it.
    const window: Window = {
      centreX: image.width / 2,
      centreY: image.height / 2,
      width: width / scale,
      height: height / scale,
    };
    const data = await this.native.crop({
      image: image.data,
      imageWidth: image.width,
      imageHeight: image.height,
      windows: Float64Array.of(window.centreX, window.centreY, window.width, window.height),
      width,
      height,
      mean: Float32Array.from(this.input.mean),
      std: Float32Array.from(this.input.std),
      out: this.session.buffers.take(3 * width * height),
    });
    if (adapter.pad > 0) this.pad(data, fit, image);
    if (adapter.channels === 'bgr') swapRedAndBlue(data);
    const feeds = { [this.input.name]: { dims: [1, 3, height, width], data } };
    const decode = (outputs: Outputs): Detection[] =>
      adapter.decode(outputs, threshold, (x, y) => toImage(window, width, x, y));
    if (adapter.countsVary) return decode(await this.session.run(feeds, [...adapter.outputs]));
    return this.runs.run(feeds, decode);
  }

  /** Fills what lies around the frame, which the crop left black. */
  private pad(data: Float32Array, { width, height, scale }: Fit, image: Image): void {
    const left = Math.floor((width - image.width * scale) / 2);
    const top = Math.floor((height - image.height * scale) / 2);
    for (let c = 0; c < 3; c++) {
      const grey = (this.adapter.pad - this.input.mean[c]) / this.input.std[c];
      const plane = data.subarray(c * width * height, (c + 1) * width * height);
      plane.fill(grey, 0, top * width).fill(grey, (height - top) * width);
      for (let row = top; row < height - top; row++) {
        plane.fill(grey, row * width, row * width + left).fill(grey, (row + 1) * width - left, (row + 1) * width);
      }
    }
  }
}

/** [3, H, W] in place. */
function swapRedAndBlue(planes: Float32Array): void {
  const size = planes.length / 3;
  const red = planes.slice(0, size);
  planes.copyWithin(0, 2 * size).set(red, 2 * size);
}
