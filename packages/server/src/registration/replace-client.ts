import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import type { ClientRecord, ClientSecret } from '@hufu/store/port';
import { asClient } from '../audit/acting.ts';
import { clientSecretRecord } from '../client-keys/client-secret.ts';
import { readClientRecord } from '../client-record.ts';
import type { Context } from '../context.ts';
import { storedMetadata } from './client-information.ts';
import { hasSecret, newClientSecret } from './credentials.ts';
import { changesTrust } from './trust-change.ts';

const MAX_SECRET = 1_024;

/**
 * A replacement says whose it is (RFC 7592 §2.2): `client_id` is this client's, and `client_secret`, where it comes, the one that was issued.
 *
 * @returns the secret, where it came. Throws `invalid_client_metadata`.
 */
export function requireSameClient(ctx: Context, record: ClientRecord, body: Readonly<Record<string, unknown>>): string | undefined {
  if (body['client_id'] !== record.clientId) throw new OAuthError('invalid_client_metadata', 'client_id is not the one of this client');
  const secret = body['client_secret'] ?? undefined;
  if (secret === undefined) return undefined;
  if (typeof secret === 'string' && secret.length <= MAX_SECRET) {
    const { hash } = clientSecretRecord(ctx, record.clientId, readClientRecord(record).metadata, secret, 0);
    if (record.secrets.some((kept) => equalText(kept.hash, hash))) return secret;
  }
  throw new OAuthError('invalid_client_metadata', 'client_secret is not the one of this client');
}

/**
 * Puts new metadata in the place of all that was there. Where that changes who can stand behind the client, its grants are revoked. A client
 * that has come to need a secret, or a copy of it that can be read, gets a new one.
 *
 * @param presented from `requireSameClient`
 */
export async function replaceMetadata(
  ctx: Context,
  record: ClientRecord,
  metadata: ClientMetadata,
  presented: string | undefined,
  now: number,
): Promise<{ readonly record: ClientRecord; readonly secret: string | undefined }> {
  const { clientId, source, enabled, registrationHash } = record;
  const { secrets, issued } = secretsFor(ctx, record, metadata, presented, now);
  const revokes = changesTrust(readClientRecord(record).metadata, metadata);
  // Before it, so that one that is cut off in between changes nothing unrevoked; and after it, for what was issued meanwhile.
  const store = asClient(ctx, clientId);
  if (revokes) await store.revokeClient(ctx.tenant, clientId, now, 'forgotten');
  const put = await store.putClient(
    ctx.tenant,
    { clientId, metadata: storedMetadata(metadata), secrets, enabled, source, registrationHash },
    now,
  );
  if (revokes) await store.revokeClient(ctx.tenant, clientId, now, 'forgotten');
  ctx.log.info('client.changed', { client: clientId, revoked: revokes });
  return { record: put, secret: issued };
}

/** The secrets that a client has under new metadata: those it had, where they do, or a new one, which is shown once. */
export function secretsFor(
  ctx: Context,
  { clientId, secrets }: ClientRecord,
  metadata: ClientMetadata,
  presented: string | undefined,
  now: number,
): { readonly secrets: readonly ClientSecret[]; readonly issued: string | undefined } {
  if (!hasSecret(metadata)) return { secrets: [], issued: undefined };
  const secret = presented ?? newClientSecret(ctx);
  const wanted = clientSecretRecord(ctx, clientId, metadata, secret, now);
  if (presented !== undefined) return { secrets: [wanted], issued: undefined };
  // Those that are kept do, unless one must be readable that is not.
  const kept = secrets.filter(({ sealed }) => wanted.sealed === undefined || sealed !== undefined);
  return kept.length > 0 ? { secrets: kept, issued: undefined } : { secrets: [wanted], issued: secret };
}
