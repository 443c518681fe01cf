import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { type ClientId, isClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import type { Context } from './context.ts';

/** A registered client with its metadata read. */
export interface Client {
  readonly id: ClientId;
  readonly metadata: ClientMetadata;
  readonly record: ClientRecord;
  /** Whether it can prove who it is (RFC 6749 §2.1); a public client only says its name. */
  readonly confidential: boolean;
}

// The store hands out the same record for the same version: reading it once is enough, and it goes when the record goes.
const read = new WeakMap<ClientRecord, Client>();

/** The client of that id, enabled or not. */
export async function findClient(ctx: Context, id: string): Promise<Client | undefined> {
  if (!isClientId(id)) return undefined;
  const record = await ctx.store.findClient(ctx.tenant, id);
  if (record === undefined) return undefined;
  const known = read.get(record);
  if (known !== undefined) return known;
  const metadata = readClientMetadata(record.metadata, { source: 'store' });
  if (metadata.kind === 'refused') throw new TypeError(`the stored client ${id} does not read: ${metadata.faults[0]?.message ?? ''}`);
  const client: Client = {
    id: record.clientId,
    metadata: metadata.metadata,
    record,
    confidential: metadata.metadata.tokenEndpointAuthMethod !== 'none',
  };
  read.set(record, client);
  return client;
}
