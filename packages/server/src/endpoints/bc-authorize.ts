import { OAuthError } from '@hufu/protocol/errors';
import { CIBA } from '@hufu/protocol/grant-type';
import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import { findHintedUser } from '../backchannel/find-user.ts';
import { authReqSecret, sealNotificationToken } from '../backchannel/notice.ts';
import { type Parameters, readParameters } from '../backchannel/parameters.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { readAsked } from '../pending/asked.ts';
import { hashPendingSecret, type Notice, writePendingRequest } from '../pending/pending-request.ts';
import { OPEN_LIMITS, openLimitsOf, tooMany } from '../pending/throttle.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import { tokenReply } from '../reply.ts';
import { clientEndpoint } from './client-endpoint.ts';
import { POLL_SECONDS } from './device-authorization.ts';

/** Seconds that somebody has to decide, unless the client asks for less; and the most it gets. */
const DEFAULT_SECONDS = 300;
const MAX_SECONDS = 600;
/** Printable, and short enough for a small screen (OpenID Connect CIBA §7.1). */
const BINDING_MESSAGE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}$/u;
/** RFC 6750 §2.1, and the length that OpenID Connect CIBA §7.1 gives it. */
const NOTIFICATION_TOKEN = /^(?=.{16,1024}$)[A-Za-z0-9._~+/-]+=*$/;

/** The backchannel authentication request (OpenID Connect CIBA §7): a client names a user, who is asked on their account page. */
export function bcAuthorize(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(ctx, http, 'bc_authorize', async ({ client, form, trail, now }) => {
    trail.at('client_grant_type');
    if (!client.confidential || !client.metadata.grantTypes.includes(CIBA))
      throw new OAuthError('unauthorized_client', 'the client is not registered for this grant type', { detail: CIBA });
    const parameters = await readParameters(ctx, client, form, trail, now);
    const notice = readNotice(ctx, client, parameters);
    const bindingMessage = parameters.get('binding_message');
    if (bindingMessage !== undefined && !BINDING_MESSAGE.test(bindingMessage))
      throw new OAuthError('invalid_binding_message', 'binding_message is one line of at most 128 printable characters');
    const lifetime = readLifetime(parameters.get('requested_expiry'));
    const { scopes, resources } = readAsked(ctx, client, parameters, trail);
    if (!scopes.includes('openid')) throw new OAuthError('invalid_scope', 'the scope needs openid');
    const user = await findHintedUser(ctx, client, parameters, trail, now);
    trail.at('device_throttle');
    const limits = openLimitsOf(ctx);
    const waiting = await ctx.store.listPendingOfUser(ctx.tenant, user.id, OPEN_LIMITS.maxOpenOfUser, now);
    if (waiting.filter(({ clientId }) => clientId === client.id).length >= limits.maxOfBoth)
      throw tooMany(`${limits.maxOfBoth} of this client wait for the user`, POLL_SECONDS);
    await ensureStored(ctx, client, now);

    const { once } = parameters;
    trail.at('request_object');
    if (once !== undefined && !(await ctx.store.takeOnce(ctx.tenant, 'request_object', once.name, once.expiresAt, now)))
      throw new OAuthError('invalid_request', 'the signed request was used before');
    trail.at('device_throttle');
    const secret = notice === undefined ? ctx.random.text(SECRET_LENGTH) : authReqSecret(ctx, notice.seed);
    const keyId = notice?.keyId ?? ctx.keys.sealKeyId;
    const opened = await ctx.store.openPending(
      ctx.tenant,
      {
        kind: 'backchannel',
        clientId: client.id,
        secretHash: hashPendingSecret('backchannel', secret),
        userCodeHash: undefined,
        userId: user.id,
        request: writePendingRequest({ scopes, resources, address: '', userAgent: '', bindingMessage, notice }),
        expiresAt: now + lifetime,
        intervalSeconds: POLL_SECONDS,
      },
      limits,
      now,
    );
    if (opened.kind !== 'opened')
      throw tooMany(`${limits.maxOpenOfUser} wait for the user, or ${limits.maxOpen} of the client`, POLL_SECONDS);
    return tokenReply({
      auth_req_id: writeHolder(ctx.keys.tally, 'backchannel', { keyId, id: opened.id, generation: 0 }, secret),
      expires_in: lifetime,
      ...(notice?.mode === 'push' ? {} : { interval: POLL_SECONDS }),
    });
  });
}

/** What a client that is told has to send along: a token of its own making, by which it knows us (OpenID Connect CIBA §7.1). */
function readNotice(ctx: Context, client: AuthenticatedClient, parameters: Parameters): Notice | undefined {
  const mode = client.metadata.backchannelAuthentication?.mode ?? 'poll';
  if (mode === 'poll') return undefined;
  const token = parameters.get('client_notification_token');
  if (token === undefined || !NOTIFICATION_TOKEN.test(token))
    throw new OAuthError('invalid_request', 'client_notification_token is missing, or is no bearer token of 16 to 1024 characters');
  return { mode, seed: ctx.random.text(32), keyId: ctx.keys.sealKeyId, token: sealNotificationToken(ctx, client.id, token) };
}

function readLifetime(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SECONDS;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new OAuthError('invalid_request', 'requested_expiry is a positive whole number of seconds');
  return Math.min(Number(text), MAX_SECONDS);
}
