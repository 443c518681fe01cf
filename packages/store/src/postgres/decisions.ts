import type { TenantId } from '@hufu/protocol/ids';
import { EDGE_DECISIONS } from '../port/decisions.ts';
import type { DecisionRecord, Decisions } from '../port.ts';
import { TRIMMED_ROWS } from '../retention.ts';
import type { Database, Statement } from './database.ts';
import { ofEachKind } from './each-kind.ts';
import type { Statistics } from './statistics.ts';

export function decisions(db: Database, statistics: Statistics): Decisions {
  /** Rows since the last trim, which walks over what is kept: a batch of them pays for it. */
  const untrimmed = new Map<string, number>();

  async function trimWhenDue(tenant: TenantId, of: keyof typeof TRIM, added: number, keep: number): Promise<void> {
    if (added === 0) return;
    const key = `${tenant} ${of}`;
    const count = (untrimmed.get(key) ?? keep) + added;
    const isDue = count >= Math.max(1, keep / TRIM_PART);
    if (untrimmed.size >= MAX_SHARES) untrimmed.clear();
    untrimmed.set(key, isDue ? 0 : count);
    if (!isDue) return;
    const most = Math.max(TRIMMED_ROWS, 4 * added);
    const gone = await db.run(TRIM[of], [tenant, keep, most]);
    // While there is a backlog each batch takes some of it.
    if (gone.length === most) untrimmed.set(key, keep);
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
      await trimWhenDue(tenant, 'edge', ofEdge, keep);
      await trimWhenDue(tenant, 'others', records.length - ofEdge, keep);
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
      const conditionsOf = (conditions: Readonly<Record<string, string | undefined>>): string => {
        let where = '';
        for (const [comparison, value] of Object.entries(conditions))
          if (value !== undefined) where += ` AND ${comparison} $${values.push(value)}::text`;
        return where;
      };
      if (Object.values(filter).some((value) => value?.includes('\0') === true)) return [];
      const given = conditionsOf({ 'client_id =': clientId, 'error =': error });
      const at = conditionsOf({ 'endpoint =': endpoint });
      const range = conditionsOf({ 'id <': before, 'id >=': from });
      const between =
        clientId === undefined || (error === undefined) === (endpoint === undefined)
          ? undefined
          : error === undefined
            ? 'error'
            : 'endpoint';
      return (await db.run<DecisionRow>(list(given, at, range, between), values)).map(readDecision);
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
const SHARES = { edge: `endpoint = '${EDGE_DECISIONS}'`, others: `endpoint <> '${EDGE_DECISIONS}'` } as const;
const trimOf = (share: string): Statement => ({
  text: `DELETE FROM decisions WHERE tenant = $1::bigint AND id = ANY (ARRAY(
      SELECT id FROM decisions WHERE tenant = $1::bigint AND ${share}
        AND id <= (SELECT id FROM decisions WHERE tenant = $1::bigint AND ${share} ORDER BY id DESC OFFSET $2::bigint LIMIT 1)
      ORDER BY id LIMIT $3::bigint)) RETURNING 1 AS gone`,
});
const TRIM = { edge: trimOf(SHARES.edge), others: trimOf(SHARES.others) } as const;
const REWRITE: Statement = {
  text: `UPDATE decisions d SET record = w.record FROM (SELECT * FROM unnest($2::text[], $3::text[]) AS u (id, record) ORDER BY id) AS w
    WHERE d.tenant = $1::bigint AND d.id = w.id`,
};
const FIND: Statement = { text: `SELECT ${COLUMNS} FROM decisions WHERE tenant = $1::bigint AND id = $2::text` };
/** Without a name: planned for what the table is like now. */
function list(given: string, at: string, range: string, between: 'error' | 'endpoint' | undefined): Statement {
  const ofKind = (more: string): string =>
    `SELECT ${COLUMNS} FROM decisions WHERE tenant = $1::bigint${given}${at}${more}${range} ORDER BY id DESC LIMIT $2::bigint`;
  if (between === undefined) return { text: ofKind('') };
  return { text: ofEachKind('decisions', between, `tenant = $1::bigint${given}`, ofKind, 'id DESC', '$2::bigint') };
}
