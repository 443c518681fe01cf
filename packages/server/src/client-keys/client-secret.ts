import { usesClientSecret } from '@hufu/protocol/client-jose';
import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import type { ClientSecret } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { hashClientSecret } from './hash-client-secret.ts';

/**
 * A client's secret as the store keeps it: hashed; and, where an algorithm of the client is keyed with the secret itself
 * (OpenID Connect Core §10.1, §10.2), encrypted under the master key beside it.
 */
export function clientSecretRecord(
  ctx: Pick<Context, 'keys' | 'tenant'>,
  clientId: string,
  metadata: ClientMetadata,
  secret: string,
  now: number,
): ClientSecret {
  const record = { hash: hashClientSecret(ctx, clientId, secret), createdAt: now, expiresAt: 0 };
  return mustBeReadable(metadata) ? { ...record, sealed: ctx.keys.sealSecret(secret, sealContext(ctx, clientId)) } : record;
}

/** The client's secrets that can be read and have not expired, newest first. */
export function readableSecrets(ctx: Context, { id, record }: Client, now: number): readonly string[] {
  return record.secrets
    .filter(({ expiresAt }) => expiresAt === 0 || expiresAt > now)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .flatMap(({ sealed }) => (sealed === undefined ? [] : [ctx.keys.openSecret(sealed, sealContext(ctx, id))]));
}

function mustBeReadable(metadata: ClientMetadata): boolean {
  return metadata.tokenEndpointAuthMethod === 'client_secret_jwt' || usesClientSecret(metadata);
}

function sealContext({ tenant }: Pick<Context, 'tenant'>, clientId: string): string {
  return `client_secret ${tenant} ${clientId}`;
}
