import type { GrantId, TenantId } from '@hufu/protocol/ids';
import type { Grants } from '../port.ts';
import { LOOKED_THROUGH } from '../retention.ts';
import type { Database, Statement } from './database.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant } from './grant-row.ts';
import { findInLine } from './line.ts';

type Row = GrantRow & ClientState;

export function listGrants(db: Database): Pick<Grants, 'listGrants'> {
  async function newest(tenant: TenantId, before: number, limit: number): Promise<readonly Row[]> {
    const [end] = await db.run<{ id: GrantId }>(END, [tenant, before, LOOKED_THROUGH]);
    const found = await db.run<Row>(list('AND g.id < $3::bigint AND g.id > $4::bigint'), [tenant, limit, before, end?.id ?? 0]);
    if (end === undefined || found.length === limit) return found;
    return [...found, ...(await db.run<Row>(NEWEST_OF_CLIENTS, [tenant, limit - found.length, end.id + 1]))];
  }

  return {
    async listGrants(tenant, { userId, clientId, before = LAST_ID }, limit) {
      const values: unknown[] = [tenant, limit, before];
      let where = ' AND g.id < $3::bigint';
      if (userId !== undefined) where += ` AND g.user_id = $${values.push(userId)}::bigint`;
      if (clientId !== undefined) {
        const client = `$${values.push(clientId)}::text`;
        // The epoch as one value: with it the index has a client's living grants in the order of their ids.
        where += ` AND g.client_id = ${client} AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = ${client})`;
      }
      const isAnybodys = userId === undefined && clientId === undefined;
      const rows = isAnybodys ? await newest(tenant, before, limit) : await db.run<Row>(list(where), values);
      return (await findInLine(db, tenant, rows)).map(readGrant);
    },
  };
}

/** Without a name: planned for what the tables are like now. */
function list(where: string): Statement {
  return {
    text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
      FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
      WHERE g.tenant = $1::bigint AND g.revoked_at IS NULL AND g.client_epoch = c.epoch ${where}
      ORDER BY g.id DESC LIMIT $2::bigint`,
  };
}

const END: Statement = {
  text: 'SELECT id FROM grants WHERE tenant = $1::bigint AND id < $2::bigint ORDER BY id DESC LIMIT 1 OFFSET $3::bigint',
};
/** The newest living ones, each client's own: where nearly all are dead this reads no dead one. */
export const NEWEST_OF_CLIENTS: Statement = {
  text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}
    FROM (SELECT own.id FROM clients o CROSS JOIN LATERAL (
        SELECT g.id FROM grants g
        WHERE g.tenant = $1::bigint AND g.client_id = o.client_id AND g.client_epoch = o.epoch AND g.revoked_at IS NULL AND g.id < $3::bigint
        ORDER BY g.id DESC LIMIT $2::bigint) AS own
      WHERE o.tenant = $1::bigint ORDER BY own.id DESC LIMIT $2::bigint) AS found
    JOIN grants g ON g.tenant = $1::bigint AND g.id = found.id JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    ORDER BY g.id DESC`,
};
/** No id is as large. */
const LAST_ID = Number.MAX_SAFE_INTEGER as GrantId;
