/** A table for a terminal: names left, figures right with one decimal, "–" where there is none. */
export function textTable(headings: readonly string[], rows: readonly { name: string; values: number[] }[]): string {
  const cells = [['', ...headings], ...rows.map(({ name, values }) => [name, ...values.map(percent)])];
  return `${aligned(cells).join('\n')}\n`;
}

/** The lines of a table: words to the left, figures to the right. By default the first column is words. */
export function aligned(rows: readonly string[][], isWords = (column: number): boolean => column === 0): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text: string, column: number): string =>
    isWords(column) ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

/** One decimal, as papers print it. */
export function percent(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(1);
}
