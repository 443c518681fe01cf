import type { ClientId, GrantId } from '@hufu/protocol/ids';
import { lineOf, lineState, ownState, STATE } from '../lineage.ts';
import type { GrantState, LineMember, Statuses } from '../port.ts';
import type { Session, Statement } from './database.ts';
import { descendants } from './descendants.ts';

/** What status lists and whoever draws a lineage read. */
export function statuses(db: Session): Statuses {
  return {
    async statusHead(tenant) {
      const [row] = await db.run<StatusHeadRow>(HEAD, [tenant]);
      return { seq: row?.seq ?? 0, epoch: row?.epoch ?? undefined, lastGrant: row?.last_grant ?? 0 };
    },

    async listStates(tenant, from, to, now) {
      const rows = await db.run<StateRow>(LIST, [tenant, from, to, now]);
      return rows.map(({ id, own, line }) => readState(id, Math.min(own, line)));
    },

    async listClientStates(tenant, client, after, limit, now) {
      const rows = await db.run<ClientStateRow>(LIST_OF_CLIENT, [tenant, client, after?.epoch ?? -1, after?.id ?? 0, limit, now]);
      const last = rows.length < limit ? undefined : rows.at(-1);
      return {
        states: rows.filter(({ own }) => own < STATE.valid).map(({ id, own }) => readState(id, own)),
        next: last === undefined ? undefined : { epoch: last.client_epoch, id: last.id },
      };
    },

    async listChildren(tenant, parents, limit) {
      if (parents.length === 0) return [];
      const values = [tenant, parents.map(({ id }) => id), parents.map(({ afterId }) => afterId), limit];
      return (await db.run<MemberRow>(CHILDREN, values)).map(readMember);
    },

    async findLine(tenant, first) {
      return (await db.run<MemberRow>(LINE, [tenant, first])).map(readMember);
    },

    ...descendants(db),
  };
}

interface StatusHeadRow {
  readonly seq: number | null;
  readonly last_grant: number | null;
  readonly epoch: string | null;
}

interface StateRow {
  readonly id: GrantId;
  readonly own: number;
  readonly line: number;
}

interface ClientStateRow {
  readonly id: GrantId;
  readonly own: number;
  readonly client_epoch: number;
}

interface MemberRow {
  readonly id: GrantId;
  readonly client_id: ClientId;
  readonly parent_id: GrantId | null;
}

function readState(id: GrantId, state: number): GrantState {
  return { id, state: state === STATE.suspended ? 'suspended' : 'invalid' };
}

function readMember(row: MemberRow): LineMember {
  return { id: row.id, clientId: row.client_id, parentId: row.parent_id ?? undefined };
}

const HEAD: Statement = {
  name: 'status_head',
  text: `SELECT (SELECT value FROM counters WHERE tenant = $1::bigint AND name = 'revocation') AS seq,
    (SELECT value FROM counters WHERE tenant = $1::bigint AND name = 'grant') AS last_grant,
    (SELECT epoch FROM revocation_logs WHERE tenant = $1::bigint) AS epoch`,
};

const LIST: Statement = {
  name: 'list_states',
  text: `SELECT id, own, line FROM (
      SELECT g.id, ${ownState('$4::bigint')} AS own,
        CASE WHEN g.parent_id IS NULL THEN ${STATE.valid} ELSE ${lineState('g.tenant', 'g.parent_id', '$4::bigint')} END AS line
      FROM grants g LEFT JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = $1::bigint AND g.id >= $2::bigint AND g.id < $3::bigint) AS states
    WHERE own < ${STATE.valid} OR line < ${STATE.valid} ORDER BY id`,
};

const LIST_OF_CLIENT: Statement = {
  name: 'list_client_states',
  text: `SELECT g.id, ${ownState('$6::bigint')} AS own, g.client_epoch
    FROM grants g LEFT JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = $1::bigint AND g.client_id = $2::text AND g.revoked_at IS NULL AND (g.client_epoch, g.id) > ($3::bigint, $4::bigint)
    ORDER BY g.client_epoch, g.id LIMIT $5::bigint`,
};

const CHILDREN: Statement = {
  name: 'list_children',
  text: `SELECT child.id, child.client_id, p.id AS parent_id
    FROM unnest($2::bigint[], $3::bigint[]) AS p (id, after_id) CROSS JOIN LATERAL (
      SELECT g.id, g.client_id FROM grants g
      WHERE g.tenant = $1::bigint AND g.parent_id = p.id AND g.parent_id > 0 AND g.id > p.after_id ORDER BY g.id LIMIT $4::bigint) AS child`,
};

const LINE: Statement = { name: 'find_line', text: lineOf('$1::bigint', '$2::bigint') };
