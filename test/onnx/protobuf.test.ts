import {
  bytesField,
  floatField,
  messageField,
  ProtobufError,
  readFields,
  readRepeatedVarint,
  readText,
  varintField,
} from '../../src/onnx/protobuf.js';

test.each([
  [0n, '0800'],
  [127n, '087f'],
  [128n, '088001'],
  [300n, '08ac02'], // the example of the format's documentation
  [2n ** 63n - 1n, '08ffffffffffffffff7f'],
  [-1n, '08ffffffffffffffffff01'],
])('field 1 = %d is %s', (value, hex) => {
  const bytes = varintField(1, value);
  expect(bytes.toString('hex')).toBe(hex);
  const [field] = readFields(bytes);
  expect(BigInt.asIntN(64, field.varint)).toBe(value);
});

test('fields are read with their places', () => {
  const bytes = Buffer.concat([bytesField(2, 'test', 'ing'), floatField(3, 1), varintField(1000, 5)]);
  expect(bytes.subarray(0, 9).toString('hex')).toBe('120774657374696e67');
  const fields = [...readFields(bytes)];
  expect(fields.map(({ number, start, end }) => [number, start, end])).toEqual([
    [2, 0, 9],
    [3, 9, 14],
    [1000, 14, 17],
  ]);
  expect(readText(bytes, fields[0])).toBe('testing');
  expect(bytes.readFloatLE(fields[1].valueStart)).toBe(1);
  expect(() => readText(bytes, fields[1])).toThrow(ProtobufError);
});

test('repeated numbers are read packed and plain', () => {
  const read = (bytes: Buffer): bigint[] =>
    [...readFields(bytes)].flatMap((field) => [...readRepeatedVarint(bytes, field)]);
  expect(read(bytesField(4, Buffer.from('038e029ea705', 'hex')))).toEqual([3n, 270n, 86942n]);
  expect(read(Buffer.concat([varintField(4, 3), varintField(4, 270)]))).toEqual([3n, 270n]);
  expect(() => read(bytesField(4, Buffer.of(0x80)))).toThrow(ProtobufError);
  expect(() => read(floatField(4, 1))).toThrow(ProtobufError);
});

test('a message may hold more fields than a call takes arguments', () => {
  const fields = new Array<Buffer>(300_000).fill(varintField(1, 1));
  const bytes = messageField(7, fields);
  const [message] = readFields(bytes);
  expect([...readFields(bytes, message.valueStart, message.end)]).toHaveLength(300_000);
});

test('a field cannot reach beyond its message', () => {
  const inner = bytesField(1, 'abc').subarray(0, 4); // says 3 bytes, holds 2
  const bytes = Buffer.concat([bytesField(7, inner), Buffer.from('c')]);
  const [message] = readFields(bytes);
  expect(() => [...readFields(bytes, message.valueStart, message.end)]).toThrow('a field of 3 bytes');
});
