import { readBearerToken } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { isClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import { asClient } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import { beginningOf } from '../decisions/redact.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { clientInformation } from '../registration/client-information.ts';
import { checkRegistrationToken } from '../registration/credentials.ts';
import { replaceMetadata, requireSameClient } from '../registration/replace-client.ts';
import { requireMetadata } from '../registration/require-metadata.ts';
import { takeAttempt } from '../registration/throttle.ts';
import { json } from '../reply.ts';
import { requireJson } from './json-body.ts';
import { registrationRefusal } from './registration-refusal.ts';

/** What a client has registered (RFC 7592 §2.1), without its secret: that is shown once. */
export function readClient(ctx: Context, http: HttpRequest, id: string): Promise<HttpReply> {
  return managed(ctx, http, id, ({ record, token }) =>
    Promise.resolve(json(200, clientInformation(ctx, record, { registrationToken: token, secret: undefined }))),
  );
}

/** Replaces everything that a client has registered (RFC 7592 §2.2): what is left out is gone. */
export function replaceClient(ctx: Context, http: HttpRequest, id: string): Promise<HttpReply> {
  return managed(ctx, http, id, async ({ record, token, trail, now }) => {
    trail.at('registration_throttle');
    takeAttempt(ctx, http);
    trail.at('parameters');
    const body = requireJson(http);
    trail.at('client_metadata');
    const presented = requireSameClient(ctx, record, body);
    const metadata = await requireMetadata(ctx, body, trail, now);
    const replaced = await replaceMetadata(ctx, record, metadata, presented, now);
    return json(200, clientInformation(ctx, replaced.record, { registrationToken: token, secret: replaced.secret }));
  });
}

/** Removes a client with everything that was granted to it (RFC 7592 §2.3). */
export function removeClient(ctx: Context, http: HttpRequest, id: string): Promise<HttpReply> {
  return managed(ctx, http, id, async ({ record, now }) => {
    await asClient(ctx, record.clientId).removeClient(ctx.tenant, record.clientId, now);
    ctx.log.info('client.removed', { client: record.clientId, reason: 'asked' });
    return { status: 204, headers: { 'cache-control': 'no-store' }, body: '' };
  });
}

/** A request about a client, by whoever holds its registration access token. */
interface Managed {
  readonly record: ClientRecord;
  readonly token: string;
  readonly trail: Trail;
  readonly now: number;
}

async function managed(ctx: Context, http: HttpRequest, id: string, act: (call: Managed) => Promise<HttpReply>): Promise<HttpReply> {
  const trail = new Trail();
  try {
    trail.at('registration_access_token');
    trail.clientId = beginningOf(id);
    const { record, token } = await requireOwner(ctx, http, id);
    trail.clientId = record.clientId;
    return await act({ record, token, trail, now: Math.floor(http.nowMs / 1000) });
  } catch (error) {
    return registrationRefusal(ctx, 'registered_client', http, trail, error);
  }
}

/** One answer whatever is wrong: no client, another's token, none (RFC 7592 §2, attacks REG-05). */
async function requireOwner(ctx: Context, http: HttpRequest, id: string): Promise<Pick<Managed, 'record' | 'token'>> {
  const authorization = http.headers['authorization'];
  const bearer = readBearerToken(typeof authorization === 'string' ? authorization : undefined);
  const record = isClientId(id) ? await ctx.store.findClient(ctx.tenant, id) : undefined;
  const token = bearer.kind === 'token' ? bearer.token : '';
  const owns = checkRegistrationToken(ctx, id, token, record);
  if (owns && record !== undefined && bearer.kind === 'token') return { record, token };
  throw new OAuthError('invalid_token', 'the registration access token is not the one of this client', {
    detail:
      bearer.kind === 'token' ? (record === undefined ? 'there is no such client' : 'the token is another') : `the token is ${bearer.kind}`,
  });
}
