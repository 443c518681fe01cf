import type { ClientRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/**
 * Time is cut into windows of `policies.registered_clients.unused`, and that a client was used in one is a mark (docs: `Store.takeOnce`), one
 * write for each client and window. A mark lives until the window after its own is over.
 */
export async function noteUse(ctx: Context, record: ClientRecord, now: number): Promise<void> {
  const window = windowOf(ctx, now);
  if (noted.get(record) === window) return;
  await takeMark(ctx, record, window, now);
  noted.set(record, window);
}

/** Whether nothing was granted to the client in this window and the one before. Says so once: whoever hears it removes the client. */
export async function isUnused(ctx: Context, record: ClientRecord, now: number): Promise<boolean> {
  const window = windowOf(ctx, now);
  return (await takeMark(ctx, record, window - 1, now)) && (await takeMark(ctx, record, window, now));
}

/** The last window in which this process has noted a use. Goes when the record goes. */
const noted = new WeakMap<ClientRecord, number>();

function takeMark(ctx: Context, { clientId }: ClientRecord, window: number, now: number): Promise<boolean> {
  const { unusedSeconds } = ctx.config.policies.registeredClients;
  return ctx.store.takeOnce(ctx.tenant, 'registration', `use ${clientId}`, (window + 2) * unusedSeconds, now);
}

function windowOf(ctx: Context, now: number): number {
  return Math.floor(now / ctx.config.policies.registeredClients.unusedSeconds);
}
