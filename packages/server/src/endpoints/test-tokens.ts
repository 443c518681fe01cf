import { OAuthError } from '@hufu/protocol/errors';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { issueAtOnce, readTarget } from '../grants/issue-at-once.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { refusal, tokenReply } from '../reply.ts';
import { requireForm } from './form-body.ts';

/**
 * `POST /test/tokens` with `client_id`, `username`, `scope`, `resource` (mode test alone): the token response that the client would get for that user, without a page, a
 * password or the client's own proof. Tokens that have to be bound to a key are not made here.
 */
export async function testTokens(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('parameters');
    const form = requireForm(http);
    trail.at('client_known');
    const client = await findStoredClient(ctx, form.get('client_id') ?? '');
    if (client === undefined) throw new OAuthError('invalid_client', 'no client has this client_id');
    const { dpopBoundAccessTokens, certificateBoundAccessTokens } = client.metadata;
    if (dpopBoundAccessTokens || certificateBoundAccessTokens)
      throw new OAuthError('invalid_request', 'the client’s tokens are bound to a key: ask for them with it');
    const now = Math.floor(http.nowMs / 1000);
    const request = { client, form, trail, confirmation: undefined, instance: undefined, now };
    const target = readTarget(ctx, request);
    trail.at('credentials');
    const user = await ctx.store.findUserByName(ctx.tenant, form.get('username') ?? '');
    if (user === undefined) throw new OAuthError('invalid_grant', 'no user has this name');
    const issued = await issueAtOnce(ctx, request, user, target);
    if ('kind' in issued) throw new OAuthError('invalid_grant', 'the user or the client may have no tokens', { detail: issued.detail });
    return tokenReply(issued);
  } catch (thrown) {
    return refusal(ctx, 'test_tokens', http, trail, thrown);
  }
}
