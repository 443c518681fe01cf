import type { ClientId } from '@hufu/protocol/ids';
import { requireShort } from '../encoding.ts';
import type { PushedRequest, PushedRequests } from '../port.ts';
import { FALL_AFTER_SECONDS, PUSHED_REQUEST_SECONDS } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { purger } from './purge.ts';

export function pushedRequests(db: Connection, counters: Counters): PushedRequests {
  const insert =
    db.lazy(`INSERT INTO pushed_requests (tenant, id, secret_hash, client_id, client_epoch, parameters, bound_key, created_at, expires_at)
    SELECT ?1, ?2, ?3, ?4, epoch, ?5, ?6, ?7, ?8 FROM clients WHERE tenant = ?1 AND client_id = ?4`);
  const find = db.lazy(`SELECT r.id, r.secret_hash, r.client_id, r.parameters, r.bound_key, r.created_at, r.expires_at
    FROM pushed_requests r CROSS JOIN clients c ON c.tenant = r.tenant AND c.client_id = r.client_id AND c.epoch = r.client_epoch
    WHERE r.tenant = ? AND r.id = ?`);
  const purge = purger(
    db,
    'DELETE FROM pushed_requests WHERE tenant = ?1 AND id IN (SELECT id FROM pushed_requests WHERE tenant = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)',
  );
  return {
    async pushRequest(tenant, request, now) {
      const { secretHash, clientId, boundKey, createdAt, expiresAt } = request;
      const parameters = requireShort(request.parameters);
      return await db.write(() => {
        const id = counters.nextOfBlock(tenant, 'pushed');
        insert().run(tenant, id, secretHash, clientId, parameters, boundKey ?? null, createdAt, expiresAt);
        purge(tenant, now - PUSHED_REQUEST_SECONDS - FALL_AFTER_SECONDS, 1);
        return { id };
      });
    },

    findPushedRequest: (tenant, id) =>
      db.read(() => {
        const row = find().get(tenant, id) as unknown as Row | undefined;
        return row === undefined ? undefined : readRequest(row);
      }),
  };
}

type Row = [number, string, ClientId, string, string | null, number, number];

function readRequest([id, secretHash, clientId, parameters, boundKey, createdAt, expiresAt]: Row): PushedRequest {
  return { id, secretHash, clientId, parameters, boundKey: boundKey ?? undefined, createdAt, expiresAt };
}
