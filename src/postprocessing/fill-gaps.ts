/**
 * Fills gaps between samples with the monotone cubic of Fritsch and Butland (SIAM J. Sci. Stat. Comput. 1984; "PCHIP"): it goes on
 * as the samples beside the gap move, and never beyond them.
 * @param samples T values; NaN where there is none
 * @param longest samples; longer gaps, and what lies before the first and after the last sample, stay as they are
 * @returns T values
 */
export function fillGaps(samples: Float64Array, longest: number): Float64Array {
  const filled = Float64Array.from(samples);
  let before = -1;
  for (let after = 0; after < samples.length; after++) {
    if (Number.isNaN(samples[after])) continue;
    const missing = after - before - 1;
    if (before >= 0 && missing > 0 && missing <= longest) fill(filled, samples, before, after);
    before = after;
  }
  return filled;
}

function fill(filled: Float64Array, samples: Float64Array, from: number, to: number): void {
  const width = to - from;
  const slope = (samples[to] - samples[from]) / width;
  const slopeFrom = endSlope(samples[from] - samples[from - 1], slope, width);
  const slopeTo = endSlope(samples[to + 1] - samples[to], slope, width);
  for (let i = from + 1; i < to; i++) {
    const s = (i - from) / width;
    const r = 1 - s;
    // cubic Hermite polynomial over the gap
    filled[i] =
      (1 + 2 * s) * r * r * samples[from] +
      s * r * r * width * slopeFrom +
      s * s * (3 - 2 * s) * samples[to] -
      s * s * r * width * slopeTo;
  }
}

/**
 * The slope at an end of the gap: the weighted harmonic mean of those on both sides, 0 where they disagree in direction.
 * @param outer over the one sample outside; NaN where there is none: then the gap's own
 * @param inner over the gap, `width` samples wide
 */
function endSlope(outer: number, inner: number, width: number): number {
  if (Number.isNaN(outer)) return inner;
  if (outer * inner <= 0) return 0;
  const [inOuter, inInner] = [2 * width + 1, width + 2];
  return (inOuter + inInner) / (inOuter / outer + inInner / inner);
}
