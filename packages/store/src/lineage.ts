import { MAX_LINEAGE } from './retention.ts';

/**
 * When the line of grants that begins with the grant `first` and goes on with those that it comes from has ended, as a scalar of both engines: NULL
 * while all of it lives, 0 where nobody knows any more (a row has fallen, a client was removed) or the line is so long that there are more than `MAX_LINEAGE` with whatever comes from it. In the
 * order of `readDead`. Expiry needs no look: no grant is made or exchanged for longer than its parent.
 *
 * @param tenant what the tenant is in the statement around it, `first` likewise.
 */
export function lineEnd(tenant: string, first: string): string {
  return `(WITH RECURSIVE line (n, id) AS (${walk(tenant, first)})
    SELECT min(CASE WHEN line.n >= ${MAX_LINEAGE} OR p.id IS NULL THEN 0 ELSE ${ownEnd('p', 'pc')} END)
      FROM line LEFT JOIN grants p ON p.tenant = ${tenant} AND p.id = line.id
        LEFT JOIN clients pc ON pc.tenant = p.tenant AND pc.client_id = p.client_id)`;
}

/** The end of the grant `id`, which is the latest that a grant which comes from it may have. */
export function endOf(tenant: string, id: string): string {
  return `(SELECT p.expires_at FROM grants p WHERE p.tenant = ${tenant} AND p.id = ${id})`;
}

/** What `ownState` and `lineState` answer. */
export const STATE = { invalid: 1, suspended: 2, valid: 3 } as const;

/** What a grant's own row and its client's say of it, as a scalar of both engines: one of `STATE`. `grants` is `g`, `clients` (which may not be there) `c`. */
export function ownState(now: string, grants = 'g', clients = 'c'): string {
  return `CASE
    WHEN ${grants}.revoked_at IS NOT NULL OR ${clients}.epoch IS NULL OR ${grants}.client_epoch < ${clients}.epoch THEN ${STATE.invalid}
    WHEN ${clients}.enabled = 0 OR coalesce(${grants}.suspended_until, 0) > ${now} THEN ${STATE.suspended}
    ELSE ${STATE.valid} END`;
}

/** What the line that begins with the grant `first` says of whatever comes from it: the worst of all of it, as `lineEnd` walks it. */
export function lineState(tenant: string, first: string, now: string): string {
  return `(WITH RECURSIVE line (n, id) AS (${walk(tenant, first)})
    SELECT min(CASE WHEN line.n >= ${MAX_LINEAGE} OR p.id IS NULL THEN ${STATE.invalid} ELSE ${ownState(now, 'p', 'pc')} END)
      FROM line LEFT JOIN grants p ON p.tenant = ${tenant} AND p.id = line.id
        LEFT JOIN clients pc ON pc.tenant = p.tenant AND pc.client_id = p.client_id)`;
}

/** The grant `first` and those that it comes from, nearest first: `id`, `client_id`, `parent_id`. */
export function lineOf(tenant: string, first: string): string {
  return `WITH RECURSIVE line (n, id) AS (${walk(tenant, first)})
    SELECT p.id, p.client_id, p.parent_id FROM line JOIN grants p ON p.tenant = ${tenant} AND p.id = line.id ORDER BY line.n`;
}

/**
 * Those that come from the grant `first`, level by level, as rows of `tree`: `depth` (0: the grant itself), `id`, `parent_ended` (as `lineEnd` of the one that each comes from) and `ended` (the same with
 * its own). A common table expression of both engines; `limit` bounds the children that are read of each.
 *
 * @param children the grants `g` that come from `tree.id`, at most `limit`, as each engine finds them without reading more
 * @param more what a child has to be beside, over `tree`
 */
export function treeOf(tenant: string, first: string, children: string, more = 'true'): string {
  const own = ownEnd('g', 'c');
  return `WITH RECURSIVE tree (depth, id, parent_ended, ended) AS (
      SELECT CAST(0 AS integer), ${first}, CAST(NULL AS bigint), ${lineEnd(tenant, first)}
      UNION ALL
      SELECT tree.depth + 1, g.id, tree.ended, CASE WHEN tree.ended IS NULL OR ${own} < tree.ended THEN ${own} ELSE tree.ended END
        FROM tree ${children} LEFT JOIN clients c ON c.tenant = ${tenant} AND c.client_id = g.client_id
        WHERE tree.depth < ${MAX_LINEAGE - 1} AND ${more})`;
}

/** Whether a grant that nothing above has ended falls with what it comes from: it is none of those that are dead, expired or idle by `now` already. */
export function isLiving(now: string): string {
  return `g.revoked_at IS NULL AND c.epoch IS NOT NULL AND g.client_epoch >= c.epoch AND g.expires_at > ${now}
    AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > ${now})`;
}

/** What a grant's own row and its client's say of its end: NULL while it lives. */
function ownEnd(grants: string, clients: string): string {
  return `CASE
        WHEN ${clients}.epoch IS NULL THEN 0
        WHEN ${grants}.revoked_at IS NOT NULL THEN ${grants}.revoked_at
        WHEN ${grants}.client_epoch < ${clients}.epoch THEN coalesce(${clients}.revoked_at, 0)
        WHEN ${clients}.enabled = 0 THEN coalesce(${clients}.disabled_at, 0) END`;
}

function walk(tenant: string, first: string): string {
  return `
      SELECT 1, ${first}
      UNION ALL
      SELECT line.n + 1, p.parent_id FROM line CROSS JOIN grants p
        WHERE p.tenant = ${tenant} AND p.id = line.id AND p.parent_id IS NOT NULL AND line.n < ${MAX_LINEAGE}`;
}
