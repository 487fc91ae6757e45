import { deflateSync, inflateSync } from 'node:zlib';
import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';

/** A tagged element; arrays hold elements, compressed elements one. */
interface Element {
  type: number;
  data: Buffer;
  parts: Element[] | null;
}

const HEADER = 128;
const MATRIX = 14;
const COMPRESSED = 15;
const TYPES = [1, 2, 3, 4, 5, 6, 7, 9, 12, MATRIX, COMPRESSED, 16, 255];
const SIZES = [0, 1, 2, 15, 30, -1, 0x7fffffff, -0x80000000, 1 << 20];

/** Changes the elements of a MAT-file, with sizes that fit, or bytes. */
export function mutateMat5(input: Buffer, random: Random, other: Buffer): Buffer {
  const root = input.length > HEADER ? read(input.subarray(HEADER)) : null;
  if (!root || random.chance(0.25)) return mutateBytes(input, random, other);
  for (let changes = random.integer(1, 4); changes > 0; changes--) change(root, random);
  return Buffer.concat([input.subarray(0, HEADER), ...root.map(write)]);
}

function change(root: Element[], random: Random): void {
  let elements = root;
  let at = random.integer(0, Math.max(1, elements.length));
  for (let inner; (inner = elements[at]?.parts) && inner.length > 0 && random.chance(0.9);) {
    elements = inner;
    at = random.integer(0, elements.length);
  }
  const element = elements[at];
  if (!element) return;
  switch (random.integer(0, 6)) {
    case 0:
      elements.splice(at, 1);
      return;
    case 1:
      for (let copies = random.integer(1, 5); copies > 0; copies--) elements.splice(at, 0, element);
      return;
    case 2:
      elements[at] = { ...element, type: TYPES[random.integer(0, TYPES.length)] };
      return;
    case 3:
      elements[at] =
        element.type === COMPRESSED
          ? (element.parts?.[0] ?? element)
          : { type: COMPRESSED, data: element.data, parts: [element] };
      return;
    case 4: {
      const words = Int32Array.from({ length: random.integer(0, 5) }, () => SIZES[random.integer(0, SIZES.length)]);
      elements[at] = { ...element, data: Buffer.from(words.buffer), parts: null };
      return;
    }
    default:
      if (!element.parts) elements[at] = { ...element, data: mutateBytes(element.data, random, element.data) };
  }
}

/** null where the bytes are no elements. */
function read(bytes: Buffer): Element[] | null {
  const elements: Element[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const type = bytes.readUInt32LE(at);
    const size = bytes.readUInt32LE(at + 4);
    const data = bytes.subarray(at + 8, at + 8 + size);
    if (data.length < size || type > 0xffff) return null;
    at += 8 + (type === COMPRESSED ? size : Math.ceil(size / 8) * 8);
    elements.push({ type, data, parts: type === MATRIX ? read(data) : type === COMPRESSED ? inflated(data) : null });
  }
  return elements;
}

function inflated(data: Buffer): Element[] | null {
  try {
    return read(inflateSync(data, { maxOutputLength: 1 << 16 }));
  } catch {
    return null;
  }
}

function write({ type, data, parts }: Element): Buffer {
  const inner = parts ? Buffer.concat(parts.map(write)) : data;
  const payload = type === COMPRESSED && parts ? deflateSync(inner) : inner;
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(payload.length, 4);
  const padding = type === COMPRESSED ? 0 : (8 - (payload.length % 8)) % 8;
  return Buffer.concat([tag, payload, Buffer.alloc(padding)]);
}
