/** IEEE 754 binary16 ↔ binary32, for tensors stored in half precision. */

const word = new DataView(new ArrayBuffer(4));

/** Of every bit pattern, once it is asked for: a network has millions of weights. */
let values: Float32Array | null = null;

/** The value of a binary16 bit pattern (0–0xFFFF); exact. */
export function fromFloat16(bits: number): number {
  values ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => valueOf(pattern));
  return values[bits];
}

function valueOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** The largest finite value. */
export const LARGEST_FLOAT16 = 65504;

/** The nearest binary16 bit pattern, ties to even; beyond the largest finite value, infinity. */
export function toFloat16(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 127;
  const mantissa = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  if (exponent < -25) return sign;
  // A normal half keeps 10 of 23 mantissa bits; a subnormal one also shifts the implicit leading bit in.
  const subnormal = exponent < -14;
  const significand = subnormal ? mantissa | 0x800000 : mantissa;
  const shift = subnormal ? -1 - exponent : 13;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const roundUp = rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0;
  // The carry of rounding runs into the exponent, which is what it should do, up to infinity.
  const magnitude = (subnormal ? 0 : (exponent + 15) << 10) + kept + roundUp;
  return sign | Math.min(magnitude, 0x7c00);
}
