import { formatBearerChallenge, readBearerToken } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { formatScope } from '@hufu/protocol/scope';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json, toOAuthError } from '../reply.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';

/** `/test/resource` (mode test alone): a protected resource that takes any live access token of this server, as RFC 6750 has it. */
export async function testResource(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('token_live');
    const authorization = http.headers['authorization'];
    const bearer = readBearerToken(typeof authorization === 'string' ? authorization : undefined);
    if (bearer.kind === 'refused') throw bearer.error;
    if (bearer.kind === 'absent') return noToken(ctx, http, trail);
    const token = await readAccessToken(ctx, bearer.token, Math.floor(http.nowMs / 1000));
    if (token.kind === 'dead') throw new OAuthError('invalid_token', 'the access token is not active', { detail: token.reason });
    return json(200, { sub: token.grant.subject, client_id: token.grant.clientId, scope: formatScope(token.scopes) });
  } catch (thrown) {
    const error = toOAuthError(ctx, thrown, http);
    const decision = ctx.decisions.record('test_resource', error.status, error, trail, http.nowMs);
    const challenge = error.status < 500 ? { 'www-authenticate': formatBearerChallenge({ error }) } : { 'retry-after': '1' };
    return json(error.status, { error: error.code, error_description: error.description }, { 'hufu-decision': decision, ...challenge });
  }
}

/** RFC 6750 §3.1: no token, no error code; only where to come from. */
function noToken(ctx: Context, http: HttpRequest, trail: Trail): HttpReply {
  const decision = ctx.decisions.record(
    'test_resource',
    401,
    new OAuthError('invalid_token', 'no access token in the request'),
    trail,
    http.nowMs,
  );
  const headers = {
    'www-authenticate': formatBearerChallenge({ realm: 'hufu test' }),
    'hufu-decision': decision,
    'cache-control': 'no-store',
  };
  return { status: 401, headers, body: '' };
}
