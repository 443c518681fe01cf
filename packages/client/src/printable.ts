/** Printable ASCII of a bounded length, or undefined for what is no text. What a terminal would obey is gone. */
export function printable(value: unknown, most: number): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, most).replace(/[^\x20-\x7e]/g, '?') : undefined;
}
