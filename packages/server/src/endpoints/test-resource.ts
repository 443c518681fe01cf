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

/** `/test/resource` (mode test alone): a protected resource that takes any live access token of this server, as RFC 6750 and RFC 9449 §7 have it. */
export async function testResource(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return withNonce(ctx, http, await testResourceReply(ctx, http), 'rs');
}

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
