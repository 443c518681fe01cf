/** Names of users that are there are not smaller (`deletedName`). */
export const FIRST_NAME = '\u0002';

/** What is larger, byte by byte in UTF-8, than every text that begins with `prefix`. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
