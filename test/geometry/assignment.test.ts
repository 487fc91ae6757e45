import { assign, assignWorth } from '../../src/geometry/assignment.js';

test('takes the cheapest pairing, not the greedy one', () => {
  expect(assign([[1, 2], [2, 100]])).toEqual([1, 0]); // prettier-ignore
});

test('never makes a forbidden pair, and makes as many allowed ones as there are', () => {
  const x = Infinity;
  expect(assign([[x, x], [1, x]])).toEqual([-1, 0]); // prettier-ignore
  expect(assign([[0, 5], [0, x]])).toEqual([1, 0]); // prettier-ignore
  expect(assign([[x]])).toEqual([-1]);
});

test('rows and columns may differ in number, or be none', () => {
  expect(assign([[3, 1, 2]])).toEqual([1]);
  expect(assign([[3], [1], [2]])).toEqual([-1, 0, -1]);
  expect(assign([])).toEqual([]);
  expect(assign([[], []])).toEqual([-1, -1]);
});

test('agrees with trying every permutation', () => {
  let state = 1;
  const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 50; round++) {
    const size = 2 + (round % 5);
    const cost = Array.from({ length: size }, () => Array.from({ length: size }, random));
    const total = (columns: number[]): number => columns.reduce((sum, column, row) => sum + cost[row][column], 0);
    const best = Math.min(...permutations([...Array(size).keys()]).map(total));
    expect(total(assign(cost))).toBeCloseTo(best, 12);
  }
});

function permutations(items: number[]): number[][] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

test('by worth, fewer pairs are made where they are worth more, and none that is worth nothing', () => {
  expect(
    assignWorth([
      [0.9, 0.2],
      [0.3, 0],
    ]),
  ).toEqual([0, -1]);
  expect(assignWorth([[0.5], [0.6]])).toEqual([-1, 0]);
  expect(assignWorth([[-Infinity, -1]])).toEqual([-1]);
  expect(assignWorth([])).toEqual([]);
});
