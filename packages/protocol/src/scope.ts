import { OAuthError } from './errors.ts';

/**
 * What each standard scope releases (OpenID Connect Core §5.4). `openid` releases the subject, `offline_access` (§11) nothing.
 * The one table: discovery's `claims_supported`, userinfo and the consent page read it.
 */
export const SCOPE_CLAIMS: Readonly<Record<StandardScope, readonly string[]>> = {
  openid: ['sub'],
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
  offline_access: [],
};

/** OpenID Connect Core §3.1.2.1, §5.4 and §11. */
export type StandardScope = 'openid' | 'profile' | 'email' | 'address' | 'phone' | 'offline_access';

export function isStandardScope(scope: string): scope is StandardScope {
  return Object.hasOwn(SCOPE_CLAIMS, scope);
}

/** The claims that these scopes release, in the table's order, each once (OpenID Connect Core §5.4). Other scopes release none. */
export function findScopeClaims(scopes: readonly string[]): readonly string[] {
  return scopes.filter(isStandardScope).flatMap((scope) => SCOPE_CLAIMS[scope]);
}

/** Whether a claim is one of the table's: a standard claim about a user (OpenID Connect Core §5.1) or `sub`. */
export function isStandardClaim(name: string): boolean {
  return CLAIM_SCOPES.has(name);
}

/** The scope that releases a claim. */
export function scopeOfClaim(name: string): StandardScope | undefined {
  return CLAIM_SCOPES.get(name);
}

const CLAIM_SCOPES: ReadonlyMap<string, StandardScope> = new Map(
  Object.keys(SCOPE_CLAIMS)
    .filter(isStandardScope)
    .flatMap((scope) => SCOPE_CLAIMS[scope].map((claim) => [claim, scope] as const)),
);

/**
 * Reads `scope` (RFC 6749 §3.3): tokens with exactly one space between them; duplicates fold into the first.
 * At most 2048 characters and 100 tokens. Throws `invalid_scope`; so does an empty text, which a reader of forms takes as absent.
 */
export function readScope(text: string): readonly string[] {
  if (text.length > MAX_LENGTH) throw new OAuthError('invalid_scope', `scope is longer than ${MAX_LENGTH} characters`);
  const tokens = text.split(' ', MAX_TOKENS + 1);
  if (tokens.length > MAX_TOKENS) throw new OAuthError('invalid_scope', `scope has more than ${MAX_TOKENS} tokens`);
  for (const token of tokens) {
    if (!isScopeToken(token)) throw new OAuthError('invalid_scope', 'scope is not a list of tokens with one space between them');
  }
  return [...new Set(tokens)];
}

/** RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`. */
export function isScopeToken(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}

/** For `scope` on the wire (RFC 6749 §3.3). */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ');
}

/** Whether every one of `scopes` is among `allowed`. */
export function isSubset(scopes: readonly string[], allowed: readonly string[]): boolean {
  return scopes.every((scope) => allowed.includes(scope));
}

/** Those of `scopes` that are among `allowed`, in the order of `scopes`. */
export function intersect(scopes: readonly string[], allowed: readonly string[]): readonly string[] {
  return scopes.filter((scope) => allowed.includes(scope));
}

/** Those of `scopes` that are not among `removed`, in the order of `scopes`. */
export function without(scopes: readonly string[], removed: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !removed.includes(scope));
}

const MAX_LENGTH = 2048;
const MAX_TOKENS = 100;
