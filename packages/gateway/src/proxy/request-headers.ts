import type { CookieCut } from './cookies.ts';
import type { HeaderNames } from './header-names.ts';

/** What decides which headers of a request go on. */
export interface RequestHeaderRules {
  readonly names: HeaderNames;
  readonly cookies: CookieCut;
  /** `Authorization` and `DPoP` go on: to an upstream that is meant to see the token. */
  readonly credentials: 'forward' | 'drop';
}

/**
 * The headers that go inside, names and values in turn. First everything is taken away that a client must not say, then ours are set. Host,
 * Content-Length and what else is of the connection are not in it: the connection inside has its own (RFC 9110 §7.6.1, attacks GTW-01).
 *
 * @param named what `Connection` names, lower case.
 * @param ours names (lower case) and values in turn.
 */
export function requestHeaders(
  rawHeaders: readonly string[],
  named: ReadonlySet<string> | undefined,
  { names, cookies, credentials }: RequestHeaderRules,
  ours: readonly string[],
): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const { name, fate } = names(rawHeaders[i] ?? '');
    if (named?.has(name) === true) continue;
    const value = rawHeaders[i + 1] ?? '';
    if (fate === 'pass' || (fate === 'credential' && credentials === 'forward')) lines.push(name, value);
    else if (fate === 'cookie') {
      const left = cookies.cut(value);
      if (left !== undefined) lines.push(name, left);
    }
  }
  for (const part of ours) lines.push(part);
  return lines;
}
