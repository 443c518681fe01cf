/** What one response type brings back from the authorization endpoint (RFC 6749 §3.1.1, OAuth Multiple Response Types §3, §5). */
export interface ResponseType {
  /** Its registered name, words in registered order. */
  readonly name: string;
  readonly code: boolean;
  readonly idToken: boolean;
  readonly token: boolean;
  /** What it needs of `grant_types` (OpenID Connect Registration §2). */
  readonly grantTypes: readonly string[];
}

/** Every response type there is, by its registered name. Those with `token` or `id_token` are for clients that ask for them alone. */
export const RESPONSE_TYPES: ReadonlyMap<string, ResponseType> = new Map(
  ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'].map((name) => [name, describe(name)]),
);

/** The response type that a request asks for; the order of the words means nothing (RFC 6749 §3.1.1). */
export function findResponseType(text: string): ResponseType | undefined {
  const known = RESPONSE_TYPES.get(text);
  if (known !== undefined || text.length > 30) return known;
  const words = text.split(' ').toSorted();
  for (const type of RESPONSE_TYPES.values()) {
    const own = type.name.split(' ').toSorted();
    if (own.length === words.length && own.every((word, at) => word === words[at])) return type;
  }
  return undefined;
}

/**
 * The mode in which an answer to this text travels by default (OAuth Multiple Response Types §2.1, §5): the fragment as soon as it names a
 * token, also where the response type itself is not to be had.
 */
export function defaultResponseMode(text: string | undefined): 'query' | 'fragment' {
  const words = (text ?? '').split(' ', 8);
  return words.includes('token') || words.includes('id_token') ? 'fragment' : 'query';
}

function describe(name: string): ResponseType {
  const words = name.split(' ');
  const [code, idToken, token] = [words.includes('code'), words.includes('id_token'), words.includes('token')];
  return {
    name,
    code,
    idToken,
    token,
    grantTypes: [...(code ? ['authorization_code'] : []), ...(idToken || token ? ['implicit'] : [])],
  };
}
