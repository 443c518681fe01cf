import type { ClientId } from '@hufu/protocol/ids';
import { requireShort } from '../encoding.ts';
import type { PushedRequest, PushedRequests } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_PUSHED, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';

export function pushedRequests(db: Database, ids: ReservedIds, purge: Purge): PushedRequests {
  return {
    async pushRequest(tenant, request, now) {
      const { secretHash, clientId, boundKey, createdAt, expiresAt } = request;
      const parameters = requireShort(request.parameters);
      const id = await ids.take(tenant, 'pushed');
      await db.run(INSERT, [tenant, id, secretHash, clientId, parameters, boundKey ?? null, createdAt, expiresAt]);
      purge.count(tenant, ENDED_PUSHED, 1, now);
      return { id };
    },

    async findPushedRequest(tenant, id) {
      const [row] = await db.run<RequestRow>(FIND, [tenant, id]);
      return row === undefined ? undefined : readRequest(row);
    },
  };
}

interface RequestRow {
  readonly id: number;
  readonly secret_hash: string;
  readonly client_id: ClientId;
  readonly parameters: string;
  readonly bound_key: string | null;
  readonly created_at: number;
  readonly expires_at: number;
}

function readRequest(row: RequestRow): PushedRequest {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    clientId: row.client_id,
    parameters: row.parameters,
    boundKey: row.bound_key ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

const INSERT: Statement = {
  name: 'push_request',
  text: `INSERT INTO pushed_requests (tenant, id, secret_hash, client_id, client_epoch, parameters, bound_key, created_at, expires_at)
    SELECT $1::bigint, $2::bigint, $3::text, $4::text, epoch, $5::text, $6::text, $7::bigint, $8::bigint
    FROM clients WHERE tenant = $1::bigint AND client_id = $4::text`,
};
const FIND: Statement = {
  name: 'find_pushed_request',
  text: `SELECT r.id, r.secret_hash, r.client_id, r.parameters, r.bound_key, r.created_at, r.expires_at
    FROM pushed_requests r JOIN clients c ON c.tenant = r.tenant AND c.client_id = r.client_id AND c.epoch = r.client_epoch
    WHERE r.tenant = $1::bigint AND r.id = $2::bigint`,
};
