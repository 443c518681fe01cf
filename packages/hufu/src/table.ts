import { displayWidth, padDisplay, visible } from './display-width.ts';

/** Rows as aligned columns for people. What is in a cell may be anybody's: it stays in its line. */
export function table(columns: readonly string[], all: readonly (readonly string[])[]): string {
  const rows = all.map((row) => row.map(visible));
  const widths = columns.map((column, i) => Math.max(displayWidth(column), ...rows.map((row) => displayWidth(row[i] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => padDisplay(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.toUpperCase())), ...rows.map(line)].join('\n');
}

/** Seconds since 1970 as people write them. */
export function when(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
