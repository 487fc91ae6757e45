import { fromFloat16, toFloat16 } from '../../src/bundle/float16.js';

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [0.1, 0x2e66],
  [65504, 0x7bff], // the largest finite value
  [65520, 0x7c00], // halfway to the next: even, which is infinity
  [65519, 0x7bff],
  [2 ** -14, 0x0400], // the smallest normal value
  [2 ** -24, 0x0001], // the smallest subnormal value
  [2 ** -25, 0x0000], // halfway to zero: even
  [1.5 * 2 ** -25, 0x0001],
  [3 * 2 ** -25, 0x0002], // halfway between 1 and 2 units: even
  [1 + 2 ** -11, 0x3c00], // halfway: even
  [1 + 3 * 2 ** -11, 0x3c02],
  [2047.5 * 2 ** -25, 0x0400], // rounds up from subnormal to normal
  [Infinity, 0x7c00],
  [-Infinity, 0xfc00],
])('%d is the half %i', (value, bits) => {
  expect(toFloat16(value)).toBe(bits);
});

test('every half survives the way to float32 and back', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16(bits);
    if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16(toFloat16(value)))).toBe(true);
    else if (toFloat16(value) !== bits) throw new Error(`0x${bits.toString(16)} → ${value} → ${toFloat16(value)}`);
  }
});
