const NONE: readonly string[] = [];

/**
 * Every value of one header, as it came. Looked up where it stands: Node makes an object of all headers when somebody first asks it for one,
 * and most requests for documents need none.
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
