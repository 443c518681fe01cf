import type { TenantId } from '@hufu/protocol/ids';
import { EDGE_DECISIONS } from '../port/decisions.ts';
import type { DecisionFilter, DecisionRecord, Decisions } from '../port.ts';
import type { Connection, Lazy } from './connection.ts';

const COLUMNS = 'id, made_at, endpoint, status, error, client_id, record';

export function decisions(db: Connection): Decisions {
  const insert = db.lazy(`INSERT INTO decisions (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const trim = db.lazy(
    `DELETE FROM decisions WHERE tenant = ?1 AND (endpoint = '${EDGE_DECISIONS}') = ?3 AND id <= (
      SELECT id FROM decisions WHERE tenant = ?1 AND (endpoint = '${EDGE_DECISIONS}') = ?3 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
  );
  const rewrite = db.lazy('UPDATE decisions SET record = ?3 WHERE tenant = ?1 AND id = ?2');
  const find = db.lazy(`SELECT ${COLUMNS} FROM decisions WHERE tenant = ? AND id = ?`);
  const listBy = (index: string, more: string): Lazy =>
    db.lazy(`SELECT ${COLUMNS} FROM decisions ${index} WHERE tenant = ?1 AND id < ?2 AND id >= ?3 ${more} ORDER BY id DESC LIMIT ?4`);
  const list = listBy('', '');
  const listOfClient = listBy(
    'INDEXED BY decisions_by_client',
    'AND client_id = ?5 AND error = coalesce(?6, error) AND endpoint = coalesce(?7, endpoint)',
  );
  const listOfError = listBy('INDEXED BY decisions_by_error', 'AND error = ?5 AND endpoint = coalesce(?6, endpoint)');
  const listOfEndpoint = listBy('INDEXED BY decisions_by_endpoint', 'AND endpoint = ?5');
  const rows = (tenant: TenantId, limit: number, { before = LAST, from = '', endpoint, error, clientId }: DecisionFilter): unknown[] => {
    const values = [tenant, before, from, limit];
    if (clientId !== undefined) return listOfClient().all(...values, clientId, error ?? null, endpoint ?? null);
    if (error !== undefined) return listOfError().all(...values, error, endpoint ?? null);
    return endpoint === undefined ? list().all(...values) : listOfEndpoint().all(...values, endpoint);
  };
  /** Rows since the last trim, which walks over what is kept: a batch of them pays for it. */
  const untrimmed = new Map<string, number>();
  db.onRollback(() => untrimmed.clear());

  function trimWhenDue(tenant: number, ofEdge: 0 | 1, added: number, keep: number): void {
    if (added === 0) return;
    const share = `${tenant} ${ofEdge}`;
    const count = (untrimmed.get(share) ?? keep) + added;
    if (untrimmed.size >= MAX_SHARES) untrimmed.clear();
    const isDue = count >= Math.max(1, keep / 16);
    untrimmed.set(share, isDue ? 0 : count);
    if (isDue) trim().run(tenant, keep, ofEdge);
  }

  return {
    recordDecisions: (tenant, records, keep) =>
      db.write(() => {
        for (const { id, at, endpoint, status, error, clientId, record } of records)
          insert().run(tenant, id, at, endpoint, status, error, clientId, record);
        const ofEdge = records.filter(({ endpoint }) => endpoint === EDGE_DECISIONS).length;
        trimWhenDue(tenant, 1, ofEdge, keep);
        trimWhenDue(tenant, 0, records.length - ofEdge, keep);
      }),
    rewriteDecisions: (tenant, records) =>
      db.write(() => {
        for (const { id, record } of records) rewrite().run(tenant, id, record);
      }),
    findDecision: (tenant, id) =>
      db.read(() => {
        const row = find().get(tenant, id) as unknown as Row | undefined;
        return row === undefined ? undefined : readDecision(row);
      }),
    listDecisions: (tenant, limit, filter = {}) => db.read(() => (rows(tenant, limit, filter) as unknown as Row[]).map(readDecision)),
  };
}

const MAX_SHARES = 20_000;
/** No id is larger. */
const LAST = '\u{10ffff}';

type Row = [string, number, string, number, string, string, string];

function readDecision([id, at, endpoint, status, error, clientId, record]: Row): DecisionRecord {
  return { id, at, endpoint, status, error, clientId, record };
}
