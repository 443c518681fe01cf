import type { GrantSummary, Lineage } from '@hufu/protocol/admin/grants';
import type { GrantId } from '@hufu/protocol/ids';
import type { GrantRecord, LineMember, ParentPage } from '@hufu/store/port';
import { MAX_LINEAGE, NEVER } from '@hufu/store/retention';
import type { Context } from '../context.ts';
import { nextPages } from '../status/next-pages.ts';
import { placeOf, writePlace } from '../status/place.ts';

/** Grants that are drawn below one; the others are only said to be there. */
const MAX_DESCENDANTS = 1_000;
const PARENTS = 20;
const CHILDREN = 50;

/** Where a grant comes from, and what has come from it as far as its rows are there. Undefined where the grant is unknown. */
export async function findLineage(ctx: Context, id: GrantId, now: number): Promise<Lineage | undefined> {
  const grant = await ctx.store.findGrant(ctx.tenant, id);
  if (grant === undefined) return undefined;
  const line = grant.parentId === undefined ? [] : await ctx.store.findLine(ctx.tenant, grant.parentId);
  const { members, truncated } = await findDescendants(ctx, id);
  return {
    grant: nodeOf(ctx, grant, grant, now),
    ancestors: await nodesOf(ctx, line, now),
    descendants: await nodesOf(ctx, members, now),
    truncated,
  };
}

async function findDescendants(
  ctx: Context,
  id: GrantId,
): Promise<{ readonly members: readonly LineMember[]; readonly truncated: boolean }> {
  const members: LineMember[] = [];
  let level: readonly GrantId[] = [id];
  for (let depth = 1; depth < MAX_LINEAGE && level.length > 0; depth += 1) {
    const next: GrantId[] = [];
    for (let start = 0; start < level.length; start += PARENTS) {
      let parents: readonly ParentPage[] = level.slice(start, start + PARENTS).map((parent) => ({ id: parent, afterId: 0 }));
      while (parents.length > 0) {
        const children = await ctx.store.listChildren(ctx.tenant, parents, CHILDREN);
        if (members.length + children.length > MAX_DESCENDANTS)
          return { members: [...members, ...children].slice(0, MAX_DESCENDANTS), truncated: true };
        members.push(...children);
        next.push(...children.map((child) => child.id));
        parents = nextPages(children, CHILDREN);
      }
    }
    level = next;
  }
  return { members, truncated: false };
}

async function nodesOf(ctx: Context, members: readonly LineMember[], now: number): Promise<readonly GrantSummary[]> {
  return await Promise.all(members.map(async (member) => nodeOf(ctx, member, await ctx.store.findGrant(ctx.tenant, member.id), now)));
}

/** @param grant undefined where its client was removed. */
export function nodeOf(ctx: Context, { id, parentId, clientId }: LineMember, grant: GrantRecord | undefined, now: number): GrantSummary {
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
  { dead, suspendedUntil, expiresAt, idleSeconds, rotatedAt, generation }: GrantRecord,
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
