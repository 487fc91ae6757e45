import type { Random } from '../../../src/features/random.js';

/** Numbers that lengths, counts and offsets go wrong at. */
const LIMITS = [
  0, 1, 2, 3, 4, 7, 8, 16, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** One to four blind changes: bits, numbers, stretches left out, doubled, or taken from another input. */
export function mutateBytes(input: Buffer, random: Random, other: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(input);
  for (let changes = random.integer(1, 5); changes > 0; changes--) bytes = changed(bytes, random, other);
  return bytes;
}

function changed(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const at = random.integer(0, bytes.length + 1);
  const end = Math.min(bytes.length, at + random.integer(1, random.chance(0.8) ? 9 : 257));
  switch (random.integer(0, 8)) {
    case 0:
      if (at < bytes.length) bytes[at] ^= 1 << random.integer(0, 8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.integer(0, 256);
      return bytes;
    case 2: {
      const value = LIMITS[random.integer(0, LIMITS.length)];
      if (at + 4 > bytes.length) return bytes;
      if (random.chance(0.5)) bytes.writeUInt32LE(value, at);
      else bytes.writeUInt32BE(value, at);
      return bytes;
    }
    case 3:
      return bytes.subarray(0, at); // cut off
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]); // a stretch twice
    case 6: {
      const from = random.integer(0, other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + end - at), bytes.subarray(end)]);
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.integer(0, 256)]), bytes.subarray(at)]);
  }
}
