import { displayWidth, padDisplay } from './display-width.ts';

/** Rows as aligned columns for people; as one JSON line for programs. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
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
