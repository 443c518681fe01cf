import { clientId, type GrantId, grantId, userId } from '@hufu/protocol/ids';
import type { ClientPage, ParentPage, Revocation } from '@hufu/store/port';
import { MAX_LINEAGE } from '@hufu/store/retention';
import { atEndOfTurn } from '../clock.ts';
import type { Context } from '../context.ts';
import { nextPages } from './next-pages.ts';
import type { DeadStatus } from './status-bits.ts';

/** What is told of a grant that is dead now, and of all that come from it. */
export type Mark = (grant: GrantId, status: DeadStatus) => void;

/** Why a grant only rests (its user is locked); every other entry about a grant is for ever. */
const RESTS = 'user_locked';
/** Rows of a client, and grants whose children are looked for, at a time. */
const PAGE = 2_000;
const PARENTS = 200;
const CHILDREN = 50;
/** Grants of a user: more are not asked for. */
const USER_GRANTS = 1_000;
/** Grants that are walked over for a page of entries; to read the whole list anew is cheaper than more of them. */
const MAX_GRANTS = 20_000;
const BOTH: readonly DeadStatus[] = ['invalid', 'suspended'];

/** One walk from entries to the grants that they end. */
interface Walk {
  readonly ctx: Context;
  readonly mark: Mark;
  readonly now: number;
  /** Grants that it may still walk over. */
  left: number;
}

/**
 * Marks whatever these entries of the revocation log have ended, and what comes from it. The log names each grant that somebody revoked; of clients
 * it names the client, and of what comes from a grant nothing: these are looked up. Sessions and devices are told beside their grants; single tokens
 * and keys are not in a status list. Answers whether that was all: false where there are too many.
 */
export async function markEnds(ctx: Context, entries: readonly Revocation[], mark: Mark, now: number): Promise<boolean> {
  const walk: Walk = { ctx, mark, now, left: MAX_GRANTS };
  const grants = entries.filter(({ kind }) => kind === 'grant');
  const resting = grants.filter(({ reason, expiresAt }) => reason === RESTS && expiresAt > now);
  const ended = grants.filter(({ reason }) => reason !== RESTS);
  if (!(await markAll(walk, ended.map(grantOf), 'invalid')) || !(await markAll(walk, resting.map(grantOf), 'suspended'))) return false;
  for (const { kind, subject, reason } of entries) {
    if (kind === 'client' && !(await markClient(walk, subject))) return false;
    if (kind === 'user' && reason === RESTS && !(await markUser(walk, Number(subject)))) return false;
  }
  return true;
}

/** What was told before a list was begun, where the row may have fallen since. What rests is only in its row. */
export function markTold(entries: readonly Revocation[], mark: Mark): void {
  for (const entry of entries) if (entry.kind === 'grant' && entry.reason !== RESTS) mark(grantOf(entry), 'invalid');
}

/** Lets the event loop turn: whoever walks over many rows is not alone. */
export function turn(): Promise<void> {
  return new Promise((resolve) => atEndOfTurn(resolve));
}

function grantOf({ subject }: Revocation): GrantId {
  return grantId(Number(subject));
}

async function markClient(walk: Walk, client: string): Promise<boolean> {
  const { store, tenant } = walk.ctx;
  let after: ClientPage | undefined;
  do {
    const { states, next } = await store.listClientStates(tenant, clientId(client), after, PAGE, walk.now);
    for (const status of BOTH) {
      const ids = states.filter(({ state }) => state === status).map(({ id }) => id);
      if (!(await markAll(walk, ids, status))) return false;
    }
    after = next;
    await turn();
  } while (after !== undefined);
  return true;
}

/** As a node of the version before tells it, which does not name the grants that rest. */
async function markUser(walk: Walk, user: number): Promise<boolean> {
  const grants = await walk.ctx.store.listGrants(walk.ctx.tenant, { userId: userId(user) }, USER_GRANTS);
  const resting = grants.filter(({ suspendedUntil }) => (suspendedUntil ?? 0) > walk.now).map(({ id }) => id);
  return grants.length < USER_GRANTS && (await markAll(walk, resting, 'suspended'));
}

/** These, and page by page what comes from them. */
async function markAll(walk: Walk, ids: readonly GrantId[], status: DeadStatus, depth = 1): Promise<boolean> {
  walk.left -= ids.length;
  if (walk.left < 0) return false;
  for (const id of ids) walk.mark(id, status);
  if (depth >= MAX_LINEAGE) return true;
  for (let start = 0; start < ids.length; start += PARENTS) {
    let parents: readonly ParentPage[] = ids.slice(start, start + PARENTS).map((id) => ({ id, afterId: 0 }));
    while (parents.length > 0) {
      const children = await walk.ctx.store.listChildren(walk.ctx.tenant, parents, CHILDREN);
      if (children.length > 0) {
        const childIds = children.map(({ id }) => id);
        if (!(await markAll(walk, childIds, status, depth + 1))) return false;
        await turn();
      }
      parents = nextPages(children, CHILDREN);
    }
  }
  return true;
}
