import { z } from 'zod';
import { GlposeError, messageOf } from '../errors.js';
import type { Tensor } from '../native/contract.js';
import { fromFloat16, toFloat16 } from './float16.js';

/*
 * The safetensors format (github.com/huggingface/safetensors): a u64 little-endian header length, a JSON header
 * {name: {dtype, shape, data_offsets: [begin, end]}, "__metadata__": {string: string}}, then the tensors' bytes,
 * little-endian, row-major, without gaps or overlaps.
 */

const HEADER_LIMIT = 100_000_000; // bytes; the reference implementation's limit
const BYTES = { F32: 4, F16: 2, BF16: 2 } as const;
type Dtype = keyof typeof BYTES;

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface Safetensors {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/**
 * Reads tensors of type F32, F16 and BF16, as float32. The bytes are treated as hostile: every length is checked
 * before it is used.
 * @param file the name that error messages give
 * @throws MODEL where the bytes are not a safetensors file
 */
export function parseSafetensors(bytes: Buffer, file: string): Safetensors {
  const fail: (problem: string) => never = (problem) => {
    throw new GlposeError('MODEL', `${file}: not a sound safetensors file: ${problem}`, 'Download or export it again.');
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes, too short for a header`);
  const headerLength = bytes.readBigUInt64LE(0);
  if (headerLength > BigInt(HEADER_LIMIT)) fail(`header length ${headerLength} exceeds ${HEADER_LIMIT}`);
  const dataStart = 8 + Number(headerLength);
  if (dataStart > bytes.length) fail(`header of ${headerLength} bytes in a file of ${bytes.length}`);
  const dataLength = bytes.length - dataStart;

  const text = bytes.toString('utf8', 8, dataStart);
  if (!text.startsWith('{')) fail('the header does not begin with "{"');
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text) as Record<string, unknown>;
  } catch (thrown) {
    fail(`the header is not JSON: ${messageOf(thrown)}`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) fail(`tensor ${JSON.stringify(twice)} is listed twice`);

  let metadata: Record<string, string> = {};
  const places: { name: string; dtype: Dtype; shape: number[]; count: number; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) fail('__metadata__ is not a map of strings');
      else metadata = parsed.data;
      continue;
    }
    const label = `tensor ${JSON.stringify(name)}`;
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) fail(`${label} needs dtype, shape and data_offsets`);
    const { dtype, shape, data_offsets: offsets } = parsed.data;
    if (!Object.hasOwn(BYTES, dtype)) fail(`${label} has dtype ${dtype}; F32, F16 and BF16 are supported`);
    const count = shape.reduce((product, side) => product * side, 1);
    const [begin, end] = offsets;
    if (begin > end || end > dataLength) fail(`${label} lies at ${begin}–${end}, outside the ${dataLength} data bytes`);
    if (!Number.isSafeInteger(count) || count * BYTES[dtype as Dtype] !== end - begin) {
      fail(`${label} of shape [${shape.join(', ')}] does not fill its ${end - begin} bytes`);
    }
    places.push({ name, dtype: dtype as Dtype, shape, count, begin, end });
  }

  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of places) {
    if (begin < covered) fail(`tensor ${JSON.stringify(name)} overlaps the one before it`);
    if (begin > covered) fail(`bytes ${covered}–${begin} belong to no tensor`);
    covered = end;
  }
  if (covered !== dataLength) fail(`bytes ${covered}–${dataLength} belong to no tensor`);

  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, count, begin } of places) {
    tensors.set(name, { shape, data: decode(bytes, dataStart + begin, count, dtype) });
  }
  return { tensors, metadata };
}

/**
 * Writes tensors as float32 or float16, sorted by name, so that equal tensors give equal bytes.
 * @throws INTERNAL where a finite value does not fit float16
 */
export function formatSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  dtype: 'F32' | 'F16',
  metadata: Record<string, string> = {},
): Buffer {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    const part = encode(data, dtype, name);
    header[name] = { dtype, shape, data_offsets: [offset, offset + part.length] };
    offset += part.length;
    parts.push(part);
  }
  const text = JSON.stringify(header);
  const padded = Buffer.from(text + ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8)); // data 8-byte aligned
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

function decode(bytes: Buffer, start: number, count: number, dtype: Dtype): Float32Array {
  const values = new Float32Array(count);
  if (dtype === 'F32') for (let i = 0; i < count; i++) values[i] = bytes.readFloatLE(start + 4 * i);
  else if (dtype === 'F16') for (let i = 0; i < count; i++) values[i] = fromFloat16(bytes.readUInt16LE(start + 2 * i));
  else {
    // bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) bits[i] = bytes.readUInt16LE(start + 2 * i) << 16;
  }
  return values;
}

function encode(data: Float32Array, dtype: 'F32' | 'F16', name: string): Buffer {
  const bytes = Buffer.alloc(data.length * BYTES[dtype]);
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'F32') {
      bytes.writeFloatLE(data[i], 4 * i);
      continue;
    }
    const half = toFloat16(data[i]);
    if ((half & 0x7fff) === 0x7c00 && Number.isFinite(data[i])) {
      throw new GlposeError('INTERNAL', `${name}[${i}] = ${data[i]} does not fit float16`);
    }
    bytes.writeUInt16LE(half, 2 * i);
  }
  return bytes;
}

/** The first key that stands twice at the top level of a JSON object; JSON.parse would silently keep the last. */
function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  // Strings, and the brackets between them; a string at depth 1 that a colon follows is a key.
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const [token, colon] = match;
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && colon !== undefined) {
      const key = JSON.parse(token.slice(0, token.length - colon.length)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
