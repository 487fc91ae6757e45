import { Batcher } from '../../src/concurrency/batcher.js';

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('pieces wait in line and go together, as many batches at a time as there are lanes', async () => {
  const batches: number[][] = [];
  let underWay = 0;
  let most = 0;
  const batcher = new Batcher<number, number>(3, 2, async (items) => {
    batches.push(items);
    most = Math.max(most, ++underWay);
    await after(items[0] % 3);
    underWay--;
    return items.map((item) => item * item);
  });
  const results = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((item) => batcher.add(item)));
  expect(results).toEqual([0, 1, 4, 9, 16, 25, 36, 49]);
  expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6, 7]]); // prettier-ignore
  expect(most).toBe(2);
});

test('a batch that fails fails its pieces only, a result that fails its own', async () => {
  const batcher = new Batcher<number, number>(2, 1, async (items) => {
    if (items.includes(0)) throw new Error('no 0');
    return items.map((item) => (item === 3 ? Promise.reject(new Error('no 3')) : item));
  });
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((item) => batcher.add(item)));
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason)))).toEqual([
    'Error: no 0',
    'Error: no 0',
    2,
    'Error: no 3',
    4,
  ]);
});
