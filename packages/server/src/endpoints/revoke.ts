import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { grantId } from '@hufu/protocol/ids';
import { readHolder, tallyKindOf } from '@hufu/protocol/tally';
import { authenticateClient } from '../client-auth/authenticate-client.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { originsOf } from '../origins.ts';
import { refusal } from '../reply.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { sha256 } from '../tokens/secrets.ts';
import { requireForm } from './form-body.ts';

const DONE: HttpReply = { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };

/**
 * Revocation (RFC 7009): a refresh token takes its whole grant along, an access token only itself (§2.1). What is unknown, dead, or
 * another client's is answered 200 without effect (§2.2): whoever asks learns nothing.
 */
export async function revoke(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let origins: readonly string[] = [];
  try {
    trail.at('parameters');
    const form = requireForm(request);
    const now = Math.floor(request.nowMs / 1000);
    const client = await authenticateClient(ctx, request, form, trail, now);
    if (request.headers['origin'] !== undefined) origins = originsOf(client);
    trail.at('parameters');
    const token = form.get('token');
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing');
    if (tallyKindOf(token) === 'refresh') await revokeRefreshToken(ctx, client, token, now);
    else await revokeAccessToken(ctx, client, token, now);
    return { ...DONE, origins };
  } catch (error) {
    return { ...refusal(ctx, 'revoke', request, trail, error), origins };
  }
}

/** Any generation does: a client that lost a reply signs out with what it has. */
async function revokeRefreshToken(ctx: Context, client: AuthenticatedClient, text: string, now: number): Promise<void> {
  const credential = readHolder(ctx.keys.tally, 'refresh', text);
  if (credential === undefined) return;
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined || grant.clientId !== client.id || credential.generation > grant.generation) return;
  if (grant.secretHash === undefined || !equalText(grant.secretHash, sha256(credential.secret))) return;
  await ctx.store.revokeGrant(ctx.tenant, grant.id, 'revoked_by_client', now);
}

async function revokeAccessToken(ctx: Context, client: AuthenticatedClient, text: string, now: number): Promise<void> {
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead' || token.grant.clientId !== client.id) return;
  await ctx.store.revokeToken(ctx.tenant, token.grant.id, token.name, token.expiresAt, now);
}
