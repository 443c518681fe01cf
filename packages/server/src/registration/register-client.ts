import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { clientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import { asClient } from '../audit/acting.ts';
import { clientSecretRecord } from '../client-keys/client-secret.ts';
import type { Context } from '../context.ts';
import { type ClientCredentials, storedMetadata } from './client-information.ts';
import { hashRegistrationToken, hasSecret, newClientSecret, newRegistrationToken } from './credentials.ts';

/** Never that of another client, never a word of the command line's, and never the address of a document (attacks REG-18). */
const ID_PREFIX = 'client_';

/** Writes a client that has registered itself, with an id and credentials of its own. */
export async function registerClient(
  ctx: Context,
  metadata: ClientMetadata,
  now: number,
): Promise<{ readonly record: ClientRecord; readonly credentials: ClientCredentials }> {
  const id = clientId(ID_PREFIX + ctx.random.text(24));
  const secret = hasSecret(metadata) ? newClientSecret(ctx) : undefined;
  const registrationToken = newRegistrationToken(ctx);
  const record = await asClient(ctx, id).putClient(
    ctx.tenant,
    {
      clientId: id,
      metadata: storedMetadata(metadata),
      secrets: secret === undefined ? [] : [clientSecretRecord(ctx, id, metadata, secret, now)],
      enabled: true,
      source: 'registered',
      registrationHash: hashRegistrationToken(ctx, id, registrationToken),
    },
    now,
  );
  ctx.log.info('client.registered', { client: id });
  return { record, credentials: { registrationToken, secret } };
}
