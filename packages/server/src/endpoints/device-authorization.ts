import { OAuthError } from '@hufu/protocol/errors';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { PendingAuthorization } from '@hufu/store/port';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import { isVouchedFor } from '../client-record.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { readAsked } from '../pending/asked.ts';
import { hashPendingSecret, writePendingRequest } from '../pending/pending-request.ts';
import { MAX_USUAL_CODES, OPEN_LIMITS, takeAsk, tooMany } from '../pending/throttle.ts';
import { formatUserCode, hashUserCode, newUserCode, USER_CODE_LENGTHS } from '../pending/user-code.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import { tokenReply } from '../reply.ts';
import { clientEndpoint } from './client-endpoint.ts';

/** Seconds that somebody has to type the code and to decide. */
export const DEVICE_CODE_SECONDS = 600;
/** Seconds between two polls (RFC 8628 §3.2). */
export const POLL_SECONDS = 5;
const MAX_USER_AGENT = 256;
/** Of 2^34 codes a thousand of a client are taken: a second collision in a row is chance, a fifth is not. */
const MAX_COLLISIONS = 5;

/** The device authorization request (RFC 8628 §3.1, §3.2). What it leaves is one row that falls by itself. */
export function deviceAuthorization(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(ctx, http, 'device_authorization', async ({ client, form, trail, now }) => {
    trail.at('client_grant_type');
    if (!client.metadata.grantTypes.includes(DEVICE_CODE))
      throw new OAuthError('unauthorized_client', 'the client is not registered for this grant type', { detail: DEVICE_CODE });
    const { scopes, resources } = readAsked(ctx, client, form, trail);
    trail.at('device_throttle');
    await takeAsk(ctx, client, http);
    await ensureStored(ctx, client, now);

    const secret = ctx.random.text(SECRET_LENGTH);
    const agent = http.headers['user-agent'];
    const pending = {
      kind: 'device',
      clientId: client.id,
      secretHash: hashPendingSecret('device', secret),
      userId: undefined,
      request: writePendingRequest({
        scopes,
        resources,
        address: http.address,
        userAgent: typeof agent === 'string' ? agent.slice(0, MAX_USER_AGENT).toWellFormed() : '',
        bindingMessage: undefined,
        notice: undefined,
      }),
      expiresAt: now + DEVICE_CODE_SECONDS,
      intervalSeconds: POLL_SECONDS,
    } as const;
    const { id, userCode } = await openWithCode(ctx, client, pending, now);
    const page = `${ctx.issuer}/device`;
    const shown = formatUserCode(userCode);
    return tokenReply({
      device_code: writeHolder(ctx.keys.tally, 'device', { keyId: ctx.keys.sealKeyId, id, generation: 0 }, secret),
      user_code: shown,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${shown}`,
      expires_in: DEVICE_CODE_SECONDS,
      interval: POLL_SECONDS,
    });
  });
}

/**
 * Only a code that somebody else has just now is tried again with another (attacks DEV-18). Codes get longer where many of a client wait, and for clients that
 * nobody vouches for, of which there may be any number.
 */
async function openWithCode(
  ctx: Context,
  client: AuthenticatedClient,
  pending: Omit<PendingAuthorization, 'id' | 'createdAt' | 'decision' | 'userCodeHash'>,
  now: number,
): Promise<{ readonly id: number; readonly userCode: string }> {
  let long = !isVouchedFor(client.record);
  for (let tries = 0; tries < MAX_COLLISIONS; ) {
    const userCode = newUserCode(ctx.random, long ? USER_CODE_LENGTHS.long : USER_CODE_LENGTHS.usual);
    const limits = long ? OPEN_LIMITS : { ...OPEN_LIMITS, maxOpen: MAX_USUAL_CODES };
    const opened = await ctx.store.openPending(ctx.tenant, { ...pending, userCodeHash: hashUserCode(ctx, userCode) }, limits, now);
    if (opened.kind === 'opened') return { id: opened.id, userCode };
    if (opened.kind === 'full' && long) throw tooMany(`${OPEN_LIMITS.maxOpen} of the client wait already`, 60);
    if (opened.kind === 'full') long = true;
    else tries += 1;
  }
  throw new OAuthError('server_error', 'no user code was to be had', { detail: `${MAX_COLLISIONS} were taken` });
}
