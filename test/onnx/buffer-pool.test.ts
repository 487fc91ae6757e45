import { BufferPool } from '../../src/onnx/buffer-pool.js';

test('an array that was given comes again, for its length only', () => {
  const pool = new BufferPool();
  const array = pool.take(5);
  expect(array).toHaveLength(5);
  pool.give(array);
  expect(pool.take(4)).not.toBe(array);
  expect(pool.take(5)).toBe(array);
  expect(pool.take(5)).not.toBe(array);
});

test('arrays of lengths that are not asked for any more do not stay', () => {
  const pool = new BufferPool();
  const old = pool.take(1);
  pool.give(old);
  for (let length = 2; length < 40; length++) pool.give(pool.take(length));
  expect(pool.take(1)).not.toBe(old);
});

test('of many lengths those stay that are asked for again and again', () => {
  const pool = new BufferPool();
  const array = pool.take(1);
  for (let length = 2; length < 40; length++) {
    pool.give(array);
    pool.give(pool.take(length));
    expect(pool.take(1)).toBe(array);
  }
});
