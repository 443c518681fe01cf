import { type ClaimRule, type ClaimsRequest, NO_CLAIMS, readClaimsRequest } from '@hufu/protocol/claims-request';
import type { Form } from '@hufu/protocol/form';
import { scopeOfClaim } from '@hufu/protocol/scope';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';

/**
 * The `claims` parameter (OpenID Connect Core §5.5) of a request with `openid`. A claim is heard where the client may ask for the scope that releases it,
 * and passed over otherwise, as any that we don't know (§5.5.1). Throws `invalid_request` for a wrong shape.
 */
export function checkClaims(ctx: Context, form: Form, client: Client): ClaimsRequest {
  const asked = readClaimsRequest(form.get('claims'));
  if (asked === NO_CLAIMS || !(form.get('scope') ?? '').split(' ').includes('openid')) return NO_CLAIMS;
  const allowed = allowedScopes(ctx, client);
  const heard = (rules: ReadonlyMap<string, ClaimRule>): ReadonlyMap<string, ClaimRule> =>
    new Map([...rules].filter(([name]) => allowed.includes(scopeOfClaim(name.split('#', 1)[0] ?? '') ?? '')));
  return { userinfo: heard(asked.userinfo), idToken: heard(asked.idToken) };
}

/** The subject that the `claims` parameter demands (OpenID Connect Core §5.5.1); several wanted values are nobody in particular. */
export function subjectOfClaims({ idToken, userinfo }: ClaimsRequest): string | undefined {
  const [value, second] = (idToken.get('sub') ?? userinfo.get('sub'))?.values ?? [];
  return typeof value === 'string' && second === undefined ? value : undefined;
}

/** The names of the claims that a request asks for one by one, without `sub`. */
export function namesOf(rules: ReadonlyMap<string, ClaimRule>): readonly string[] {
  return [...rules.keys()].filter((name) => name !== 'sub');
}

const MAX_LOCALES = 10;

/** `claims_locales` (OpenID Connect Core §5.2): a wish, so that what does not read is none. */
export function readClaimsLocales(form: Form): readonly string[] {
  const tags = (form.get('claims_locales') ?? '').split(' ', MAX_LOCALES);
  return tags.filter((tag) => /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$/.test(tag));
}
