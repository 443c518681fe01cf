import type { GrantRecord, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { userClaims } from './user-claims.ts';

/** The single claims that were asked for and granted (OpenID Connect Core §5.5), as the grant's row keeps them. */
export interface GrantedClaims {
  readonly userinfo: readonly string[];
  readonly idToken: readonly string[];
  /** `claims_locales`. */
  readonly locales: readonly string[];
}

const NONE: GrantedClaims = { userinfo: [], idToken: [], locales: [] };

/** Undefined where there is nothing to keep. */
export function writeGrantedClaims({ userinfo, idToken, locales }: GrantedClaims): Readonly<Record<string, unknown>> | undefined {
  if (userinfo.length === 0 && idToken.length === 0 && locales.length === 0) return undefined;
  return { userinfo, id_token: idToken, locales };
}

export function readGrantedClaims(claims: GrantRecord['claims']): GrantedClaims {
  if (claims === undefined) return NONE;
  return { userinfo: texts(claims['userinfo']), idToken: texts(claims['id_token']), locales: texts(claims['locales']) };
}

/** Those for the ID token, with the values that the user has now. */
export async function grantedIdTokenClaims(ctx: Context, grant: GrantRecord): Promise<Readonly<Record<string, unknown>>> {
  const { idToken, locales } = readGrantedClaims(grant.claims);
  if (idToken.length === 0 || grant.userId === undefined) return {};
  const user = await ctx.store.findUser(ctx.tenant, grant.userId);
  return user === undefined ? {} : userClaims(user, { scopes: [], names: idToken, locales });
}

/** What userinfo answers (OpenID Connect Core §5.3.2), `sub` first. */
export function userinfoClaims(user: UserRecord, grant: GrantRecord, scopes: readonly string[]): Readonly<Record<string, unknown>> {
  const { userinfo, locales } = readGrantedClaims(grant.claims);
  return { sub: grant.subject, ...userClaims(user, { scopes, names: userinfo, locales }) };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
