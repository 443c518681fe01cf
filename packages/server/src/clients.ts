import { isClientId } from '@hufu/protocol/ids';
import { type Client, readClientRecord } from './client-record.ts';
import type { Context } from './context.ts';

export type { Client } from './client-record.ts';

/** The client of that id, enabled or not. */
export async function findClient(ctx: Context, id: string): Promise<Client | undefined> {
  if (!isClientId(id)) return undefined;
  const record = await ctx.store.findClient(ctx.tenant, id);
  return record === undefined ? undefined : readClientRecord(record);
}
