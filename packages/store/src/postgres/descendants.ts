import type { ClientId, GrantId } from '@hufu/protocol/ids';
import { readDead, readList, readObject, readRest } from '../encoding.ts';
import { isLiving, treeOf } from '../lineage.ts';
import type { Descendant, Statuses } from '../port.ts';
import type { Session, Statement } from './database.ts';
import { CLIENT_COLUMNS, type ClientState, type GrantRow } from './grant-row.ts';

/** What has come from a grant. */
export function descendants(db: Session): Pick<Statuses, 'listDescendants' | 'countDescendants'> {
  return {
    async listDescendants(tenant, id, limit) {
      return (await db.run<Row>(LIST, [tenant, id, limit])).map(readDescendant);
    },

    async countDescendants(tenant, id, limit, now) {
      const [row] = await db.run<{ looked: number; grants: number }>(COUNT, [tenant, id, limit + 1, now]);
      return { grants: Math.min(row?.grants ?? 0, limit), isCapped: (row?.looked ?? 0) > limit };
    },
  };
}

const COLUMNS = [
  'id',
  'client_id',
  'parent_id',
  'subject',
  'actor',
  'scopes',
  'created_at',
  'expires_at',
  'idle_seconds',
  'rotated_at',
  'generation',
  'revoked_at',
  'revoked_reason',
  'client_epoch',
  'suspended_until',
] as const;

type Row = Pick<GrantRow, (typeof COLUMNS)[number]> & {
  readonly id: GrantId;
  readonly client_id: ClientId;
} & { readonly [K in keyof ClientState]: ClientState[K] | null };

function readDescendant(row: Row): Descendant {
  const { id, client_id: clientId } = row;
  const parentId = row.parent_id ?? undefined;
  if (row.current_epoch === null) return { id, clientId, parentId, outline: undefined };
  const client = {
    epoch: row.current_epoch,
    enabled: row.client_enabled === 1,
    revokedAt: row.client_revoked_at,
    disabledAt: row.client_disabled_at,
  };
  const outline = {
    subject: row.subject,
    actor: row.actor === null ? undefined : readObject(row.actor),
    scopes: readList(row.scopes),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    idleSeconds: row.idle_seconds,
    rotatedAt: row.rotated_at,
    generation: row.generation,
    dead: readDead(row.revoked_at, row.revoked_reason, row.client_epoch, client, row.parent_ended_at ?? null),
    suspendedUntil: readRest(row.suspended_until, client),
  };
  return { id, clientId, parentId, outline };
}

/** Each parent by itself, so that no more of its children are read than are wanted, and by the index that has them in their order. */
const CHILDREN = `CROSS JOIN LATERAL (
  SELECT child.id, child.client_id, child.client_epoch, child.revoked_at FROM grants child
  WHERE child.tenant = $1::bigint AND child.parent_id = tree.id AND child.parent_id > 0 ORDER BY child.id LIMIT $3::bigint) AS g`;

const JOINED = `JOIN grants g ON g.tenant = $1::bigint AND g.id = tree.id
    LEFT JOIN clients c ON c.tenant = $1::bigint AND c.client_id = g.client_id`;

/** A recursion gives its rows level by level, and ends with the last one that is wanted. */
const LIST: Statement = {
  name: 'list_descendants',
  text: `${treeOf('$1::bigint', '$2::bigint', CHILDREN)}
    SELECT ${COLUMNS.map((column) => `g.${column}`).join(', ')}, ${CLIENT_COLUMNS}, tree.parent_ended AS parent_ended_at
    FROM (SELECT depth, id, parent_ended FROM tree LIMIT $3::bigint + 1) AS tree ${JOINED}
    WHERE tree.depth > 0 ORDER BY tree.depth, tree.id`,
};
const COUNT: Statement = {
  name: 'count_descendants',
  text: `${treeOf('$1::bigint', '$2::bigint', CHILDREN, 'tree.ended IS NULL')}
    SELECT count(*) AS looked, count(*) FILTER (WHERE ${isLiving('$4::bigint')}) AS grants
    FROM (SELECT id FROM tree WHERE depth > 0 LIMIT $3::bigint) AS tree ${JOINED}`,
};
