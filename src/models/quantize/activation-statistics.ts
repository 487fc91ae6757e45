import { GlposeError } from '../../errors.js';

/** Cells of a histogram: eight for each of the 256 levels that a range may get, on either side of 0. */
const BINS = 4096;
/** A clipped range is tried at these shares of the whole one. */
const SHARES = Array.from({ length: 46 }, (_, i) => 1 - i * 0.02);

/** A range of values, which holds 0. */
export interface Range {
  low: number;
  high: number;
}

/** What the values of one tensor were over all calibration crops: their distribution, and the mean of each channel. */
export class ActivationStatistics {
  private low = 0;
  private high = 0;
  /** The histogram covers −radius … radius; values that are exactly 0 are left out, as every range represents them. */
  private radius = 0;
  private bins = new Float64Array(BINS);
  private sums: Float64Array | undefined;
  /** Values a channel. */
  private count = 0;

  /** @param what the tensor, as an error is to call it */
  constructor(private readonly what: string) {}

  /**
   * Takes the values of a crop.
   * @param values [N, C, …]; a tensor of fewer dimensions is one channel
   * @throws MODEL where one is not finite
   */
  add(values: Float32Array, dims: readonly number[]): void {
    this.addToMeans(values, dims);
    if (!this.means.every(Number.isFinite)) {
      throw new GlposeError('MODEL', `${this.what} holds values that are not finite`, 'Check the network in float32.');
    }
    let [low, high] = [this.low, this.high];
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    [this.low, this.high] = [low, high];
    this.widen(Math.max(-low, high));
    if (this.radius > 0) this.addToBins(values);
  }

  /** Mean of each channel: C values. */
  get means(): number[] {
    return Array.from(this.sums ?? [], (sum) => sum / this.count);
  }

  /**
   * The range whose 256 levels give the least mean squared error: a few outliers are clipped where the finer levels are worth
   * more than they cost.
   */
  bestRange(): Range {
    let best: Range = { low: this.low, high: this.high };
    let least = Infinity;
    const width = (2 * this.radius) / BINS;
    const filled = [...this.bins.entries()]
      .filter(([, count]) => count > 0)
      .map(([i, count]) => ({ value: (i + 0.5) * width - this.radius, count }));
    for (const share of SHARES) {
      const range = { low: this.low * share, high: this.high * share };
      const error = squaredError(filled, range);
      if (error < least) [best, least] = [range, error];
      else if (error > 2 * least) break; // beyond the best one, ever more is clipped
    }
    return best;
  }

  /** Doubles the histogram's range until it reaches `needed`: two cells become one. */
  private widen(needed: number): void {
    if (this.radius === 0) this.radius = needed;
    while (this.radius < needed) {
      const wider = new Float64Array(BINS);
      this.bins.forEach((count, i) => (wider[BINS / 4 + (i >> 1)] += count));
      this.bins = wider;
      this.radius *= 2;
    }
  }

  private addToBins(values: Float32Array): void {
    const scale = BINS / (2 * this.radius);
    const { bins, radius } = this;
    for (const value of values) {
      if (value === 0) continue;
      const bin = ((value + radius) * scale) | 0;
      bins[bin < BINS ? bin : BINS - 1]++;
    }
  }

  private addToMeans(values: Float32Array, dims: readonly number[]): void {
    const channels = dims.length > 1 ? dims[1] : 1;
    const size = dims.slice(2).reduce((product, side) => product * side, 1);
    this.sums ??= new Float64Array(channels);
    for (let start = 0, channel = 0; start < values.length; start += size, channel = (channel + 1) % channels) {
      let sum = 0;
      for (let i = start; i < start + size; i++) sum += values[i];
      this.sums[channel] += sum;
    }
    this.count += values.length / channels;
  }
}

/** Rounding (step² / 12) of the values that lie within a range, distance of those that lie beyond. */
function squaredError(values: readonly { value: number; count: number }[], { low, high }: Range): number {
  const rounding = ((high - low) / 255) ** 2 / 12;
  let error = 0;
  for (const { value, count } of values) {
    error += count * (value < low ? (low - value) ** 2 : value > high ? (value - high) ** 2 : rounding);
  }
  return error;
}
