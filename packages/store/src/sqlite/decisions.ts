import type { TenantId } from '@hufu/protocol/ids';
import { EDGE_DECISIONS } from '../port/decisions.ts';
import type { DecisionFilter, DecisionRecord, Decisions } from '../port.ts';
import { TRIMMED_ROWS } from '../retention.ts';
import type { Connection, Lazy } from './connection.ts';
import { eachKind } from './each-kind.ts';

const COLUMNS = 'id, made_at, endpoint, status, error, client_id, record';

export function decisions(db: Connection): Decisions {
  const insert = db.lazy(`INSERT INTO decisions (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const share = {
    edge: `INDEXED BY decisions_by_endpoint WHERE tenant = ?1 AND endpoint = '${EDGE_DECISIONS}'`,
    others: `WHERE tenant = ?1 AND endpoint <> '${EDGE_DECISIONS}'`,
  };
  const trims = (where: string) => ({
    last: db.lazy(`SELECT id FROM decisions ${where} ORDER BY id DESC LIMIT 1 OFFSET ?2`),
    remove: db.lazy(
      `DELETE FROM decisions WHERE tenant = ?1 AND id IN (SELECT id FROM decisions ${where} AND id <= ?2 ORDER BY id LIMIT ?3)`,
    ),
  });
  const trim = { edge: trims(share.edge), others: trims(share.others) };
  const rewrite = db.lazy('UPDATE decisions SET record = ?3 WHERE tenant = ?1 AND id = ?2');
  const find = db.lazy(`SELECT ${COLUMNS} FROM decisions WHERE tenant = ? AND id = ?`);
  const lists = new Map<string, Lazy>();
  const listOf = (columns: readonly (readonly [column: string, value: string])[], range: readonly (string | number)[]): Row[] => {
    const key = columns.map(([column]) => column).join(' ');
    const index = INDEXES[key];
    const statement =
      lists.get(key) ??
      db.lazy(`SELECT ${COLUMNS} FROM decisions ${index === undefined ? '' : `INDEXED BY ${index}`}
        WHERE tenant = ?1 AND id < ?2 AND id >= ?3${columns.map(([column], at) => ` AND ${column} = ?${at + 5}`).join('')} ORDER BY id DESC LIMIT ?4`);
    lists.set(key, statement);
    return statement().all(...range, ...columns.map(([, value]) => value)) as unknown as Row[];
  };
  const ofClient = 'decisions INDEXED BY decisions_by_client_and_error';
  const endpointsOf = eachKind(db, 'endpoint', ofClient, 'tenant = ? AND client_id = ? AND error = ?');
  const errorsOf = eachKind(db, 'error', ofClient, 'tenant = ? AND client_id = ?');
  const rows = (tenant: TenantId, limit: number, { before = LAST, from = '', endpoint, error, clientId }: DecisionFilter): Row[] => {
    const range = [tenant, before, from, limit];
    const ofAll = (of: string, by: string, at: string): Row[] =>
      listOf(
        [
          ['client_id', of],
          ['error', by],
          ['endpoint', at],
        ],
        range,
      );
    if (clientId !== undefined && error !== undefined && endpoint === undefined)
      return newest(
        endpointsOf([tenant, clientId, error]).flatMap((at) => ofAll(clientId, error, at)),
        limit,
      );
    if (clientId !== undefined && error === undefined && endpoint !== undefined)
      return newest(
        errorsOf([tenant, clientId]).flatMap((by) => ofAll(clientId, by, endpoint)),
        limit,
      );
    const given = Object.entries({ client_id: clientId, error, endpoint });
    return listOf(
      given.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const])),
      range,
    );
  };
  /** Rows since the last trim, which walks over what is kept: a batch of them pays for it. */
  const untrimmed = new Map<string, number>();
  db.onRollback(() => untrimmed.clear());

  function trimWhenDue(tenant: number, of: keyof typeof trim, added: number, keep: number): void {
    if (added === 0) return;
    const key = `${tenant} ${of}`;
    const count = (untrimmed.get(key) ?? keep) + added;
    if (untrimmed.size >= MAX_SHARES) untrimmed.clear();
    untrimmed.set(key, count);
    if (count < Math.max(1, keep / 16)) return;
    const [last] = (trim[of].last().get(tenant, keep) as unknown as [string] | undefined) ?? [];
    const most = Math.max(TRIMMED_ROWS, 4 * added);
    const gone = last === undefined ? 0 : trim[of].remove().run(tenant, last, most).changes;
    // While there is a backlog each batch takes some of it.
    untrimmed.set(key, gone < most ? 0 : keep);
  }

  return {
    recordDecisions: (tenant, records, keep) =>
      db.write(() => {
        for (const { id, at, endpoint, status, error, clientId, record } of records)
          insert().run(tenant, id, at, endpoint, status, error, clientId, record);
        const ofEdge = records.filter(({ endpoint }) => endpoint === EDGE_DECISIONS).length;
        trimWhenDue(tenant, 'edge', ofEdge, keep);
        trimWhenDue(tenant, 'others', records.length - ofEdge, keep);
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
    listDecisions: (tenant, limit, filter = {}) => db.read(() => rows(tenant, limit, filter).map(readDecision)),
  };
}

/** By what a list is found, in the order of its ids. */
const INDEXES: Readonly<Record<string, string>> = {
  client_id: 'decisions_by_client',
  error: 'decisions_by_error',
  endpoint: 'decisions_by_endpoint',
  'error endpoint': 'decisions_by_error_and_endpoint',
  'client_id error endpoint': 'decisions_by_client_and_error',
};

function newest(rows: readonly Row[], limit: number): Row[] {
  return rows.toSorted(([one], [other]) => Buffer.compare(Buffer.from(other), Buffer.from(one))).slice(0, limit);
}

const MAX_SHARES = 20_000;
/** No id is larger. */
const LAST = '\u{10ffff}';

type Row = [string, number, string, number, string, string, string];

function readDecision([id, at, endpoint, status, error, clientId, record]: Row): DecisionRecord {
  return { id, at, endpoint, status, error, clientId, record };
}
