/**
 * Optimal one-to-one assignment (shortest augmenting paths with potentials; Jonker & Volgenant 1987), O(n²m)
 * for n rows and m columns, at least as many.
 * @param cost rows × columns, finite numbers; `Infinity` forbids a pair
 * @returns for each row its column, or −1 where it stays alone. The number of pairs comes before their total cost only
 *   among allowed pairs: a forbidden pair is never made.
 */
export function assign(cost: readonly (readonly number[])[]): number[] {
  const rows = cost.length;
  const columns = rows === 0 ? 0 : cost[0].length;
  if (rows === 0 || columns === 0) return new Array<number>(rows).fill(-1);

  // A column for every row: `alone` is dearer than any sum of real pairs could save, so that pairs are made wherever allowed.
  let highest = 0;
  for (const row of cost) for (const value of row) if (value !== Infinity) highest = Math.max(highest, Math.abs(value));
  const size = Math.max(rows, columns);
  const alone = (highest + 1) * 2 * size;
  const at = (row: number, column: number): number => {
    const value = column < columns ? cost[row][column] : alone;
    return value === Infinity ? alone : value;
  };

  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(size + 1);
  const rowOf = new Int32Array(size + 1); // 1-based row matched to each 1-based column; column 0 starts a path
  for (let row = 1; row <= rows; row++) {
    const previous = new Int32Array(size + 1);
    const slack = new Float64Array(size + 1).fill(Infinity);
    const visited = new Uint8Array(size + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      visited[column] = 1;
      const from = rowOf[column];
      let step = Infinity;
      let next = 0;
      for (let j = 1; j <= size; j++) {
        if (visited[j]) continue;
        const reduced = at(from - 1, j - 1) - rowPotential[from] - columnPotential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (slack[j] < step) {
          step = slack[j];
          next = j;
        }
      }
      for (let j = 0; j <= size; j++) {
        if (visited[j]) {
          rowPotential[rowOf[j]] += step;
          columnPotential[j] -= step;
        } else slack[j] -= step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    do {
      rowOf[column] = rowOf[previous[column]];
      column = previous[column];
    } while (column !== 0);
  }

  const result = new Array<number>(rows).fill(-1);
  for (let column = 1; column <= columns; column++) {
    const row = rowOf[column] - 1;
    if (row >= 0 && cost[row][column - 1] !== Infinity) result[row] = column - 1;
  }
  return result;
}

/**
 * The one-to-one assignment of the largest total worth: fewer pairs where those are worth more.
 * @param worth rows × columns; what is worth 0 or less is no pair
 * @returns for each row its column, or −1
 */
export function assignWorth(worth: readonly (readonly number[])[]): number[] {
  const columns = worth[0]?.length ?? 0;
  // The last columns: to stay alone, each row in one of its own.
  const costs = worth.map((row, i) => [
    ...row.map((value) => (value > 0 ? -value : Infinity)),
    ...worth.map((_, column) => (column === i ? 0 : Infinity)),
  ]);
  return assign(costs).map((column) => (column < columns ? column : -1));
}
