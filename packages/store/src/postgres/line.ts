import type { TenantId } from '@hufu/protocol/ids';
import type { Session, Statement } from './database.ts';
import { CLIENT_COLUMNS, type ClientState, GRANT_COLUMNS, type GrantRow, LINE_COLUMN } from './grant-row.ts';

/**
 * Rows of grants that come from others are read again with their line, in one statement: what is answered was true at one moment. Grants that
 * come from none cost nothing.
 */
export async function findInLine(
  session: Session,
  tenant: TenantId | undefined,
  rows: readonly (GrantRow & ClientState)[],
): Promise<readonly (GrantRow & ClientState)[]> {
  const ids = rows.filter((row) => row.parent_id !== null).map(({ id }) => id);
  if (ids.length === 0) return rows;
  const again = await session.run<GrantRow & ClientState>(FIND_IN_LINE, [tenant, ids]);
  const found = new Map(again.map((row) => [row.id, row]));
  // A row that has fallen meanwhile is over.
  return rows.flatMap((row) => (row.parent_id === null ? [row] : (found.get(row.id) ?? [])));
}

const FIND_IN_LINE: Statement = {
  name: 'find_grants_in_line',
  text: `SELECT ${GRANT_COLUMNS}, ${CLIENT_COLUMNS}, ${LINE_COLUMN}
    FROM grants g JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[])`,
};
