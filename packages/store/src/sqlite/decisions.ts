import type { DecisionRecord, Decisions } from '../port.ts';
import type { Connection } from './connection.ts';

const COLUMNS = 'id, made_at, endpoint, status, error, client_id, record';

export function decisions(db: Connection): Decisions {
  const insert = db.lazy(`INSERT INTO decisions (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const trim = db.lazy(
    'DELETE FROM decisions WHERE tenant = ?1 AND id <= (SELECT id FROM decisions WHERE tenant = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)',
  );
  const find = db.lazy(`SELECT ${COLUMNS} FROM decisions WHERE tenant = ? AND id = ?`);
  const list = db.lazy(`SELECT ${COLUMNS} FROM decisions WHERE tenant = ? ORDER BY id DESC LIMIT ?`);
  /** Rows since the last trim, which walks over what is kept: a batch of them pays for it. */
  const untrimmed = new Map<number, number>();
  db.onRollback(() => untrimmed.clear());

  return {
    recordDecisions: (tenant, records, keep) =>
      db.write(() => {
        for (const { id, at, endpoint, status, error, clientId, record } of records)
          insert().run(tenant, id, at, endpoint, status, error, clientId, record);
        const count = (untrimmed.get(tenant) ?? keep) + records.length;
        if (untrimmed.size >= MAX_TENANTS) untrimmed.clear();
        if (count < Math.max(1, keep / 16)) {
          untrimmed.set(tenant, count);
        } else {
          trim().run(tenant, keep);
          untrimmed.set(tenant, 0);
        }
      }),
    findDecision: (tenant, id) =>
      db.read(() => {
        const row = find().get(tenant, id) as unknown as Row | undefined;
        return row === undefined ? undefined : readDecision(row);
      }),
    listDecisions: (tenant, limit) => db.read(() => (list().all(tenant, limit) as unknown as Row[]).map(readDecision)),
  };
}

const MAX_TENANTS = 10_000;

type Row = [string, number, string, number, string, string, string];

function readDecision([id, at, endpoint, status, error, clientId, record]: Row): DecisionRecord {
  return { id, at, endpoint, status, error, clientId, record };
}
