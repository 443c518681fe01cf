import { OAuthError } from '@hufu/protocol/errors';
import { readJwt } from '@hufu/protocol/jwt';
import { readScope } from '@hufu/protocol/scope';
import { findAssertedSubject } from '../assertions/asserted-subject.ts';
import { ID_JAG_TYPE, verifyIssuerJwt } from '../assertions/issuer-jwt.ts';
import { bareType } from '../assertions/judge-claims.ts';
import { namesOf, verifyOwnAssertion } from '../assertions/own-assertion.ts';
import { assertionRefused } from '../assertions/trusted-issuers.ts';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { issueAssertedToken, requireAssertedTarget, requireNoDetails, takeAssertion } from './asserted-token.ts';
import { ownToken } from './client-credentials.ts';
import type { TokenRequest } from './grant.ts';

/**
 * The JWT bearer grant (RFC 7523 §2.1). A service account speaks for itself, with a key of its own; a trusted issuer speaks for somebody, to a client
 * that it is configured with. An identity assertion authorization grant (its `typ` says so) is the second kind.
 */
export async function jwtBearer(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const text = request.form.get('assertion');
  if (text === undefined) throw new OAuthError('invalid_request', 'assertion is missing');
  requireNoDetails(request);
  const jwt = readJwt(text);
  if (jwt === undefined) throw assertionRefused('it does not read as a signed JWT');
  if (jwt.payload['iss'] === request.client.id) return ofItself(ctx, request, text);
  return ofSomebody(ctx, request, text, bareType(jwt.header['typ']) === ID_JAG_TYPE ? 'id-jag' : 'jwt-bearer');
}

/** What the assertion asks for is the most; `scope` beside it may be less. */
async function ofItself(ctx: Context, request: TokenRequest, text: string): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  const assertion = await verifyOwnAssertion(ctx, client, text, trail, now);
  if (assertion.kind === 'refused') throw assertionRefused(assertion.reason);
  const asked = form.get('scope');
  const limit = assertion.scope === '' ? undefined : assertion.scope;
  if (asked !== undefined && limit !== undefined) requireWithin(asked, limit);
  return ownToken(ctx, request, asked ?? limit, async () => {
    trail.at('grant_assertion_unused');
    await takeAssertion(ctx, assertion.mark, now);
  });
}

async function ofSomebody(ctx: Context, request: TokenRequest, text: string, use: 'jwt-bearer' | 'id-jag'): Promise<TokenResponse> {
  const { client, confirmation, trail, now } = request;
  const jwt = await verifyIssuerJwt(ctx, text, { use, clientId: client.id, audiences: audiencesOf(ctx, use), confirmation, trail, now });
  if (jwt.kind === 'refused') throw assertionRefused(jwt.reason);
  const { payload, issuer, mark } = jwt;
  if (typeof payload['sub'] !== 'string' || payload['sub'] === '') throw assertionRefused('it has no sub');
  // It was made for one client, as we know it.
  if (use === 'id-jag' && payload['client_id'] !== client.id) throw assertionRefused('its client_id is another client');
  trail.at('grant_assertion_subject');
  const subject = await findAssertedSubject(ctx, client, issuer, payload, now);
  if (typeof subject === 'string') throw assertionRefused(subject);
  const limits = [issuer.scopes, ...scopeLimit(payload['scope'])];
  requireAssertedResource(request, payload['resource']);
  const target = requireAssertedTarget(ctx, request, limits);
  return issueAssertedToken(ctx, request, { subject, authTime: authTimeOf(payload, now), mark }, target);
}

/** An identity assertion authorization grant is for the issuer (ID-JAG §3), any other for the token endpoint too. */
function audiencesOf(ctx: Context, use: 'jwt-bearer' | 'id-jag'): readonly string[] {
  return use === 'id-jag' ? [ctx.issuer] : namesOf(ctx);
}

function scopeLimit(scope: unknown): readonly (readonly string[])[] {
  if (scope === undefined) return [];
  if (typeof scope !== 'string') throw assertionRefused('its scope is not a text');
  return [scope === '' ? [] : readScope(scope)];
}

/** A `resource` in the assertion is the only one that it is good for. */
function requireAssertedResource({ form }: TokenRequest, resource: unknown): void {
  if (resource === undefined) return;
  const named = form.many('resource');
  if (typeof resource !== 'string') throw assertionRefused('its resource is not a text');
  if (named.length !== 1 || named[0] !== resource)
    throw new OAuthError('invalid_target', 'the assertion is for one resource, which has to be named', { detail: resource.slice(0, 200) });
}

function requireWithin(asked: string, limit: string): void {
  const most = readScope(limit);
  for (const scope of readScope(asked))
    if (!most.includes(scope)) throw new OAuthError('invalid_scope', 'the assertion does not ask for the scope', { detail: scope });
}

function authTimeOf({ auth_time: time }: Readonly<Record<string, unknown>>, now: number): number | undefined {
  return typeof time === 'number' && Number.isSafeInteger(time) && time >= 0 && time <= now ? time : undefined;
}
