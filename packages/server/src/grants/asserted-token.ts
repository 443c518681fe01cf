import { OAuthError } from '@hufu/protocol/errors';
import { readScope } from '@hufu/protocol/scope';
import type { AssertedSubject } from '../assertions/asserted-subject.ts';
import type { AssertionMark } from '../assertions/assertion-mark.ts';
import { assertionRefused } from '../assertions/trusted-issuers.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { ownScopes } from '../tokens/allowed-scopes.ts';
import { issueLoneToken } from '../tokens/issue-lone-token.ts';
import { findResource, resourcesFor, scopesAt } from '../tokens/resources.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { requireClientFloor } from './client-floor.ts';
import type { TokenRequest } from './grant.ts';

export interface AssertedTarget {
  readonly resource: ResourceConfig;
  readonly scopes: readonly string[];
}

/** An assertion that holds, whoever's standard it is of. */
export interface HeldAssertion {
  readonly subject: AssertedSubject;
  /** When the subject authenticated; undefined where the issuer does not say. */
  readonly authTime: number | undefined;
  readonly mark: AssertionMark;
}

/**
 * Judges what is asked for with an assertion (RFC 7521 §4.1): within what its issuer may give, what the client may ask for, and what the assertion
 * itself says. Without `scope`: all of that, as far as the resource offers it. The scopes of OpenID Connect are for those who sign in here.
 *
 * @param limits lists of scopes, each of them the most.
 */
export function requireAssertedTarget(
  ctx: Context,
  { client, form, trail }: TokenRequest,
  limits: readonly (readonly string[])[],
): AssertedTarget {
  trail.at('scope');
  const allowed = ownScopes(ctx, client).filter((scope) => limits.every((limit) => limit.includes(scope)));
  const asked = form.get('scope');
  const scopes = asked === undefined ? allowed : readScope(asked);
  for (const scope of scopes) {
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the assertion does not allow the scope', { detail: scope });
  }
  trail.at('resource');
  const named = form.many('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  const [identifier = ctx.issuer] = resourcesFor(ctx, named, scopes);
  const resource = findResource(ctx, identifier);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  const granted = scopesAt(resource, scopes);
  // A resource may take a token without scopes for one without limits.
  if (granted.length === 0) throw new OAuthError('invalid_scope', 'nothing is left of the scopes');
  if (asked !== undefined && granted.length < scopes.length)
    throw new OAuthError('invalid_scope', 'a scope is unknown at the resource', { detail: identifier });
  return { resource, scopes: granted };
}

/** Uses the assertion up, and issues: of any number of racers on any number of nodes one gets a token. No refresh token (RFC 7521 §4.1). */
export async function issueAssertedToken(
  ctx: Context,
  request: TokenRequest,
  { subject, authTime, mark }: HeldAssertion,
  target: AssertedTarget,
): Promise<TokenResponse> {
  const { client, trail, confirmation, now } = request;
  requireClientFloor(request, []);
  trail.at('grant_assertion_unused');
  await takeAssertion(ctx, mark, now);
  trail.at('grant_assertion_subject');
  const issued = await issueLoneToken(ctx, { client, ...subject, authTime, amr: [], ...target, confirmation, now });
  if (issued.kind === 'refused') throw assertionRefused(`changed meanwhile: ${issued.reason}`);
  return issued.response;
}

/** Throws `invalid_grant` for one that was used before. */
export async function takeAssertion(ctx: Context, { kind, value, expiresAt }: AssertionMark, now: number): Promise<void> {
  if (!(await ctx.store.takeOnce(ctx.tenant, kind, value, expiresAt, now))) throw assertionRefused('it has been used before');
}

/** Nothing but scopes can be asked for here (RFC 9396 §6): passed over, they would seem to have been granted. */
export function requireNoDetails({ form }: TokenRequest): void {
  if (form.has('authorization_details'))
    throw new OAuthError('invalid_request', 'authorization_details are not supported with this grant type');
}
