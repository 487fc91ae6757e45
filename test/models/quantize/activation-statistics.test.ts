import { ActivationStatistics } from '../../../src/models/quantize/activation-statistics.js';

/** Statistics of vectors of one channel. */
function of(...parts: number[][]): ActivationStatistics {
  const statistics = new ActivationStatistics('net.onnx: tensor x');
  for (const values of parts) statistics.add(Float32Array.from(values), [values.length]);
  return statistics;
}

const ramp = (from: number, to: number): number[] =>
  Array.from({ length: 2001 }, (_, i) => from + (i / 2000) * (to - from));

test('evenly spread values keep their whole range', () => {
  expect(of(ramp(-1, 3)).bestRange()).toEqual({ low: -1, high: 3 });
  expect(of(ramp(0.5, 6)).bestRange()).toEqual({ low: 0, high: 6 }); // 0 must be a level
});

test('a lone outlier is clipped, as the finer levels are worth more', () => {
  const bulk = Array.from({ length: 500 }, () => ramp(0, 1));
  const { low, high } = of(...bulk, [3]).bestRange();
  expect(low).toBe(0);
  expect(high).toBeGreaterThanOrEqual(1);
  expect(high).toBeLessThan(2);
});

test('zeros cost no range anything', () => {
  // Half of what comes out of a ReLU is 0, which is exact at any scale: without them the outlier would be kept.
  const values = [...ramp(0.001, 1), ...ramp(0.001, 1), 1.6];
  const withZeros = of(values, new Array<number>(1e5).fill(0));
  expect(withZeros.bestRange()).toEqual(of(values).bestRange());
});

test('the order of the crops does not matter', () => {
  const small = ramp(-0.1, 0.1);
  const large = [...ramp(-4, 5), 7];
  const [a, b] = [of(small, large).bestRange(), of(large, small).bestRange()];
  expect(a.low).toBeCloseTo(b.low, 1);
  expect(a.high).toBeCloseTo(b.high, 1);
});

test('means by channel, over all crops', () => {
  const statistics = new ActivationStatistics('x');
  statistics.add(Float32Array.of(1, 3, 10, 20), [1, 2, 1, 2]);
  statistics.add(Float32Array.of(5, 7, 0, 30), [1, 2, 2, 1]);
  expect(statistics.means).toEqual([4, 15]);
});

test('nothing but zeros is a range, too', () => {
  expect(of([0, 0]).bestRange()).toEqual({ low: 0, high: 0 });
});

test.each([NaN, Infinity])('%p is refused, naming the tensor', (value) => {
  expect(() => of([1, value])).toThrow('net.onnx: tensor x holds values that are not finite');
});
