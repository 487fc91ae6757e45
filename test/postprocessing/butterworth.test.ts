import { butterworth } from '../../src/postprocessing/butterworth.js';

const SAMPLES = Float64Array.of(0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4);

// scipy 1.17: b, a = butter(order / 2, corrected cut-off); filtfilt(b, a, samples, padlen=max(3 (order / 2 + 1), rate / cut-off))
test.each([
  [2, [-8.4e-8, 1.824786445, 4.649182371, 7.590831608, 4.564085866, 3.999999927]],
  [4, [-0.000267332, 1.76914434, 5.345579926, 7.357060465, 4.217701053, 4.001090047]],
  [6, [4.5429e-5, 1.743565098, 5.606978185, 7.256598512, 3.977638134, 4.001070304]],
])('order %i filters as scipy does', (order, wanted) => {
  const filtered = butterworth(SAMPLES, 30, { cutoff: 6, order });
  [0, 1, 7, 12, 23, 24].forEach((t, i) => expect(Math.abs(filtered[t] - wanted[i])).toBeLessThan(1e-8));
});

/** A cosine of a frequency; its amplitude in the middle, and by how many samples it is late. */
function through(frequency: number, order: number): { amplitude: number; shift: number } {
  const rate = 240;
  const wave = Float64Array.from({ length: 2401 }, (_, t) => Math.cos((2 * Math.PI * frequency * (t - 1200)) / rate));
  const filtered = butterworth(wave, rate, { cutoff: 6, order });
  const highest = filtered.subarray(1190, 1211).reduce((best, value, t, all) => (value > all[best] ? t : best), 0);
  return { amplitude: filtered[1200], shift: highest - 10 };
}

test.each([2, 4, 8])('order %i lets 1/√2 through at the cut-off, and nothing comes late', (order) => {
  expect(through(6, order).amplitude).toBeCloseTo(Math.SQRT1_2, 6);
  expect(through(6, order).shift).toBe(0);
  expect(through(1, order).amplitude).toBeGreaterThan(0.98);
  expect(through(24, order).amplitude).toBeLessThan(0.3 ** (order / 2) + 0.001);
});

test('gaps part what is filtered; straight lines stay as they are', () => {
  const line = Float64Array.from({ length: 40 }, (_, t) => (t === 11 || t === 12 ? NaN : 3 * t - 7));
  const filtered = butterworth(line, 30, { cutoff: 6, order: 4 });
  filtered.forEach((value, t) => {
    if (t === 11 || t === 12) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(3 * t - 7, 2);
  });
  expect([...butterworth(Float64Array.of(NaN, 5, NaN), 30, { cutoff: 6, order: 4 })]).toEqual([NaN, 5, NaN]);
});

test.each([
  [{ cutoff: 15, order: 4 }, /15 Hz at 30 frames/],
  [{ cutoff: 0, order: 4 }, /0 Hz/],
  [{ cutoff: 6, order: 3 }, /order 3/],
])('%j cannot be', (options, message) => {
  expect(() => butterworth(SAMPLES, 30, options)).toThrow(message);
});
