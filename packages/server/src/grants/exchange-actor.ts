import { OAuthError } from '@hufu/protocol/errors';
import type { ExchangeSettings } from '@hufu/protocol/exchange-settings';
import { ACCESS_TOKEN_TYPE } from '@hufu/protocol/token-types';
import type { Context } from '../context.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { type Actor, requireDepth } from './act-claim.ts';
import { type ExchangeSubject, isSameKey } from './exchange-subject.ts';
import type { TokenRequest } from './grant.ts';

export interface ExchangeActor {
  /** For the new token; undefined where it is to say nothing. */
  readonly act: Readonly<Record<string, unknown>> | undefined;
  /** Nothing new lives longer, in seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Who acts for the subject of an exchange: whom `actor_token` names, an access token that was issued to the client itself; without one the client, or
 * nobody where its policy has impersonation. Who has acted before stays in any case. Throws `invalid_request` (RFC 8693 §2.2.2).
 */
export async function requireActor(
  ctx: Context,
  request: TokenRequest,
  policy: ExchangeSettings,
  subject: ExchangeSubject,
): Promise<ExchangeActor> {
  const { client, form, trail } = request;
  trail.at('actor_token');
  const text = form.get('actor_token');
  const type = form.get('actor_token_type');
  if (text === undefined && type !== undefined) throw new OAuthError('invalid_request', 'actor_token_type without actor_token');
  const named = text === undefined ? undefined : await readActorToken(ctx, request, text, type);
  trail.at('exchange_actor');
  const sub = named?.sub ?? client.id;
  requireMayAct(ctx, request, subject.mayAct, sub);
  const expiresAt = Math.min(subject.expiresAt, named?.expiresAt ?? Number.POSITIVE_INFINITY);
  if (named === undefined && policy.impersonation)
    return { act: subject.actor === undefined ? undefined : { ...subject.actor }, expiresAt };
  const act: Actor = { sub, client_id: client.id, ...(subject.actor === undefined ? {} : { act: subject.actor }) };
  requireDepth(act);
  return { act: { ...act }, expiresAt };
}

async function readActorToken(
  ctx: Context,
  { client, confirmation, now }: TokenRequest,
  text: string,
  type: string | undefined,
): Promise<{ readonly sub: string; readonly expiresAt: number }> {
  if (type !== ACCESS_TOKEN_TYPE) throw new OAuthError('invalid_request', 'the actor_token_type is missing or not supported');
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead') throw actorRefused(token.reason);
  // Whoever was shown a token must not act in the name of who showed it.
  if (token.grant.clientId !== client.id) throw actorRefused('it was not issued to the client');
  if (!isSameKey(token.confirmation, confirmation)) throw actorRefused('it is bound to a key that the request does not prove');
  return { sub: token.grant.subject, expiresAt: token.expiresAt };
}

/** RFC 8693 §4.4: where the subject token names who may act, nobody else may. */
function requireMayAct(ctx: Context, { client }: TokenRequest, mayAct: unknown, sub: string): void {
  if (mayAct === undefined) return;
  const { sub: allowed, iss }: Readonly<Record<string, unknown>> = Object(mayAct);
  if (allowed === sub && (iss === undefined || iss === ctx.issuer)) return;
  ctx.log.warn('exchange.refused', { client: client.id, reason: 'may_act names another' });
  throw new OAuthError('invalid_request', 'the subject token does not let this actor act', {
    detail: `may_act is not ${sub.slice(0, 100)}`,
  });
}

function actorRefused(detail: string): OAuthError {
  return new OAuthError('invalid_request', 'the actor token is invalid, or not the client’s own', { detail });
}
