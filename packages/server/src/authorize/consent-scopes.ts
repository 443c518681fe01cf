import { findScopeClaims, scopeOfClaim } from '@hufu/protocol/scope';
import type { AuthorizationRequest } from './authorization-request.ts';
import { namesOf } from './check-claims.ts';

/** No scope token has a quotation mark (RFC 6749 §3.3), so that none is ever taken for a claim. */
const CLAIM = 'claim"';

/** What the user agrees to, and a consent remembers: the scopes, and each claim that is asked for by name beyond them (OpenID Connect Core §5.5). */
export function consentScopes({ scopes, claims }: Pick<AuthorizationRequest, 'scopes' | 'claims'>): readonly string[] {
  const released = findScopeClaims(scopes);
  const names = [...namesOf(claims.userinfo), ...namesOf(claims.idToken)].map((name) => name.split('#', 1)[0] ?? '');
  const more = new Set(names.filter((name) => !released.includes(name)));
  return more.size === 0 ? scopes : [...scopes, ...[...more].map((name) => CLAIM + name)];
}

/** The same as pages show it: a single claim as the scope it belongs to. Rather too much is said than too little. */
export function shownScopes(agreed: readonly string[]): readonly string[] {
  const shown = agreed.map((scope) => (scope.startsWith(CLAIM) ? (scopeOfClaim(scope.slice(CLAIM.length)) ?? scope) : scope));
  return [...new Set(shown)];
}
