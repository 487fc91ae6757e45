/** A table for a terminal: names left, figures right with one decimal, "–" where there is none. */
export function textTable(headings: readonly string[], rows: readonly { name: string; values: number[] }[]): string {
  const cells = [['', ...headings], ...rows.map(({ name, values }) => [name, ...values.map(percent)])];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row: string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i] + 2))).join('');
  return `${cells.map((row) => line(row).trimEnd()).join('\n')}\n`;
}

/** One decimal, as papers print it. */
export function percent(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(1);
}
