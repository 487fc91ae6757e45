import type { Random } from '../../../src/features/random.js';
import { mutateBytes } from './bytes.js';

/** A field of a message: a number, raw bytes (fixed32, fixed64 too) or, where its bytes read as one, a message. */
interface Field {
  number: bigint;
  type: number;
  varint: bigint;
  bytes: Buffer;
  message: Field[] | null;
}

const NUMBERS = [0n, 1n, 2n, 127n, 128n, 1n << 31n, (1n << 32n) - 1n, 1n << 53n, (1n << 64n) - 1n];
/** Messages in messages, no deeper: ONNX needs six. */
const DEPTH = 7;

/** Changes fields of a message and of the messages in it, with lengths that fit, or bytes. */
export function mutateProtobuf(input: Buffer, random: Random, other: Buffer): Buffer {
  const fields = read(input, DEPTH);
  if (!fields || fields.length === 0 || random.chance(0.15)) return mutateBytes(input, random, other);
  const donor = read(other, DEPTH) ?? fields;
  for (let changes = random.integer(1, 4); changes > 0; changes--) changeMessage(fields, random, donor);
  return write(fields);
}

function changeMessage(root: Field[], random: Random, donor: Field[]): void {
  const [fields, at] = placeIn(root, random);
  const field = fields[at];
  if (!field) return;
  switch (random.integer(0, 8)) {
    case 0:
      fields.splice(at, 1);
      return;
    case 1:
      for (let copies = random.integer(1, 12); copies > 0; copies--) fields.splice(at, 0, field);
      return;
    case 2: {
      const [from, place] = placeIn(donor, random);
      if (from.length > 0) fields[at] = copyOf(from[place]);
      return;
    }
    case 3:
      fields[at] = { ...field, number: BigInt(random.integer(0, 21)) };
      return;
    case 4:
      fields[at] = { ...field, type: [0, 1, 2, 3, 5][random.integer(0, 5)], message: null };
      return;
    case 5: {
      const [from, place] = placeIn(root, random);
      fields[at] = { ...field, bytes: copyOf(from[place]).bytes, message: null }; // another tensor's name
      return;
    }
    default:
      if (field.type === 0) {
        const small = BigInt(random.integer(0, 20));
        fields[at] = { ...field, varint: random.chance(0.5) ? small : NUMBERS[random.integer(0, NUMBERS.length)] };
      } else if (!field.message) fields[at] = { ...field, bytes: mutateBytes(field.bytes, random, field.bytes) };
  }
}

/** A field that can stand anywhere, also in its own message. */
function copyOf(field: Field): Field {
  return field.message ? { ...field, bytes: write(field.message), message: null } : field;
}

/** A random field, and the message that holds it. */
function placeIn(root: Field[], random: Random): [Field[], number] {
  let fields = root;
  for (;;) {
    const at = random.integer(0, Math.max(1, fields.length));
    const inner = fields[at]?.message;
    if (!inner || inner.length === 0 || random.chance(0.1)) return [fields, at];
    fields = inner;
  }
}

/** null where the bytes are no message. */
function read(bytes: Buffer, depth: number): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | null => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < bytes.length; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === null || tag >> 3n === 0n || tag >> 3n > 100n) return null;
    const field: Field = {
      number: tag >> 3n,
      type: Number(tag & 7n),
      varint: 0n,
      bytes: Buffer.alloc(0),
      message: null,
    };
    const length = field.type === 1 ? 8n : field.type === 5 ? 4n : varint();
    if (length === null) return null;
    if (field.type === 0) field.varint = length;
    else if ([1, 2, 5].includes(field.type)) {
      if (length > BigInt(bytes.length - at)) return null;
      field.bytes = bytes.subarray(at, at + Number(length));
      at += Number(length);
      if (field.type === 2 && depth > 1 && field.bytes.length > 1) field.message = read(field.bytes, depth - 1);
    } else return null;
    fields.push(field);
  }
  return fields;
}

function write(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, type, varint, bytes, message }) => {
      const tag = encoded((number << 3n) | BigInt(type));
      if (type === 0) return [tag, encoded(varint)];
      const payload = message ? write(message) : bytes;
      return type === 2 ? [tag, encoded(BigInt(payload.length)), payload] : [tag, payload];
    }),
  );
}

function encoded(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Buffer.from([...bytes, Number(value)]);
}
