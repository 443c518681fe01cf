import type { ClientId, GrantId } from '@hufu/protocol/ids';
import { readDead, readList, readObject, readRest } from '../encoding.ts';
import { isLiving, treeOf } from '../lineage.ts';
import type { Descendant, Statuses } from '../port.ts';
import type { Connection } from './connection.ts';

/** What has come from a grant. */
export function descendants(db: Connection): Pick<Statuses, 'listDescendants' | 'countDescendants'> {
  // Without an order the queue of a recursion gives its rows level by level, and ends it with the last one that is wanted.
  const list = db.lazy(`${treeOf('?1', '?2', CHILDREN)}
    SELECT g.id, g.client_id, g.parent_id, g.subject, g.actor, g.scopes, g.created_at, g.expires_at, g.idle_seconds, g.rotated_at, g.generation, g.revoked_at,
      g.revoked_reason, g.client_epoch, g.suspended_until, c.epoch, c.enabled, c.revoked_at, c.disabled_at, tree.parent_ended
    FROM (SELECT depth, id, parent_ended FROM tree LIMIT ?3 + 1) AS tree CROSS JOIN grants g ON g.tenant = ?1 AND g.id = tree.id
      LEFT JOIN clients c ON c.tenant = ?1 AND c.client_id = g.client_id
    WHERE tree.depth > 0 ORDER BY tree.depth, tree.id`);
  const count = db.lazy(`${treeOf('?1', '?2', CHILDREN, 'tree.ended IS NULL')}
    SELECT count(*), coalesce(sum(${isLiving('?4')}), 0)
    FROM (SELECT id FROM tree WHERE depth > 0 LIMIT ?3) AS tree CROSS JOIN grants g ON g.tenant = ?1 AND g.id = tree.id
      LEFT JOIN clients c ON c.tenant = ?1 AND c.client_id = g.client_id`);
  return {
    listDescendants: (tenant, id, limit) => db.read(() => (list().all(tenant, id, limit) as unknown as Row[]).map(readDescendant)),

    countDescendants: (tenant, id, limit, now) =>
      db.read(() => {
        const [looked, grants] = count().get(tenant, id, limit + 1, now) as unknown as [number, number];
        return { grants: Math.min(grants, limit), isCapped: looked > limit };
      }),
  };
}

/** A key each, as a recursion has no limit for each of its steps. */
const CHILDREN = `CROSS JOIN grants g ON g.tenant = ?1 AND g.id IN (
  SELECT child.id FROM grants child INDEXED BY grants_by_parent
  WHERE child.tenant = ?1 AND child.parent_id = tree.id AND child.parent_id > 0 ORDER BY child.id LIMIT ?3)`;

type Row = [
  id: GrantId,
  clientId: ClientId,
  parentId: GrantId,
  subject: string,
  actor: string | null,
  scopes: string,
  createdAt: number,
  expiresAt: number,
  idleSeconds: number,
  rotatedAt: number,
  generation: number,
  revokedAt: number | null,
  revokedReason: string | null,
  clientEpoch: number,
  suspendedUntil: number | null,
  epoch: number | null,
  enabled: number | null,
  clientRevokedAt: number | null,
  clientDisabledAt: number | null,
  parentEndedAt: number | null,
];

function readDescendant(row: Row): Descendant {
  const [id, clientId, parentId] = row;
  const client = row[15] === null ? undefined : { epoch: row[15], enabled: row[16] === 1, revokedAt: row[17], disabledAt: row[18] };
  if (client === undefined) return { id, clientId, parentId, outline: undefined };
  const outline = {
    subject: row[3],
    actor: row[4] === null ? undefined : readObject(row[4]),
    scopes: readList(row[5]),
    createdAt: row[6],
    expiresAt: row[7],
    idleSeconds: row[8],
    rotatedAt: row[9],
    generation: row[10],
    dead: readDead(row[11], row[12], row[13], client, row[19]),
    suspendedUntil: readRest(row[14], client),
  };
  return { id, clientId, parentId, outline };
}
