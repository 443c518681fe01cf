import type { ClientId } from '@hufu/protocol/ids';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { hasSecret, newClientSecret } from '../registration/credentials.ts';
import { clientSecretRecord } from './client-secret.ts';
import { overlapping } from './overlapping.ts';

export type SecretReplacement =
  | { readonly kind: 'replaced'; readonly secret: string }
  | { readonly kind: 'unknown' }
  /** `hufu.yaml` has its secret. */
  | { readonly kind: 'configured' }
  | { readonly kind: 'no_secret'; readonly method: string };

/**
 * A new secret for a client that registered itself. The ones it has stay good for `overlapSeconds`, or until their own end where that comes first:
 * so long the client has to change over.
 */
export async function replaceClientSecret(ctx: Context, id: ClientId, overlapSeconds: number, now: number): Promise<SecretReplacement> {
  const client = await findStoredClient(ctx, id);
  if (client === undefined) return { kind: 'unknown' };
  const { record, metadata } = client;
  if (record.source === 'config') return { kind: 'configured' };
  if (!hasSecret(metadata)) return { kind: 'no_secret', method: metadata.tokenEndpointAuthMethod };
  const secret = newClientSecret(ctx);
  const secrets = [clientSecretRecord(ctx, id, metadata, secret, now), ...overlapping(record.secrets, overlapSeconds, now)];
  const { clientId, enabled, source, registrationHash } = record;
  await ctx.store.putClient(ctx.tenant, { clientId, metadata: record.metadata, secrets, enabled, source, registrationHash }, now);
  return { kind: 'replaced', secret };
}
