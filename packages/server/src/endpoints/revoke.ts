import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { grantId } from '@hufu/protocol/ids';
import { readHolder, tallyKindOf } from '@hufu/protocol/tally';
import { asClient } from '../audit/acting.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { sha256 } from '../tokens/secrets.ts';
import { clientEndpoint } from './client-endpoint.ts';

const DONE: HttpReply = { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };

/**
 * Revocation (RFC 7009): a refresh token takes its whole grant along, an access token only itself (§2.1). What is unknown, dead, or
 * another client's is answered 200 without effect (§2.2): whoever asks learns nothing.
 */
export function revoke(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(ctx, request, 'revoke', async ({ client, form, trail, now }) => {
    trail.at('parameters');
    const token = form.get('token');
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing');
    if (tallyKindOf(token) === 'refresh') await revokeRefreshToken(ctx, client, token, now);
    else await revokeAccessToken(ctx, client, token, now);
    return DONE;
  });
}

/** Any generation does: a client that lost a reply signs out with what it has. */
async function revokeRefreshToken(ctx: Context, client: AuthenticatedClient, text: string, now: number): Promise<void> {
  const credential = readHolder(ctx.keys.tally, 'refresh', text);
  if (credential === undefined) return;
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined || grant.clientId !== client.id || credential.generation > grant.generation) return;
  if (grant.secretHash === undefined || !equalText(grant.secretHash, sha256(credential.secret))) return;
  await asClient(ctx, client.id).revokeGrant(ctx.tenant, grant.id, 'revoked_by_client', now);
}

async function revokeAccessToken(ctx: Context, client: AuthenticatedClient, text: string, now: number): Promise<void> {
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead' || token.grant.clientId !== client.id) return;
  await asClient(ctx, client.id).revokeToken(ctx.tenant, token.grant.id, token.name, token.expiresAt, now);
}
