import type { Context } from '../context.ts';

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
    const unusedSince = now - ctx.config.policies.registeredClients.unusedSeconds;
    for (const { clientId, source, createdAt } of page) {
      if (source !== 'registered' || createdAt > unusedSince) continue;
      if ((await ctx.store.listGrants(ctx.tenant, { clientId }, 1)).length > 0) continue;
      if ((await ctx.store.removeClient(ctx.tenant, clientId, now, unusedSince)) === 'removed')
        ctx.log.info('client.removed', { client: clientId, reason: 'unused' });
    }
  };
}
