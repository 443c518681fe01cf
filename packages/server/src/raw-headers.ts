const NONE: readonly string[] = [];

/**
 * Every value of one header, as it came, looked up where it stands.
 *
 * @param rawHeaders names and values in turn.
 * @param name in lower case.
 */
export function findHeader(rawHeaders: readonly string[], name: string): readonly string[] {
  let found: string[] | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const there = rawHeaders[i] ?? '';
    if (there.length === name.length && there.toLowerCase() === name) (found ??= []).push(rawHeaders[i + 1] ?? '');
  }
  return found ?? NONE;
}
