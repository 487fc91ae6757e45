import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';
import { mutateJson } from './json.js';

/** Changes the header's JSON, with a length that fits it, or bytes. */
export function mutateSafetensors(input: Buffer, random: Random, other: Buffer): Buffer {
  const parts = split(input);
  if (!parts || random.chance(0.2)) return mutateBytes(input, random, other);
  const header = mutateJson(parts.header, random, split(other)?.header ?? parts.header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = random.chance(0.1) ? mutateBytes(parts.data, random, parts.data) : parts.data;
  return Buffer.concat([length, header, data]);
}

function split(input: Buffer): { header: Buffer; data: Buffer } | null {
  if (input.length < 8) return null;
  const end = 8n + input.readBigUInt64LE(0);
  if (end > BigInt(input.length)) return null;
  return { header: input.subarray(8, Number(end)), data: input.subarray(Number(end)) };
}
