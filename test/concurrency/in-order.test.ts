import { inOrder } from '../../src/concurrency/in-order.js';

async function* upTo(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('yields in the order of the items, with at most `ahead` under way', async () => {
  let underWay = 0;
  let most = 0;
  const results: number[] = [];
  const mapped = inOrder(upTo(10), 3, async (item) => {
    most = Math.max(most, ++underWay);
    await after((10 - item) % 4);
    underWay--;
    return item * item;
  });
  for await (const result of mapped) results.push(result);
  expect(results).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  expect(most).toBe(3);
});

test('an error comes at its place, after the results before it', async () => {
  const results: number[] = [];
  const run = async (): Promise<void> => {
    const mapped = inOrder(upTo(5), 4, async (item) => {
      if (item === 2) throw new Error('no 2');
      await after(2);
      return item;
    });
    for await (const result of mapped) results.push(result);
  };
  await expect(run()).rejects.toThrow('no 2');
  expect(results).toEqual([0, 1]);
});

test('a consumer that stops closes the source', async () => {
  let closed = false;
  const source = (async function* (): AsyncGenerator<number> {
    try {
      yield* upTo(100);
    } finally {
      closed = true;
    }
  })();
  for await (const result of inOrder(source, 2, async (item) => item)) if (result === 3) break;
  expect(closed).toBe(true);
});
