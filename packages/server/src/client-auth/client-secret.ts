import { hash } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import type { ClientRecord, ClientSecret } from '@hufu/store/port';
import { hashClientSecret } from '../client-keys/hash-client-secret.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Attempt } from './auth-method.ts';

/** Whether a secret that was shown is one of the client's that has not expired (RFC 6749 §2.3.1). */
export function findSecretFault(ctx: Context, client: Client, { proof, trail, now }: Attempt): string | undefined {
  trail.at('client_authentication');
  const secret = matchingSecret(ctx, client, proof);
  const holds = secret !== undefined && (secret.expiresAt === 0 || secret.expiresAt > now);
  return holds ? undefined : 'the secret is wrong or has expired';
}

/** What the last right secret of a client looked like: a plain hash is a sixth of the keyed one, and a client asks a thousand times. Goes with the record. */
const lastRight = new WeakMap<ClientRecord, { readonly digest: string; readonly secret: ClientSecret }>();

function matchingSecret(ctx: Context, { id, record }: Client, presented: string): ClientSecret | undefined {
  const digest = hash('sha256', presented, 'base64url');
  const last = lastRight.get(record);
  if (last !== undefined && equalText(last.digest, digest)) return last.secret;
  const keyed = hashClientSecret(ctx, id, presented);
  const secret = record.secrets.find((candidate) => equalText(candidate.hash, keyed));
  if (secret !== undefined) lastRight.set(record, { digest, secret });
  return secret;
}
