import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { OAuthError } from '@hufu/protocol/errors';
import type { ClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import { type Client, readClientRecord, toClient } from '../client-record.ts';
import type { Context } from '../context.ts';
import { storedMetadata } from './client-information.ts';
import { isDocumentId } from './document-id.ts';
import { findDocument } from './documents.ts';
import { changesTrust } from './trust-change.ts';

/**
 * The client that a document describes. A row of it is there once something has been granted to it (`ensureStored`); a document that has
 * changed since is written over it, and where somebody else could stand behind the client now, its grants die first (attacks REG-16).
 * Throws `temporarily_unavailable` for a client that is known but whose document cannot be had: sessions are not thrown away on that.
 */
export async function findDocumentClient(ctx: Context, id: ClientId, record: ClientRecord | undefined): Promise<Client | undefined> {
  const { clientIdDocuments, outboundAllowHosts } = ctx.config.policies;
  if (clientIdDocuments === 'off' || !isDocumentId(id, outboundAllowHosts)) return undefined;
  if (record?.enabled === false) return readClientRecord(record);
  const found = await findDocument(ctx, id, 'any', ctx.clock.nowMs());
  if (found.kind === 'refused') return undefined;
  if (found.kind === 'away') return record === undefined ? undefined : refuse(found.reason);
  if (record === undefined) return unstored(id, found.metadata);
  if (sameMetadata(record, found.metadata)) return readClientRecord(record);
  // Another node may have read a newer one than the copy here: only what comes now is newer than the row.
  const newest = found.asked ? found : await findDocument(ctx, id, 'newest', ctx.clock.nowMs());
  if (newest.kind === 'refused') return undefined;
  if (newest.kind === 'away' || !newest.asked || sameMetadata(record, newest.metadata)) return readClientRecord(record);
  return rewrite(ctx, record, newest.metadata);
}

const clients = new WeakMap<ClientMetadata, Client>();

/** In memory alone: strangers who only ask leave nothing behind. */
function unstored(id: ClientId, metadata: ClientMetadata): Client {
  const known = clients.get(metadata);
  if (known !== undefined) return known;
  const row = { metadata: storedMetadata(metadata), secrets: [], enabled: true, epoch: 0, version: 0, createdAt: 0 };
  const client = toClient({ clientId: id, source: 'document', ...row }, metadata);
  clients.set(metadata, client);
  return client;
}

function sameMetadata(record: ClientRecord, metadata: ClientMetadata): boolean {
  const kept = readClientRecord(record).metadata;
  return JSON.stringify(storedMetadata(kept)) === JSON.stringify(storedMetadata(metadata));
}

async function rewrite(ctx: Context, record: ClientRecord, metadata: ClientMetadata): Promise<Client> {
  const now = Math.floor(ctx.clock.nowMs() / 1000);
  const { clientId, secrets, enabled, source } = record;
  const revokes = changesTrust(readClientRecord(record).metadata, metadata);
  if (revokes) await ctx.store.revokeClient(ctx.tenant, clientId, now, 'forgotten');
  const put = await ctx.store.putClient(ctx.tenant, { clientId, metadata: storedMetadata(metadata), secrets, enabled, source }, now);
  if (revokes) await ctx.store.revokeClient(ctx.tenant, clientId, now, 'forgotten');
  ctx.log.info('client.changed', { client: clientId, revoked: revokes });
  return readClientRecord((await ctx.store.findClient(ctx.tenant, clientId)) ?? put);
}

function refuse(detail: string): never {
  throw new OAuthError('temporarily_unavailable', 'the document that describes the client cannot be had now; try again', {
    detail,
    retryAfterSeconds: 10,
  });
}
