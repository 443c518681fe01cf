/** A challenge to whoever showed a token (RFC 6750 §3, RFC 9449 §7.1), as far as a client acts on it. */
export interface TokenChallenge {
  readonly scheme: 'bearer' | 'dpop';
  readonly error: string | undefined;
  /** RFC 9470 §3. */
  readonly acrValues: string | undefined;
  /** Seconds. */
  readonly maxAge: number | undefined;
}

const MAX_HEADER = 8_192;
/** A scheme, or a parameter with its value (RFC 9110 §11.6.1): a word with `=` after it is never a scheme. */
const PART = /([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

/** The challenges of a `WWW-Authenticate` header that are about access tokens; none where it is missing, or longer than 8 KiB. */
export function readTokenChallenges(header: string | null | undefined): readonly TokenChallenge[] {
  if (header === null || header === undefined || header.length > MAX_HEADER) return [];
  const found: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  for (const [part, name = '', quoted, plain] of header.matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined && part === name) found.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else if (value !== undefined) found.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
  return found.flatMap(({ scheme, parameters }) => {
    if (scheme !== 'bearer' && scheme !== 'dpop') return [];
    const age = parameters.get('max_age') ?? '';
    return [
      {
        scheme,
        error: parameters.get('error'),
        acrValues: parameters.get('acr_values'),
        maxAge: /^\d{1,9}$/.test(age) ? Number(age) : undefined,
      } as const,
    ];
  });
}
