import type { ClientRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { isUnused } from '../registration/use.ts';

/** Clients that one run looks at. */
const BATCH = 200;

/**
 * Removes clients that registered themselves and that nothing was granted to for `policies.registered_clients.unused` (attacks REG-10): those
 * that still have a grant stay. Each run looks at the next batch of clients, and begins again after the last.
 */
export function unusedClientRemover(ctx: Context): (now: number) => Promise<void> {
  let after = '';
  return async (now) => {
    const page = await ctx.store.listClients(ctx.tenant, after, BATCH);
    after = page.length < BATCH ? '' : (page.at(-1)?.clientId ?? '');
    for (const record of page) {
      if (!(await isDue(ctx, record, now))) continue;
      await ctx.store.removeClient(ctx.tenant, record.clientId, now);
      ctx.log.info('client.removed', { client: record.clientId, reason: 'unused' });
    }
  };
}

async function isDue(ctx: Context, record: ClientRecord, now: number): Promise<boolean> {
  const { unusedSeconds } = ctx.config.policies.registeredClients;
  if (record.source !== 'registered' || now < record.createdAt + unusedSeconds) return false;
  if ((await ctx.store.listGrants(ctx.tenant, { clientId: record.clientId }, 1)).length > 0) return false;
  return await isUnused(ctx, record, now);
}
