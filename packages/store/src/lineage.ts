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
    SELECT min(CASE
        WHEN line.n >= ${MAX_LINEAGE} OR p.id IS NULL OR pc.epoch IS NULL THEN 0
        WHEN p.revoked_at IS NOT NULL THEN p.revoked_at
        WHEN p.client_epoch < pc.epoch THEN coalesce(pc.revoked_at, 0)
        WHEN pc.enabled = 0 THEN coalesce(pc.disabled_at, 0) END)
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

function walk(tenant: string, first: string): string {
  return `
      SELECT 1, ${first}
      UNION ALL
      SELECT line.n + 1, p.parent_id FROM line CROSS JOIN grants p
        WHERE p.tenant = ${tenant} AND p.id = line.id AND p.parent_id IS NOT NULL AND line.n < ${MAX_LINEAGE}`;
}
