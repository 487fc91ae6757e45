/** Missing values (NaN) on the straight line between those on either side; those before the first and after the last stay missing. */
export function onTheLine(values: Float64Array): Float64Array {
  const whole = Float64Array.from(values);
  let before = -1;
  for (let at = 0; at < values.length; at++) {
    if (Number.isNaN(values[at])) continue;
    for (let i = before + 1; before >= 0 && i < at; i++) {
      whole[i] = values[before] + ((i - before) / (at - before)) * (values[at] - values[before]);
    }
    before = at;
  }
  return whole;
}
