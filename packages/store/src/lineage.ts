import { MAX_LINEAGE } from './retention.ts';

/**
 * When the line of grants that begins with the grant `first` and goes on with those that it comes from has ended, as a scalar of both engines: NULL
 * while all of it lives, 0 where nobody knows any more (a row has fallen, a client was removed) or the line is so long that there are more than `MAX_LINEAGE` with whatever comes from it. In the
 * order of `readDead`. Expiry needs no look: no grant is made or exchanged for longer than its parent.
 *
 * @param tenant what the tenant is in the statement around it, `first` likewise.
 */
export function lineEnd(tenant: string, first: string): string {
  return `(WITH RECURSIVE line (n, id) AS (
      SELECT 1, ${first}
      UNION ALL
      SELECT line.n + 1, p.parent_id FROM line CROSS JOIN grants p
        WHERE p.tenant = ${tenant} AND p.id = line.id AND p.parent_id IS NOT NULL AND line.n < ${MAX_LINEAGE})
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
