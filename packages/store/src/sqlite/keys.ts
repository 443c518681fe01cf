import type { KeyRecord, Keys } from '../port.ts';
import { NEVER } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { RevocationLog } from './revocation-log.ts';

const COLUMNS = 'id, key_use, alg, public_jwk, sealed_private, created_at, active_at, retired_at, expires_at';

export function keys(db: Connection, counters: Counters, log: RevocationLog): Keys {
  const list = db.lazy(`SELECT ${COLUMNS} FROM keys WHERE tenant = ? ORDER BY id`);
  const findNewer = db.lazy('SELECT 1 FROM keys WHERE tenant = ? AND key_use = ? AND alg = ? AND id > ? LIMIT 1');
  const insert = db.lazy(`INSERT INTO keys (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findTimes = db.lazy('SELECT retired_at, expires_at FROM keys WHERE tenant = ? AND id = ?');
  const setTimes = db.lazy('UPDATE keys SET retired_at = ?, expires_at = ? WHERE tenant = ? AND id = ?');
  const remove = db.lazy('DELETE FROM keys WHERE tenant = ? AND id = ?');

  return {
    listKeys: (tenant) => db.read(() => (list().all(tenant) as unknown as Row[]).map(readKey)),

    addKey: (tenant, key, after) =>
      db.write(() => {
        if (findNewer().get(tenant, key.use, key.alg, after) !== undefined) return { kind: 'present' };
        const id = counters.next(tenant, 'key');
        insert().run(
          tenant,
          id,
          key.use,
          key.alg,
          key.publicJwk,
          key.sealedPrivate,
          key.createdAt,
          key.activeAt,
          key.retiredAt,
          key.expiresAt,
        );
        counters.next(tenant, 'keys');
        return { kind: 'added', id };
      }),

    retireKey: (tenant, id, retiredAt, expiresAt) =>
      db.write(() => {
        const there = findTimes().get(tenant, id) as unknown as [number, number] | undefined;
        if (there === undefined) return db.unchanged();
        const times = [earlier(there[0], retiredAt), earlier(there[1], expiresAt)] as const;
        if (times[0] === there[0] && times[1] === there[1]) return db.unchanged();
        setTimes().run(...times, tenant, id);
        counters.next(tenant, 'keys');
      }),

    removeKey: (tenant, id) =>
      db.write(() => {
        if (remove().run(tenant, id).changes === 0) return db.unchanged();
        counters.next(tenant, 'keys');
      }),

    revokeKey: (tenant, id, kid, now) =>
      db.write(() => {
        if (remove().run(tenant, id).changes === 0) return 'unknown';
        counters.next(tenant, 'keys');
        log.append(tenant, [{ kind: 'key', subject: kid, reason: 'key_compromised', expiresAt: NEVER }], now);
        return 'revoked';
      }),

    keysVersion: (tenant) => db.read(() => counters.find(tenant, 'keys')),
  };
}

/** 0 is never. */
function earlier(one: number, other: number): number {
  if (one === 0) return other;
  return other === 0 ? one : Math.min(one, other);
}

type Row = [number, KeyRecord['use'], string, string, Uint8Array, number, number, number, number];

function readKey([id, use, alg, publicJwk, sealedPrivate, createdAt, activeAt, retiredAt, expiresAt]: Row): KeyRecord {
  return { id, use, alg, publicJwk, sealedPrivate, createdAt, activeAt, retiredAt, expiresAt };
}
