import type { ClientId } from '@hufu/protocol/ids';
import type { Acting, Store, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** Who is behind a change, and what is told beside what the store knows. */
export type Who = Pick<Acting, 'actor'> & Partial<Pick<Acting, 'via' | 'requestId' | 'target' | 'about' | 'details'>>;

/** The store for what somebody does: what they change with it is in the audit log under their name. */
export function actingAs(ctx: Pick<Context, 'store' | 'clock' | 'signAudit'>, who: Who): Store {
  return ctx.store.actingAs({ via: '', requestId: '', ...who, nowMs: ctx.clock.nowMs, mac: ctx.signAudit });
}

/** A user about themselves. */
export function asUser(ctx: Context, { id, sub }: Pick<UserRecord, 'id' | 'sub'>, via: ClientId | '' = ''): Store {
  return actingAs(ctx, { actor: { kind: 'user', id: sub }, about: { id, sub }, via });
}

/** A client for itself. */
export function asClient(ctx: Context, id: ClientId): Store {
  return actingAs(ctx, { actor: { kind: 'client', id }, via: id });
}
