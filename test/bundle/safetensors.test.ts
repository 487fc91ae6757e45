import { GlposeError } from '../../src/errors.js';
import { formatSafetensors, parseSafetensors } from '../../src/bundle/safetensors.js';

const FILE = 'head.safetensors';

/** A file with this header text and these data bytes; `length` may lie about the header. */
function file(header: string, data: Uint8Array = new Uint8Array(), length = BigInt(Buffer.byteLength(header))): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(header), data]);
}

const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('what is written is read', () => {
  const tensors = new Map([
    ['b.weight', { shape: [2, 1, 3], data: Float32Array.of(1, -2, 0.5, 0, 1e-6, 60000) }],
    ['a', { shape: [], data: Float32Array.of(-0.25) }],
    ['empty', { shape: [0, 4], data: new Float32Array() }],
  ]);

  test('as float32, exactly, sorted by name', () => {
    const read = parseSafetensors(formatSafetensors(tensors, 'F32', { made: 'here' }), FILE);
    expect(read.metadata).toEqual({ made: 'here' });
    expect([...read.tensors.keys()].sort()).toEqual(['a', 'b.weight', 'empty']);
    for (const [name, tensor] of tensors) expect(read.tensors.get(name)).toEqual(tensor);
  });

  test('as float16, rounded', () => {
    const read = parseSafetensors(formatSafetensors(tensors, 'F16'), FILE);
    const values = read.tensors.get('b.weight')!.data;
    expect([...values.slice(0, 4)]).toEqual([1, -2, 0.5, 0]);
    expect(values[4]).toBeCloseTo(1e-6, 7);
  });

  test('bfloat16 is the upper half of float32', () => {
    const bytes = file(`{"x":${entry('BF16', [2], [0, 4])}}`, Uint8Array.of(0x80, 0x3f, 0x20, 0xc0));
    expect([...parseSafetensors(bytes, FILE).tensors.get('x')!.data]).toEqual([1, -2.5]);
  });

  test('the bytes do not depend on the order of insertion, and data starts at a multiple of 8', () => {
    const reversed = new Map([...tensors].reverse());
    const bytes = formatSafetensors(reversed, 'F32');
    expect(bytes.equals(formatSafetensors(tensors, 'F32'))).toBe(true);
    expect(Number(bytes.readBigUInt64LE(0)) % 8).toBe(0);
  });

  test('a finite value too large for float16 is refused', () => {
    const large = new Map([['x', { shape: [1], data: Float32Array.of(1e6) }]]);
    expect(() => formatSafetensors(large, 'F16')).toThrow('x[0] = 1000000 does not fit float16');
  });

  test('a tensor may be called __proto__ without harm', () => {
    const read = parseSafetensors(file(`{"__proto__":${entry('F32', [1], [0, 4])}}`, new Uint8Array(4)), FILE);
    expect([...read.tensors.keys()]).toEqual(['__proto__']);
  });
});

const four = new Uint8Array(4);
const eight = new Uint8Array(8);
const HOSTILE: [string, Buffer, string][] = [
  ['an empty file', Buffer.alloc(0), 'too short'],
  ['7 bytes', Buffer.alloc(7), 'too short'],
  ['a header longer than the file', file('{}', four, 100n), 'header of 100 bytes'],
  ['a header length that overflows', file('{}', four, 2n ** 64n - 1n), 'exceeds'],
  ['a header length just under 2^53', file('{}', four, 2n ** 53n - 1n), 'exceeds'],
  ['a header that is not JSON', file('{"a":'), 'not JSON'],
  ['a header that is an array', file('[]'), 'does not begin'],
  ['an empty header', file(''), 'does not begin'],
  ['text', Buffer.from('this is not a tensor file at all'), 'exceeds'],
  ['an entry without offsets', file('{"x":{"dtype":"F32","shape":[1]}}', four), 'needs dtype, shape'],
  ['an entry that is null', file('{"x":null}'), 'needs dtype, shape'],
  ['metadata that is not text', file('{"__metadata__":{"a":1}}'), '__metadata__'],
  ['an unknown dtype', file(`{"x":${entry('F64', [1], [0, 8])}}`, eight), 'has dtype F64'],
  ['a dtype from the prototype', file(`{"x":${entry('toString', [1], [0, 4])}}`, four), 'has dtype toString'],
  ['a negative side', file(`{"x":${entry('F32', [-1], [0, 4])}}`, four), 'needs dtype, shape'],
  ['a fractional side', file(`{"x":${entry('F32', [1.5], [0, 6])}}`, eight), 'needs dtype, shape'],
  ['a shape product that overflows', file(`{"x":${entry('F32', [2 ** 40, 2 ** 40], [0, 4])}}`, four), 'does not fill'],
  ['a shape product that wraps to 4 bytes', file(`{"x":${entry('F32', [2 ** 32 + 1], [0, 4])}}`, four), 'does not fill'],
  ['a shape larger than its bytes', file(`{"x":${entry('F32', [2], [0, 4])}}`, four), 'does not fill'],
  ['offsets behind the end', file(`{"x":${entry('F32', [2], [0, 8])}}`, four), 'outside the 4 data bytes'],
  ['offsets that run backwards', file(`{"x":${entry('F32', [1], [4, 0])}}`, four), 'outside the 4 data bytes'],
  ['offsets beyond 2^53', file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,1e300]}}`, four), 'needs dtype'],
  [
    'tensors that overlap',
    file(`{"x":${entry('F32', [1], [0, 4])},"y":${entry('F16', [2], [2, 6])}}`, new Uint8Array(6)),
    'overlaps',
  ],
  ['two tensors in one place', file(`{"x":${entry('F32', [1], [0, 4])},"y":${entry('F32', [1], [0, 4])}}`, four), 'overlaps'],
  ['a gap before a tensor', file(`{"x":${entry('F32', [1], [4, 8])}}`, eight), 'bytes 0–4 belong to no tensor'],
  ['bytes after the last tensor', file(`{"x":${entry('F32', [1], [0, 4])}}`, eight), 'bytes 4–8 belong to no tensor'],
  [
    'a name twice',
    file(`{"x":${entry('F32', [1], [0, 4])}, "x" :${entry('F32', [1], [0, 4])}}`, four),
    'listed twice',
  ],
  [
    'a name twice, once in escapes',
    file(`{"x":${entry('F32', [1], [0, 4])},"\\u0078":${entry('F32', [1], [0, 4])}}`, four),
    'listed twice',
  ],
]; // prettier-ignore

test.each(HOSTILE)('%s is refused', (_, bytes, problem) => {
  expect(() => parseSafetensors(bytes, FILE)).toThrow(GlposeError);
  expect(() => parseSafetensors(bytes, FILE)).toThrow(problem);
  expect(() => parseSafetensors(bytes, FILE)).toThrow(FILE);
});

test('every truncation of a sound file is refused', () => {
  const whole = formatSafetensors(new Map([['x', { shape: [3], data: Float32Array.of(1, 2, 3) }]]), 'F32');
  for (let length = 0; length < whole.length; length++) {
    expect(() => parseSafetensors(whole.subarray(0, length), FILE)).toThrow(GlposeError);
  }
});

test('a flipped byte gives tensors or a GlposeError, nothing else', () => {
  const whole = formatSafetensors(new Map([['x', { shape: [2], data: Float32Array.of(1, 2) }]]), 'F32');
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= flip;
      try {
        parseSafetensors(bytes, FILE);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(GlposeError);
      }
    }
  }
});
