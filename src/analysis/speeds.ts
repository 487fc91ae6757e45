/**
 * The derivative of samples that need not be evenly spaced: the slope of the parabola through a sample and those on both sides
 * (second order; where the steps are even, the central difference), at ends and beside gaps the slope to the one neighbour.
 * @param values T values; NaN where there is none
 * @param times T seconds, rising
 * @returns T values a second; NaN where a value is missing or stands alone
 */
export function derivative(values: Float64Array, times: Float64Array): Float64Array {
  return values.map((value, t) => {
    const [before, after] = [times[t] - times[t - 1], times[t + 1] - times[t]];
    const [from, to] = [(value - values[t - 1]) / before, (values[t + 1] - value) / after];
    if (Number.isNaN(value)) return NaN;
    if (!Number.isFinite(from)) return Number.isFinite(to) ? to : NaN;
    if (!Number.isFinite(to)) return from;
    return (before * to + after * from) / (before + after);
  });
}

/** The speed along a path. @returns T pixels a second */
export function speedOf({ x, y }: { x: Float64Array; y: Float64Array }, times: Float64Array): Float64Array {
  const [vx, vy] = [derivative(x, times), derivative(y, times)];
  return vx.map((value, t) => Math.hypot(value, vy[t]));
}
