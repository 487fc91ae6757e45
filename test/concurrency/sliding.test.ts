import { expect, test } from '@jest/globals';
import { sliding } from '../../src/concurrency/sliding.js';

async function* numbers(count: number, end: () => void = () => {}): AsyncGenerator<number> {
  try {
    for (let i = 0; i < count; i++) yield i;
  } finally {
    end();
  }
}

test.each([0, 1, 2, 3])('every item comes with those around it, k = %i', async (k) => {
  for (const count of [0, 1, 2, 3, 4, 9]) {
    const seen: [number, number[]][] = [];
    for await (const { items, key } of sliding(numbers(count), k)) seen.push([items[key], [...items]]);
    const all = Array.from({ length: count }, (_, i) => i);
    expect(seen).toEqual(all.map((i) => [i, all.filter((other) => Math.abs(other - i) <= k)]));
  }
});

test('whoever stops ends the source; after the end nothing comes', async () => {
  let ended = 0;
  for await (const { items } of sliding(numbers(9, () => ended++), 2)) if (items.length === 4) break; // prettier-ignore
  expect(ended).toBe(1);
  const slid = sliding(numbers(1), 2);
  await slid.next();
  expect([await slid.next(), await slid.next()]).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});
