import { type Client, isVouchedFor } from '../client-record.ts';
import type { Context } from '../context.ts';
import { requireRoom } from './throttle.ts';
import { noteUse } from './use.ts';

/**
 * To be called before anything is granted to a client: a client that only its document describes gets its row, and one that registered
 * itself is seen to be used. Costs nothing for a client that is vouched for. Throws `temporarily_unavailable` where there is no room for another.
 */
export async function ensureStored(ctx: Context, { record }: Client, now: number): Promise<void> {
  if (isVouchedFor(record)) return;
  if (record.source === 'registered') return noteUse(ctx, record, now);
  if (record.version > 0 || (await ctx.store.findClient(ctx.tenant, record.clientId)) !== undefined) return;
  await requireRoom(ctx, 'document');
  const { clientId, metadata, secrets, enabled, source } = record;
  await ctx.store.putClient(ctx.tenant, { clientId, metadata, secrets, enabled, source }, now);
  ctx.log.info('client.registered', { client: clientId });
}
