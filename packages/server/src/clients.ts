import { isClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import { type Client, readClientRecord } from './client-record.ts';
import type { Context } from './context.ts';
import { findDocumentClient } from './registration/document-client.ts';
import { underProfile } from './registration/profile.ts';

export type { Client } from './client-record.ts';

/**
 * The client of that id, enabled or not. What the store has goes before what lies at an address (attacks REG-18); a client that a document
 * describes is as its document is now, which may have to be fetched.
 */
export async function findClient(ctx: Context, id: string): Promise<Client | undefined> {
  if (!isClientId(id)) return undefined;
  const record = await ctx.store.findClient(ctx.tenant, id);
  if (record !== undefined && record.source !== 'document') return underProfile(ctx, readClientRecord(record));
  const client = mayBeDocument(id, record) ? await findDocumentClient(ctx, id, record) : undefined;
  return client && underProfile(ctx, client);
}

/** The client of that id as it was when something was last granted to it: nothing is fetched. For what looks back, and for showing it. */
export async function findStoredClient(ctx: Context, id: string): Promise<Client | undefined> {
  const record = isClientId(id) ? await ctx.store.findClient(ctx.tenant, id) : undefined;
  return record && underProfile(ctx, readClientRecord(record));
}

function mayBeDocument(id: string, record: ClientRecord | undefined): boolean {
  return record !== undefined || id.startsWith('http');
}
