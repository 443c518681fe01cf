import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import type { ClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';

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

/** The client of a row. The same object for the same row. */
export function readClientRecord(record: ClientRecord): Client {
  const known = read.get(record);
  if (known !== undefined) return known;
  const metadata = readClientMetadata(record.metadata, { source: 'store' });
  if (metadata.kind === 'refused')
    throw new TypeError(`the stored client ${record.clientId} does not read: ${metadata.faults[0]?.message ?? ''}`);
  const client = toClient(record, metadata.metadata);
  read.set(record, client);
  return client;
}

/** Whether somebody who runs this server stands behind the client, and not it alone. */
export function isVouchedFor({ source }: Pick<ClientRecord, 'source'>): boolean {
  return source === 'config' || source === 'admin';
}

/** A client whose metadata has been read already. */
export function toClient(record: ClientRecord, metadata: ClientMetadata): Client {
  return { id: record.clientId, metadata, record, confidential: metadata.tokenEndpointAuthMethod !== 'none' };
}
