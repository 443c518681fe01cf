import { MAX_ID, type SessionId, sessionId } from '@hufu/protocol/ids';
import type { Client } from '../client-record.ts';
import type { Context } from '../context.ts';

/** The `sid` of a session (OpenID Connect Front-Channel Logout §3): the same for all its tokens, and says nothing of how many there are. */
export function sessionName(ctx: Pick<Context, 'keys'>, id: SessionId): string {
  return ctx.keys.tally.permutation.permute(id).toString(36);
}

/**
 * The `sid` that a client is told. Clients of different sectors must not find out by it that they mean the same user (OpenID Connect Core §8.1):
 * a pairwise client has one of its own.
 */
export function sidFor(ctx: Pick<Context, 'keys'>, client: Pick<Client, 'id' | 'metadata'>, id: SessionId): string {
  if (client.metadata.subjectType === 'public') return sessionName(ctx, id);
  return ctx.keys.keyedHash('sid', `${id}\n${client.id}`);
}

/** The session that a `sid` names, whether or not there is one; undefined for what is none. */
export function readSessionName(ctx: Context, name: string): SessionId | undefined {
  const permuted = /^[0-9a-z]{1,10}$/.test(name) ? Number.parseInt(name, 36) : MAX_ID + 1;
  if (permuted > MAX_ID || permuted.toString(36) !== name) return undefined;
  const id = ctx.keys.tally.permutation.restore(permuted);
  return id === 0 ? undefined : sessionId(id);
}
