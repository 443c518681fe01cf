import type { TenantId } from '@hufu/protocol/ids';
import type { History, KeptHistory } from '../port.ts';
import { HISTORY_FALLS } from '../retention.ts';
import type { Database, Statement } from './database.ts';
import type { Statistics } from './statistics.ts';

export function history(db: Database, statistics: Statistics): History {
  /** Rows since the last trim, which walks over what is kept. */
  const untrimmed = new Map<TenantId, number>();
  return {
    async recordHistory(tenant, records, keepFrom, most) {
      if (records.length === 0) return;
      await db.run(INSERT, [
        tenant,
        records.map(({ minute }) => minute),
        records.map(({ facts }) => facts),
        records.map(({ times }) => times),
        keepFrom,
        records.length + HISTORY_FALLS,
      ]);
      statistics.inserted('history', records.length, records[0]?.minute ?? 0);
      const count = (untrimmed.get(tenant) ?? most) + records.length;
      const isDue = count >= Math.max(1, most / TRIM_PART);
      if (untrimmed.size >= MAX_TENANTS) untrimmed.clear();
      untrimmed.set(tenant, isDue ? 0 : count);
      if (isDue) await db.run(TRIM, [tenant, most]);
    },
    async listHistory(tenant, { minute, id }, limit) {
      return await db.run<KeptHistory>(LIST, [tenant, minute, id, limit]);
    },
  };
}

const MAX_TENANTS = 10_000;
/** Each of a few nodes may be this part of `most` behind; together they stay below a sixteenth. */
const TRIM_PART = 64;

const INSERT: Statement = {
  name: 'record_history',
  text: `WITH fallen AS (
      DELETE FROM history WHERE tenant = $1::bigint AND (minute, id) IN (
        SELECT minute, id FROM history WHERE tenant = $1::bigint AND minute < $5::bigint ORDER BY minute, id LIMIT $6::bigint FOR UPDATE SKIP LOCKED))
    INSERT INTO history (tenant, minute, facts, times)
    SELECT $1::bigint, w.minute, w.facts, w.times FROM unnest($2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY AS w (minute, facts, times, place)
    ORDER BY w.place`,
};
const TRIM: Statement = {
  text: `DELETE FROM history WHERE tenant = $1::bigint AND (minute, id) <= (
      SELECT minute, id FROM history WHERE tenant = $1::bigint ORDER BY minute DESC, id DESC OFFSET $2::bigint LIMIT 1)`,
};
const LIST: Statement = {
  text: `SELECT minute, id, facts, times FROM history WHERE tenant = $1::bigint AND (minute, id) > ($2::bigint, $3::bigint)
    ORDER BY minute, id LIMIT $4::bigint`,
};
