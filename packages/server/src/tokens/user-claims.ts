import { isStandardClaim, isStandardScope, SCOPE_CLAIMS } from '@hufu/protocol/scope';
import type { UserRecord } from '@hufu/store/port';

/** Which claims about a user are wanted. */
export interface WantedClaims {
  /** Those of these scopes (OpenID Connect Core §5.4). */
  readonly scopes: readonly string[];
  /** Single ones (§5.5), perhaps with a language tag. */
  readonly names: readonly string[];
  /** Languages, best first (§5.2): a claim that the user has in one of them comes in it too. */
  readonly locales: readonly string[];
}

/** The claims of a user, without `sub`: standard ones, none of them null or empty (OpenID Connect Core §5.1, §5.3.2). */
export function userClaims(user: UserRecord, { scopes, names, locales }: WantedClaims): Readonly<Record<string, unknown>> {
  const claims: Record<string, unknown> = {};
  for (const scope of scopes) if (isStandardScope(scope)) for (const name of SCOPE_CLAIMS[scope]) add(claims, user, name, locales);
  for (const name of names) {
    const tag = name.indexOf('#');
    if (!isStandardClaim(tag < 0 ? name : name.slice(0, tag))) continue;
    add(claims, user, name, tag < 0 ? locales : []);
  }
  return claims;
}

function add(claims: Record<string, unknown>, user: UserRecord, name: string, locales: readonly string[]): void {
  if (name === 'sub') return;
  const value = valueOf(user, name);
  if (value !== undefined) claims[name] = value;
  for (const locale of locales) {
    const variant = findVariant(user, name, locale);
    if (variant !== undefined) claims[variant[0]] = variant[1];
  }
}

function valueOf(user: UserRecord, name: string): unknown {
  const value = Object.hasOwn(user.claims, name) ? user.claims[name] : undefined;
  if (value !== undefined && value !== null && value !== '') return value;
  if (name === 'preferred_username') return user.username;
  return name === 'updated_at' ? user.updatedAt : undefined;
}

/** BCP 47 tags compare without case. */
function findVariant(user: UserRecord, name: string, locale: string): readonly [string, unknown] | undefined {
  const wanted = `${name}#${locale}`.toLowerCase();
  return Object.entries(user.claims).find(([key, value]) => key.toLowerCase() === wanted && value !== null && value !== '');
}
