import type { TenantId } from '@hufu/protocol/ids';
import { EDGE_DECISIONS } from '../port/decisions.ts';
import type { DecisionRecord, Decisions } from '../port.ts';
import type { Database, Statement } from './database.ts';
import type { Statistics } from './statistics.ts';

export function decisions(db: Database, statistics: Statistics): Decisions {
  /** Rows since the last trim, which walks over what is kept: a batch of them pays for it. */
  const untrimmed = new Map<string, number>();

  async function trimWhenDue(tenant: TenantId, ofEdge: boolean, added: number, keep: number): Promise<void> {
    if (added === 0) return;
    const share = `${tenant} ${ofEdge}`;
    const count = (untrimmed.get(share) ?? keep) + added;
    const isDue = count >= Math.max(1, keep / TRIM_PART);
    if (untrimmed.size >= MAX_SHARES) untrimmed.clear();
    untrimmed.set(share, isDue ? 0 : count);
    if (isDue) await db.run(TRIM, [tenant, keep, ofEdge]);
  }

  return {
    async recordDecisions(tenant, records, keep) {
      if (records.length === 0) return;
      await db.run(INSERT, [
        tenant,
        records.map((record) => writeText(record.id)),
        records.map((record) => record.at),
        records.map((record) => writeText(record.endpoint)),
        records.map((record) => record.status),
        records.map((record) => writeText(record.error)),
        records.map((record) => writeText(record.clientId)),
        records.map((record) => writeText(record.record)),
      ]);
      statistics.inserted('decisions', records.length, records[0]?.at ?? 0);
      const ofEdge = records.filter(({ endpoint }) => endpoint === EDGE_DECISIONS).length;
      await trimWhenDue(tenant, true, ofEdge, keep);
      await trimWhenDue(tenant, false, records.length - ofEdge, keep);
    },

    async rewriteDecisions(tenant, records) {
      if (records.length === 0) return;
      await db.run(REWRITE, [tenant, records.map((one) => writeText(one.id)), records.map((one) => writeText(one.record))]);
    },

    async findDecision(tenant, id) {
      if (id.includes('\0')) return undefined;
      const [row] = await db.run<DecisionRow>(FIND, [tenant, id]);
      return row === undefined ? undefined : readDecision(row);
    },

    async listDecisions(tenant, limit, filter = {}) {
      const { before, from, endpoint, error, clientId } = filter;
      const values: unknown[] = [tenant, limit];
      let where = '';
      for (const [comparison, value] of [
        ['id <', before],
        ['id >=', from],
        ['client_id =', clientId],
        ['error =', error],
        ['endpoint =', endpoint],
      ] as const) {
        if (value?.includes('\0') === true) return [];
        if (value !== undefined) where += ` AND ${comparison} $${values.push(value)}::text`;
      }
      return (await db.run<DecisionRow>(list(where), values)).map(readDecision);
    },
  };
}

const MAX_SHARES = 20_000;
/** Each of a few nodes may be this part of `keep` behind; together they stay below a sixteenth. */
const TRIM_PART = 64;

/** What a stranger sent may hold a NUL, which PostgreSQL has no text for; the others of the batch must not suffer. */
function writeText(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

interface DecisionRow {
  readonly id: string;
  readonly made_at: number;
  readonly endpoint: string;
  readonly status: number;
  readonly error: string;
  readonly client_id: string;
  readonly record: string;
}

function readDecision(row: DecisionRow): DecisionRecord {
  return {
    id: row.id,
    at: row.made_at,
    endpoint: row.endpoint,
    status: row.status,
    error: row.error,
    clientId: row.client_id,
    record: row.record,
  };
}

const COLUMNS = 'id, made_at, endpoint, status, error, client_id, record';

const INSERT: Statement = {
  name: 'record_decisions',
  text: `INSERT INTO decisions (tenant, ${COLUMNS})
    SELECT $1::bigint, w.* FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[]) AS w (${COLUMNS})
    ORDER BY w.id
    ON CONFLICT (tenant, id) DO NOTHING`,
};
const TRIM: Statement = {
  text: `DELETE FROM decisions WHERE tenant = $1::bigint AND (endpoint = '${EDGE_DECISIONS}') = $3::boolean
    AND id <= (SELECT id FROM decisions WHERE tenant = $1::bigint AND (endpoint = '${EDGE_DECISIONS}') = $3::boolean
      ORDER BY id DESC OFFSET $2::bigint LIMIT 1)`,
};
const REWRITE: Statement = {
  text: `UPDATE decisions d SET record = w.record FROM (SELECT * FROM unnest($2::text[], $3::text[]) AS u (id, record) ORDER BY id) AS w
    WHERE d.tenant = $1::bigint AND d.id = w.id`,
};
const FIND: Statement = { text: `SELECT ${COLUMNS} FROM decisions WHERE tenant = $1::bigint AND id = $2::text` };
/** Without a name: planned for what the table is like now. */
function list(where: string): Statement {
  return { text: `SELECT ${COLUMNS} FROM decisions WHERE tenant = $1::bigint${where} ORDER BY id DESC LIMIT $2::bigint` };
}
