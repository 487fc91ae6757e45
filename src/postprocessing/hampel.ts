/**
 * The Hampel identifier (Hampel, JASA 1974; Pearson, IEEE Trans. Control Syst. Technol. 2002): a sample that lies further from
 * the median of its neighbours than `sigmas` times their spread is an outlier, and the median stands in for it.
 */
export interface HampelOptions {
  /** Frames on either side that a sample is compared with. */
  halfWidth: number;
  /** In standard deviations, estimated as 1.4826 × the median absolute deviation. */
  sigmas: number;
}

export const HAMPEL_DEFAULTS: HampelOptions = { halfWidth: 3, sigmas: 3 };

/** A normal distribution's standard deviation over its median absolute deviation. */
const DEVIATION = 1.4826;
/** Pixels: neighbours are never closer together than this; rounded coordinates at rest have no spread at all. */
const LEAST_SPREAD = 1;
/** Of fewer samples, the median says nothing. */
const FEWEST = 3;

/**
 * Puts the medians in the place of outliers, in x and y where either stands out.
 * @param x T places in pixels; NaN where there is none
 * @param y likewise
 * @returns both anew, and how many samples were outliers
 */
export function hampel(
  x: Float64Array,
  y: Float64Array,
  options: HampelOptions,
): { x: Float64Array; y: Float64Array; outliers: number } {
  const cleaned = { x: Float64Array.from(x), y: Float64Array.from(y), outliers: 0 };
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    const [inX, inY] = [judge(x, i, options), judge(y, i, options)];
    if (!inX || !inY || !(inX.stands || inY.stands)) continue;
    cleaned.x[i] = inX.median;
    cleaned.y[i] = inY.median;
    cleaned.outliers++;
  }
  return cleaned;
}

/** Null where a sample has too few neighbours. */
function judge(
  samples: Float64Array,
  i: number,
  { halfWidth, sigmas }: HampelOptions,
): { median: number; stands: boolean } | null {
  const around = samples
    .subarray(Math.max(0, i - halfWidth), i + halfWidth + 1)
    .filter((value) => !Number.isNaN(value));
  if (around.length < FEWEST) return null;
  const middle = median(around);
  const spread = Math.max(LEAST_SPREAD, DEVIATION * median(around.map((value) => Math.abs(value - middle))));
  return { median: middle, stands: Math.abs(samples[i] - middle) > sigmas * spread };
}

/** NaN where there is no value. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
