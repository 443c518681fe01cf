import type { History, KeptHistory } from '../port.ts';
import { HISTORY_FALLS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';

export function history(db: Connection, counters: Counters): History {
  const insert = db.lazy('INSERT INTO history (tenant, minute, id, facts, times) VALUES (?, ?, ?, ?, ?)');
  const fall = db.lazy(
    `DELETE FROM history WHERE tenant = ?1 AND (minute, id) IN (
      SELECT minute, id FROM history WHERE tenant = ?1 AND minute < ?2 ORDER BY minute, id LIMIT ?3)`,
  );
  const trim = db.lazy(
    `DELETE FROM history WHERE tenant = ?1 AND (minute, id) <= (
      SELECT minute, id FROM history WHERE tenant = ?1 ORDER BY minute DESC, id DESC LIMIT 1 OFFSET ?2)`,
  );
  const list = db.lazy(
    'SELECT minute, id, facts, times FROM history WHERE tenant = ?1 AND (minute, id) > (?2, ?3) ORDER BY minute, id LIMIT ?4',
  );
  /** Rows since the last trim, which walks over what is kept. */
  const untrimmed = new Map<number, number>();
  db.onRollback(() => untrimmed.clear());

  return {
    recordHistory: (tenant, records, keepFrom, most) =>
      db.write(() => {
        if (records.length === 0) return;
        let id = counters.next(tenant, 'history', records.length) - records.length;
        for (const { minute, facts, times } of records) insert().run(tenant, minute, (id += 1), facts, times);
        fall().run(tenant, keepFrom, records.length + HISTORY_FALLS);
        const count = (untrimmed.get(tenant) ?? most) + records.length;
        const isDue = count >= Math.max(1, most / 16);
        if (untrimmed.size >= MAX_TENANTS) untrimmed.clear();
        untrimmed.set(tenant, isDue ? 0 : count);
        if (isDue) trim().run(tenant, most);
      }),
    listHistory: (tenant, { minute, id }, limit) =>
      db.read(() => (list().all(tenant, minute, id, limit) as unknown as Row[]).map(readHistory)),
  };
}

const MAX_TENANTS = 10_000;

type Row = [number, number, string, number];

function readHistory([minute, id, facts, times]: Row): KeptHistory {
  return { minute, id, facts, times };
}
