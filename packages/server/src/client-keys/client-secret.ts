import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import type { ClientSecret } from '@hufu/store/port';
import { hashClientSecret } from '../client-auth/authenticate-client.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** STAND-IN until part C: a secret as the store keeps it, hashed; never sealed here. */
export function clientSecretRecord(
  ctx: Pick<Context, 'keys' | 'tenant'>,
  clientId: string,
  _metadata: ClientMetadata,
  secret: string,
  now: number,
): ClientSecret {
  return { hash: hashClientSecret(ctx, clientId, secret), createdAt: now, expiresAt: 0 };
}

/** STAND-IN until part C: the secrets of a client that must be readable, unexpired, newest first. */
export function readableSecrets(_ctx: Context, _client: Client, _now: number): readonly string[] {
  return [];
}
