import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { Context } from '../context.ts';
import type { Notice } from '../pending/pending-request.ts';

/**
 * Secrets that we must be able to say again: the `auth_req_id` of a client that is told of the decision (OpenID Connect CIBA §10.2, §10.3), and what its pushed
 * tokens are made of, which a second attempt has to send as well. They come from a seed in the row and our key: neither alone says them.
 */
export function authReqSecret(ctx: Pick<Context, 'keys'>, seed: string): string {
  return ctx.keys.keyedHash('auth_req_id', seed).slice(0, SECRET_LENGTH);
}

/** The holder's secret of a grant that is pushed. */
export function pushedSecret(ctx: Pick<Context, 'keys'>, seed: string): string {
  return ctx.keys.keyedHash('pushed_grant', seed).slice(0, SECRET_LENGTH);
}

/** The `auth_req_id` of a row whose client is to be told. */
export function authReqIdOf(ctx: Pick<Context, 'keys'>, id: number, { seed, keyId }: Notice): string {
  return writeHolder(ctx.keys.tally, 'backchannel', { keyId, id, generation: 0 }, authReqSecret(ctx, seed));
}

export function sealNotificationToken({ keys, tenant }: Pick<Context, 'keys' | 'tenant'>, clientId: string, token: string): string {
  return keys.sealSecret(token, sealContext(tenant, clientId));
}

/** @throws MasterKeyError where it was sealed for another client */
export function openNotificationToken({ keys, tenant }: Pick<Context, 'keys' | 'tenant'>, clientId: string, { token }: Notice): string {
  return keys.openSecret(token, sealContext(tenant, clientId));
}

function sealContext(tenant: number, clientId: string): string {
  return `client_notification_token ${tenant} ${clientId}`;
}
