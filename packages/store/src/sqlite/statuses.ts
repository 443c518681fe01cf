import type { ClientId, GrantId } from '@hufu/protocol/ids';
import { lineOf, lineState, ownState, STATE } from '../lineage.ts';
import type { GrantState, LineMember, Statuses } from '../port.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { descendants } from './descendants.ts';

/** What status lists and whoever draws a lineage read. */
export function statuses(db: Connection, counters: Counters): Statuses {
  const list = db.lazy(`SELECT id, own, line FROM (
      SELECT g.id AS id, ${ownState('?4')} AS own,
        CASE WHEN g.parent_id IS NULL THEN ${STATE.valid} ELSE ${lineState('?1', 'g.parent_id', '?4')} END AS line
      FROM grants g LEFT JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = ?1 AND g.id >= ?2 AND g.id < ?3)
    WHERE own < ${STATE.valid} OR line < ${STATE.valid} ORDER BY id`);
  const listOfClient = db.lazy(`SELECT g.id, ${ownState('?6')}, ${STATE.valid}, g.client_epoch
    FROM grants g INDEXED BY grants_by_client LEFT JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = ?1 AND g.client_id = ?2 AND g.revoked_at IS NULL AND (g.client_epoch, g.id) > (?3, ?4)
    ORDER BY g.client_epoch, g.id LIMIT ?5`);
  const children = db.lazy(
    'SELECT id, client_id, parent_id FROM grants INDEXED BY grants_by_parent WHERE tenant = ? AND parent_id = ? AND parent_id > 0 AND id > ? ORDER BY id LIMIT ?',
  );
  const epoch = db.lazy('SELECT epoch FROM revocation_logs WHERE tenant = ?');
  const line = db.lazy(lineOf('?1', '?2'));
  return {
    statusHead: (tenant) =>
      db.read(() => ({
        seq: counters.find(tenant, 'revocation'),
        epoch: (epoch().get(tenant) as unknown as [string] | undefined)?.[0],
        lastGrant: counters.find(tenant, 'grant'),
      })),

    listStates: (tenant, from, to, now) =>
      db.read(() =>
        (list().all(tenant, from, to, now) as unknown as StateRow[]).map(([id, own, line]) => readState(id, Math.min(own, line))),
      ),

    listClientStates: (tenant, client, after, limit, now) =>
      db.read(() => {
        const rows = listOfClient().all(tenant, client, after?.epoch ?? -1, after?.id ?? 0, limit, now) as unknown as ClientRow[];
        const last = rows.length < limit ? undefined : rows.at(-1);
        return {
          states: rows.filter(([, own]) => own < STATE.valid).map(([id, own]) => readState(id, own)),
          next: last === undefined ? undefined : { epoch: last[3], id: last[0] },
        };
      }),

    listChildren: (tenant, parents, limit) =>
      db.read(() =>
        parents.flatMap(({ id, afterId }) => (children().all(tenant, id, afterId, limit) as unknown as MemberRow[]).map(readMember)),
      ),

    findLine: (tenant, first) => db.read(() => (line().all(tenant, first) as unknown as MemberRow[]).map(readMember)),

    ...descendants(db),
  };
}

type StateRow = [id: GrantId, own: number, line: number];
type ClientRow = [...StateRow, epoch: number];
type MemberRow = [id: GrantId, clientId: ClientId, parentId: GrantId | null];

function readState(id: GrantId, state: number): GrantState {
  return { id, state: state === STATE.suspended ? 'suspended' : 'invalid' };
}

function readMember([id, clientId, parentId]: MemberRow): LineMember {
  return { id, clientId, parentId: parentId ?? undefined };
}
