import type { ClientRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** Longest time in seconds between two notes of one process. */
const NOTE_EVERY = 3_600;

/** When this process last noted a use. Goes when the record goes. */
const noted = new WeakMap<ClientRecord, number>();

/** Notes that something is granted to a client that registered itself, so that it is not taken for one that nobody uses. */
export async function noteUse(ctx: Context, record: ClientRecord, now: number): Promise<void> {
  const last = noted.get(record);
  const every = Math.min(NOTE_EVERY, ctx.config.policies.registeredClients.unusedSeconds / 4);
  if (last !== undefined && last <= now && now < last + every) return;
  await ctx.store.noteClientUse(ctx.tenant, record.clientId, now);
  noted.set(record, now);
}
