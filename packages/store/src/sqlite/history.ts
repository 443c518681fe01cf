import type { History, KeptHistory } from '../port.ts';
import { HISTORY_FALLS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';

export function history(db: Connection, counters: Counters): History {
  const insert = db.lazy('INSERT INTO history (tenant, minute, id, facts, times) VALUES (?, ?, ?, ?, ?)');
  // The oldest alone are looked at: a walk over all that is kept would stand in the way of every request.
  const fall = db.lazy(
    `DELETE FROM history WHERE tenant = ?1 AND (minute, id) IN (
      SELECT minute, id FROM (SELECT minute, id FROM history WHERE tenant = ?1 ORDER BY minute, id LIMIT ?4) WHERE minute < ?2 OR id <= ?3)`,
  );
  const list = db.lazy(
    'SELECT minute, id, facts, times FROM history WHERE tenant = ?1 AND (minute, id) > (?2, ?3) ORDER BY minute, id LIMIT ?4',
  );

  return {
    recordHistory: (tenant, records, keepFrom, most) =>
      db.write(() => {
        if (records.length === 0) return;
        const last = counters.next(tenant, 'history', records.length);
        let id = last - records.length;
        for (const { minute, facts, times } of records) insert().run(tenant, minute, (id += 1), facts, times);
        // Numbers follow each other without a gap, so they tell how many there are.
        fall().run(tenant, keepFrom, last - most, records.length + HISTORY_FALLS);
      }),
    listHistory: (tenant, { minute, id }, limit) =>
      db.read(() => (list().all(tenant, minute, id, limit) as unknown as Row[]).map(readHistory)),
  };
}

type Row = [number, number, string, number];

function readHistory([minute, id, facts, times]: Row): KeptHistory {
  return { minute, id, facts, times };
}
