import type { GrantSummary, Lineage } from '@hufu/protocol/admin/grants';
import type { GrantId } from '@hufu/protocol/ids';
import type { GrantOutline, LineMember } from '@hufu/store/port';
import { NEVER } from '@hufu/store/retention';
import type { Context } from '../context.ts';
import { placeOf, writePlace } from '../status/place.ts';

/** Grants that are drawn below one; the others are only said to be there. */
const MAX_DESCENDANTS = 1_000;

/** Where a grant comes from, and what has come from it as far as its rows are there. Undefined where the grant is unknown. */
export async function findLineage(ctx: Context, id: GrantId, now: number): Promise<Lineage | undefined> {
  const grant = await ctx.store.findGrant(ctx.tenant, id);
  if (grant === undefined) return undefined;
  const [line, descendants] = await Promise.all([
    grant.parentId === undefined ? [] : ctx.store.findLine(ctx.tenant, grant.parentId),
    ctx.store.listDescendants(ctx.tenant, id, MAX_DESCENDANTS + 1),
  ]);
  const ancestors = line.map(async (one) => nodeOf(ctx, one, await ctx.store.findGrant(ctx.tenant, one.id), now));
  return {
    grant: nodeOf(ctx, grant, grant, now),
    ancestors: await Promise.all(ancestors),
    descendants: descendants.slice(0, MAX_DESCENDANTS).map((one) => nodeOf(ctx, one, one.outline, now)),
    truncated: descendants.length > MAX_DESCENDANTS,
  };
}

/** @param grant undefined where its client was removed. */
export function nodeOf(ctx: Context, { id, parentId, clientId }: LineMember, grant: GrantOutline | undefined, now: number): GrantSummary {
  const nameOf = (one: GrantId): string => writePlace(placeOf(ctx, one));
  const names = { id: nameOf(id), ...(parentId === undefined ? {} : { parent: nameOf(parentId) }), client_id: clientId };
  if (grant === undefined) return { ...names, state: 'dead', reason: 'client_removed' };
  return {
    ...names,
    sub: grant.subject,
    ...(grant.actor === undefined ? {} : { act: grant.actor }),
    scopes: grant.scopes,
    created_at: grant.createdAt,
    ...(grant.expiresAt === NEVER ? {} : { expires_at: grant.expiresAt }),
    ...stateOf(grant, now),
  };
}

function stateOf(
  { dead, suspendedUntil, expiresAt, idleSeconds, rotatedAt, generation }: GrantOutline,
  now: number,
): Pick<GrantSummary, 'state' | 'reason' | 'ended_at'> {
  if (dead !== undefined) {
    const state = dead.reason === 'client_disabled' ? 'suspended' : 'dead';
    return { state, reason: dead.reason, ...(dead.at === 0 ? {} : { ended_at: dead.at }) };
  }
  if ((suspendedUntil ?? 0) > now) return { state: 'suspended', reason: 'user_locked' };
  if (expiresAt <= now) return { state: 'expired', reason: 'expired', ended_at: expiresAt };
  if (idleSeconds > 0 && rotatedAt + idleSeconds <= now) return { state: 'expired', reason: 'idle', ended_at: rotatedAt + idleSeconds };
  return { state: generation === 0 ? 'unredeemed' : 'live' };
}
