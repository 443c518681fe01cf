import { OAuthError } from '@hufu/protocol/errors';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { requireSender } from '../sender/require-sender.ts';
import type { LiveAccessToken } from '../tokens/read-access-token.ts';
import { requireShownToken, requireTokenFor } from './own-api-token.ts';

/** One of our own APIs as a token has to be for it. */
export interface ApiRules {
  readonly resource: string;
  readonly scope: string;
  /** Whether the client may use it now: its token may be older than that. */
  isOpenTo(client: Client): boolean;
}

/** Who calls, and the token they do it by. */
export interface ApiCaller {
  readonly client: Client;
  readonly text: string;
  readonly token: LiveAccessToken;
}

/**
 * An access token of a client for itself (RFC 6749 §4.4) for one of our own APIs, with the proof that it needs (RFC 6750 §2.1, RFC 9449 §7.1). Throws `invalid_token` and
 * `insufficient_scope`.
 */
export async function requireApiToken(ctx: Context, request: HttpRequest, rules: ApiRules, trail: Trail): Promise<ApiCaller> {
  const now = Math.floor(request.nowMs / 1000);
  const shown = requireShownToken(request, trail);
  const caller = await readCaller(ctx, shown.text, rules, trail, now);
  await requireSender(ctx, request, { ...shown, token: caller.token }, trail, now);
  return caller;
}

/** The same without the proof, which is used once: for somebody who is there already. */
export async function readCaller(ctx: Context, text: string, rules: ApiRules, trail: Trail, now: number): Promise<ApiCaller> {
  const token = await requireTokenFor(ctx, text, rules.resource, trail, now);
  const { userId, subject, clientId, parentId } = token.grant;
  if (userId !== undefined || subject !== clientId || parentId !== undefined)
    throw new OAuthError('invalid_token', 'the access token is not a client’s own', { detail: subject });
  const client = await findStoredClient(ctx, token.grant.clientId);
  if (!token.scopes.includes(rules.scope) || client === undefined || !client.record.enabled || !rules.isOpenTo(client))
    throw new OAuthError('insufficient_scope', `the access token does not have the scope ${rules.scope}`);
  return { client, text, token };
}
