import { readPresentedToken, type TokenScheme } from '@hufu/protocol/bearer';
import { writeCnf } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import { formatScope } from '@hufu/protocol/scope';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json, toOAuthError } from '../reply.ts';
import { requireSender } from '../sender/require-sender.ts';
import { noTokenReply, resourceRefusal, withNonce } from '../sender/resource-refusal.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';

/**
 * `/test/resource` (mode test alone): a protected resource that takes any live access token of this server, as RFC 6750 and RFC 9449 §7 have it. It
 * says which interaction it was part of (FAPI 1.0 Baseline §6.2.1 no. 11).
 */
export async function testResource(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const reply = await withNonce(ctx, http, await testResourceReply(ctx, http), 'rs');
  return { ...reply, headers: { ...reply.headers, 'x-fapi-interaction-id': interactionOf(ctx, http) } };
}

/** A UUID (RFC 9562 §4): the client's, or one of ours. */
function interactionOf(ctx: Context, http: HttpRequest): string {
  const id = http.headers['x-fapi-interaction-id'];
  return typeof id === 'string' && UUID.test(id) ? id : newUuid(ctx);
}

/** Version 4. */
function newUuid(ctx: Context): string {
  const hex = Buffer.from(ctx.random.text(24), 'base64url').toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function testResourceReply(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let scheme: TokenScheme = 'Bearer';
  try {
    trail.at('token_live');
    const authorization = http.headers['authorization'];
    const shown = readPresentedToken(typeof authorization === 'string' ? authorization : undefined);
    if (shown.kind === 'refused') throw shown.error;
    if (shown.kind === 'absent') return noToken(ctx, http, trail);
    scheme = shown.scheme;
    const now = Math.floor(http.nowMs / 1000);
    const token = await readAccessToken(ctx, shown.token, now);
    if (token.kind === 'dead') throw new OAuthError('invalid_token', 'the access token is not active', { detail: token.reason });
    const { confirmation, grant, scopes } = token;
    if (confirmation?.method === 'jkt') scheme = 'DPoP';
    await requireSender(ctx, http, { text: shown.token, scheme: shown.scheme, token }, trail, now);
    const cnf = confirmation === undefined ? {} : { cnf: writeCnf(confirmation) };
    return json(200, { sub: grant.subject, client_id: grant.clientId, scope: formatScope(scopes), ...cnf });
  } catch (thrown) {
    const error = toOAuthError(ctx, thrown, http);
    const decision = ctx.decisions.record('test_resource', error.status, error, trail, http.nowMs);
    return resourceRefusal(error, { decision, scheme });
  }
}

/** RFC 6750 §3.1: no token, no error code; only where to come from. */
function noToken(ctx: Context, http: HttpRequest, trail: Trail): HttpReply {
  const error = new OAuthError('invalid_token', 'no access token in the request');
  return noTokenReply('hufu test', ctx.decisions.record('test_resource', 401, error, trail, http.nowMs));
}
