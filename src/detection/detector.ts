import type { DetectorConfig } from '../bundle/config.js';
import type { Box, Window, Image, Detection } from '../types.js';
import type { Addon } from '../native/contract.js';
import { cutWindow } from '../native/cut-window.js';
import type { DetectorAdapter, Fit } from './adapters/adapter.js';
import type { OnnxSession } from '../onnx/runtime.js';
import type { Outputs } from '../onnx/outputs.js';
import { PooledRuns } from '../onnx/pooled-runs.js';
import { toImage, type Turn } from '../geometry/window.js';

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

  /** Whether it takes inputs of any size, so that a frame can be looked at at several scales. */
  get scales(): boolean {
    return this.adapter.scales ?? false;
  }

  /**
   * Everyone in a frame.
   * @param threshold lowest score, 0–1
   * @param longerSide of the frame in the input, where it takes inputs of any size; default: the bundle's
   * @returns people by descending score, boxes in image pixels
   * @throws MODEL where the network does not give what its kind of detector gives
   */
  async detect(image: Image, threshold: number, longerSide?: number): Promise<Detection[]> {
    const whole = { x: 0, y: 0, width: image.width, height: image.height };
    return this.detectIn(image, whole, threshold, longerSide);
  }

  /**
   * The same within a part of a frame, which may reach outside it.
   * @param turn of the window in which it is looked at; of a square part
   */
  async detectIn(image: Image, part: Box, threshold: number, longerSide?: number, turn?: Turn): Promise<Detection[]> {
    const { adapter } = this;
    const fit = adapter.fit(part, longerSide);
    const { width, height, scale } = fit;
    // What the part leaves of the input lies evenly around it.
    const window: Window = {
      centreX: part.x + part.width / 2,
      centreY: part.y + part.height / 2,
      width: width / scale,
      height: height / scale,
      turn,
    };
    const out = this.session.buffers.take(3 * width * height);
    const data = await cutWindow(this.native, image, window, { ...this.input, width, height }, out);
    if (adapter.pad > 0) this.pad(data, fit, part);
    if (adapter.channels === 'bgr') swapRedAndBlue(data);
    const feeds = { [this.input.name]: { dims: [1, 3, height, width], data } };
    const decode = (outputs: Outputs): Detection[] =>
      adapter.decode(outputs, threshold, (x, y) => toImage(window, width, x, y));
    if (adapter.countsVary) return decode(await this.session.run(feeds, [...adapter.outputs]));
    return this.runs.run(feeds, decode);
  }

  /** Fills what lies around the frame, which the crop left black. */
  private pad(data: Float32Array, { width, height, scale }: Fit, part: Box): void {
    const left = Math.floor((width - part.width * scale) / 2);
    const top = Math.floor((height - part.height * scale) / 2);
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
