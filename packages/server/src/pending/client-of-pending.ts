import type { PendingAuthorization } from '@hufu/store/port';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { grantTypeOf } from '../grants/decided.ts';

/** The client that asks, as long as it is enabled and may ask this way. */
export async function findClientOf(ctx: Context, pending: PendingAuthorization): Promise<Client | undefined> {
  const client = await findStoredClient(ctx, pending.clientId);
  if (client === undefined || !client.record.enabled) return undefined;
  return client.metadata.grantTypes.includes(grantTypeOf(pending.kind)) ? client : undefined;
}
