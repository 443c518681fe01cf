import type { Grants } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, readGrant } from './grant-row.ts';
import { findInLine } from './line.ts';

export function listGrants(db: Database): Pick<Grants, 'listGrants'> {
  return {
    async listGrants(tenant, { userId, clientId, before }, limit) {
      const values: unknown[] = [tenant, limit];
      let where = '';
      if (userId !== undefined) where += ` AND g.user_id = $${values.push(userId)}::bigint`;
      if (clientId !== undefined) {
        const client = `$${values.push(clientId)}::text`;
        // The epoch as one value: with it the index has a client's living grants in the order of their ids.
        where += ` AND g.client_id = ${client} AND g.client_epoch = (SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = ${client})`;
      }
      if (before !== undefined) where += ` AND g.id < $${values.push(before)}::bigint`;
      const rows = await db.run<GrantRow & ClientState>(list(where), values);
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
