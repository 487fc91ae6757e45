/*
 * MATLAB's MAT-file, level 5 (MathWorks, "MAT-File Format"): numeric arrays by name, compressed or not. Enough for
 * JHMDB's files; other classes (structs, cells, text) are passed over. Every length is checked before it is used.
 */
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { GlposeError, messageOf } from '../errors.js';

export interface MatArray {
  /** Sizes; values are in column-major order (the first index runs fastest). */
  dimensions: number[];
  values: NumericArray;
}

type NumericArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array; // prettier-ignore

const HEADER_BYTES = 128;
/** Inflated size of all variables of a file: beyond it the file is damaged or an attack. JHMDB's largest have 4 MB. */
const MAX_INFLATED_BYTES = 32 * 2 ** 20;
/** MATLAB's own names have at most 63 characters, its arrays a few dimensions. */
const MAX_NAME = 255;
const MAX_DIMENSIONS = 8;

const MI_MATRIX = 14;
const MI_COMPRESSED = 15;
/** Data types: arrays of their values, and how to read one. */
const NUMERIC: Record<
  number,
  [make: (count: number) => NumericArray, read: (data: DataView, at: number, little: boolean) => number]
> = {
  1: [(count) => new Int8Array(count), (data, at) => data.getInt8(at)],
  2: [(count) => new Uint8Array(count), (data, at) => data.getUint8(at)],
  3: [(count) => new Int16Array(count), (data, at, little) => data.getInt16(at, little)],
  4: [(count) => new Uint16Array(count), (data, at, little) => data.getUint16(at, little)],
  5: [(count) => new Int32Array(count), (data, at, little) => data.getInt32(at, little)],
  6: [(count) => new Uint32Array(count), (data, at, little) => data.getUint32(at, little)],
  7: [(count) => new Float32Array(count), (data, at, little) => data.getFloat32(at, little)],
  9: [(count) => new Float64Array(count), (data, at, little) => data.getFloat64(at, little)],
};
/** Classes double, single, (u)int8, 16, 32. */
const isNumericClass = (kind: number): boolean => kind >= 6 && kind <= 13;

/**
 * The numeric arrays of a MAT-file by name.
 * @throws GlposeError ANNOTATION where the file cannot be read, is no MAT-file of level 5 or is damaged
 */
export function readMatFile(file: string): Map<string, MatArray> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw damaged(file, `cannot be read: ${messageOf(cause).split(',')[0]}`, 'Check its permissions.', cause);
  }
  return readMat5(bytes, file);
}

/**
 * The numeric arrays of a MAT-file's bytes by name.
 * @param file named in messages
 * @throws GlposeError ANNOTATION where the bytes are no MAT-file of level 5 or are damaged
 */
export function readMat5(bytes: Uint8Array, file: string): Map<string, MatArray> {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = bytes.length >= HEADER_BYTES ? data.getUint16(126, true) : 0;
  if (mark !== 0x4d49 && mark !== 0x494d) {
    throw damaged(file, 'is no MAT-file of level 5', 'Save it from MATLAB with -v7 or -v6.');
  }
  const little = mark === 0x4d49;
  const arrays = new Map<string, MatArray>();
  let inflatedBytes = 0;
  try {
    let at = HEADER_BYTES;
    while (at + 8 <= bytes.length) {
      const element = elementAt(data, at, little);
      let body = element.body;
      let type = element.type;
      if (type === MI_COMPRESSED) {
        const packed = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
        // 0 would be no limit
        const inflated = inflateSync(packed, { maxOutputLength: Math.max(1, MAX_INFLATED_BYTES - inflatedBytes) });
        inflatedBytes += inflated.length;
        const inner = elementAt(new DataView(inflated.buffer, inflated.byteOffset, inflated.byteLength), 0, little);
        [type, body] = [inner.type, inner.body];
        at += 8 + packed.length; // compressed elements are not padded
      } else {
        at = element.next;
      }
      const array = type === MI_MATRIX ? matrix(body, little) : null;
      if (array) arrays.set(array.name, array);
    }
  } catch (cause) {
    throw damaged(file, `is damaged (${messageOf(cause)})`, 'Get the file again.', cause);
  }
  return arrays;
}

interface Element {
  type: number;
  body: DataView;
  /** Where the next element begins. */
  next: number;
}

/** The tagged element at an offset; small ones (up to four bytes) sit inside their tag. */
function elementAt(data: DataView, at: number, little: boolean): Element {
  if (at + 8 > data.byteLength) throw new RangeError('an element is cut off');
  const word = data.getUint32(at, little);
  const small = word >>> 16;
  const [type, size, start] =
    small > 0 ? [word & 0xffff, small, at + 4] : [word, data.getUint32(at + 4, little), at + 8];
  if ((small > 0 && size > 4) || start + size > data.byteLength)
    throw new RangeError('an element is longer than the file');
  const next = small > 0 ? at + 8 : start + Math.ceil(size / 8) * 8;
  return { type, body: new DataView(data.buffer, data.byteOffset + start, size), next };
}

/** A matrix element: flags, dimensions, name, real values. null for classes other than numbers. */
function matrix(body: DataView, little: boolean): (MatArray & { name: string }) | null {
  const flags = elementAt(body, 0, little);
  if (flags.body.byteLength < 8) throw new RangeError('array flags are cut off');
  if (!isNumericClass(flags.body.getUint32(0, little) & 0xff)) return null;
  const shape = elementAt(body, flags.next, little);
  const dimensions = [...numbers(shape, little, MAX_DIMENSIONS)];
  if (!dimensions.every((size) => Number.isInteger(size) && size >= 0)) throw new RangeError('an array has no size');
  const name = elementAt(body, shape.next, little);
  const values = numbers(elementAt(body, name.next, little), little);
  if (values.length !== dimensions.reduce((a, b) => a * b, 1))
    throw new RangeError('an array has another size than it says');
  return { name: String.fromCharCode(...numbers(name, little, MAX_NAME)), dimensions, values };
}

/** @param most values, where more make no sense */
function numbers({ type, body }: Element, little: boolean, most = Infinity): NumericArray {
  const kind = NUMERIC[type];
  if (!kind) throw new RangeError(`data type ${type} is not numeric`);
  const [make, read] = kind;
  const { BYTES_PER_ELEMENT: bytes } = make(0);
  const count = Math.floor(body.byteLength / bytes);
  if (count > most) throw new RangeError(`a name or a size has ${count} parts`);
  const values = make(count);
  for (let i = 0; i < count; i++) values[i] = read(body, i * bytes, little);
  return values;
}

function damaged(file: string, problem: string, remedy: string, cause?: unknown): GlposeError {
  return new GlposeError('ANNOTATION', `${file} ${problem}`, remedy, { cause });
}
