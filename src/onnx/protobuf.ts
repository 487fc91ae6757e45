/*
 * The protobuf wire format, as far as ONNX files need it: fields are read as byte ranges, so that what is kept can be
 * copied byte for byte, unknown fields included.
 */

export const enum WireType {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  fixed32 = 5,
}

/** One field of a message: where it lies in the buffer, and its value's range or number. */
export interface Field {
  number: number;
  type: WireType;
  /** The whole field, tag included: [start, end). */
  start: number;
  end: number;
  /** The value: payload of a `bytes` field, otherwise the encoded number. */
  valueStart: number;
  /** The number of a varint field (two's complement for negative ones); 0n otherwise. */
  varint: bigint;
}

/** Thrown on bytes that are not protobuf; callers know the file's name and say so. */
export class ProtobufError extends Error {}

/** Yields the fields of the message in [start, end). Every length is checked before it is used. */
export function* readFields(bytes: Buffer, start = 0, end = bytes.length): Generator<Field> {
  let at = start;
  while (at < end) {
    const begin = at;
    const tag = readVarint(bytes, at, end);
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n) as WireType;
    if (number === 0) throw new ProtobufError(`field number 0 at byte ${begin}`);
    let valueStart = tag.next;
    let varint = 0n;
    if (type === WireType.varint) {
      const value = readVarint(bytes, valueStart, end);
      varint = value.value;
      at = value.next;
    } else if (type === WireType.bytes) {
      const length = readVarint(bytes, valueStart, end);
      valueStart = length.next;
      if (length.value > BigInt(end - valueStart)) {
        throw new ProtobufError(`a field of ${length.value} bytes at byte ${begin} ends after byte ${end}`);
      }
      at = valueStart + Number(length.value);
    } else if (type === WireType.fixed32) at = valueStart + 4;
    else if (type === WireType.fixed64) at = valueStart + 8;
    else throw new ProtobufError(`wire type ${type as number} at byte ${begin}`);
    if (at > end) throw new ProtobufError(`the field at byte ${begin} ends after byte ${end}`);
    yield { number, type, start: begin, end: at, valueStart, varint };
  }
}

/** Yields the numbers of a repeated integer field, packed or not. */
export function* readRepeatedVarint(bytes: Buffer, field: Field): Generator<bigint> {
  if (field.type === WireType.varint) {
    yield field.varint;
    return;
  }
  if (field.type !== WireType.bytes) throw new ProtobufError(`field ${field.number} is not a list of integers`);
  let at = field.valueStart;
  while (at < field.end) {
    const { value, next } = readVarint(bytes, at, field.end);
    yield value;
    at = next;
  }
}

/** The text of a string field. */
export function readText(bytes: Buffer, field: Field): string {
  if (field.type !== WireType.bytes) throw new ProtobufError(`field ${field.number} is not a string`);
  return bytes.toString('utf8', field.valueStart, field.end);
}

function readVarint(bytes: Buffer, start: number, end: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    if (start + i >= end) throw new ProtobufError(`the number at byte ${start} ends after byte ${end}`);
    const byte = bytes[start + i];
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value: BigInt.asUintN(64, value), next: start + i + 1 };
  }
  throw new ProtobufError(`the number at byte ${start} is longer than 64 bits`);
}

/** A varint field; negative numbers take ten bytes, as int64 does. */
export function varintField(number: number, value: number | bigint): Buffer {
  return Buffer.concat([tag(number, WireType.varint), encodeVarint(BigInt(value))]);
}

/** A string, bytes or message field of the concatenated parts. */
export function bytesField(number: number, ...parts: (Uint8Array | string)[]): Buffer {
  return messageField(
    number,
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  );
}

/** A message field of its fields, of which there may be more than a call takes arguments. */
export function messageField(number: number, fields: readonly Uint8Array[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 0);
  return Buffer.concat([tag(number, WireType.bytes), encodeVarint(BigInt(length)), ...fields]);
}

export function floatField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(number, WireType.fixed32), bytes]);
}

function tag(number: number, type: WireType): Buffer {
  return encodeVarint(BigInt(number * 8 + type));
}

function encodeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
