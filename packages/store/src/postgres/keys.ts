import type { KeyRecord, Keys } from '../port.ts';
import { NEVER } from '../retention.ts';
import { lockCounter, raiseCounter, readCounter } from './counters.ts';
import type { Database, Statement } from './database.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import { writeEntries } from './revocation-log.ts';

export function keys(db: Database, purge: Purge): Keys {
  return {
    async listKeys(tenant) {
      return (await db.run<KeyRow>(LIST, [tenant])).map(readKey);
    },

    addKey: (tenant, key, after) =>
      db.transact(async (session) => {
        await lockCounter(session, tenant, 'key');
        const [newer] = await session.run(FIND_NEWER, [tenant, key.use, key.alg, after]);
        if (newer !== undefined) return { kind: 'present' };
        const id = await raiseCounter(session, tenant, 'key');
        const { use, alg, publicJwk, sealedPrivate, createdAt, activeAt, retiredAt, expiresAt } = key;
        await session.run(INSERT, [tenant, id, use, alg, publicJwk, sealedPrivate, createdAt, activeAt, retiredAt, expiresAt]);
        await raiseCounter(session, tenant, 'keys');
        return { kind: 'added', id };
      }),

    retireKey: (tenant, id, retiredAt, expiresAt) =>
      db.transact(async (session) => {
        const changed = await session.run(RETIRE, [tenant, id, retiredAt, expiresAt]);
        if (changed.length > 0) await raiseCounter(session, tenant, 'keys');
        else session.unchanged?.();
      }),

    removeKey: (tenant, id) =>
      db.transact(async (session) => {
        const removed = await session.run(REMOVE, [tenant, id]);
        if (removed.length > 0) await raiseCounter(session, tenant, 'keys');
        else session.unchanged?.();
      }),

    async revokeKey(tenant, id, kid, now) {
      const answer = await db.transact(async (session) => {
        const [removed] = await session.run(REMOVE, [tenant, id]);
        if (removed === undefined) return 'unknown';
        await raiseCounter(session, tenant, 'keys');
        await writeEntries(session, tenant, [{ kind: 'key', subject: kid, reason: 'key_compromised', expiresAt: NEVER }], now);
        return 'revoked';
      });
      if (answer === 'revoked') purge.count(tenant, ENDED_ENTRIES, 1, now);
      return answer;
    },

    keysVersion: (tenant) => readCounter(db, tenant, 'keys'),
  };
}

interface KeyRow {
  readonly id: number;
  readonly key_use: KeyRecord['use'];
  readonly alg: string;
  readonly public_jwk: string;
  readonly sealed_private: Uint8Array;
  readonly created_at: number;
  readonly active_at: number;
  readonly retired_at: number;
  readonly expires_at: number;
}

function readKey(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    use: row.key_use,
    alg: row.alg,
    publicJwk: row.public_jwk,
    sealedPrivate: new Uint8Array(row.sealed_private),
    createdAt: row.created_at,
    activeAt: row.active_at,
    retiredAt: row.retired_at,
    expiresAt: row.expires_at,
  };
}

/** 0 is never; `least` leaves out NULL. */
function earlier(column: string, parameter: string): string {
  return `coalesce(least(nullif(${column}, 0), nullif(${parameter}::bigint, 0)), 0)`;
}

const LIST: Statement = {
  text: `SELECT id, key_use, alg, public_jwk, sealed_private, created_at, active_at, retired_at, expires_at
    FROM keys WHERE tenant = $1::bigint ORDER BY id`,
};
const FIND_NEWER: Statement = {
  text: 'SELECT id FROM keys WHERE tenant = $1::bigint AND key_use = $2::text AND alg = $3::text AND id > $4::bigint LIMIT 1',
};
const INSERT: Statement = {
  text: `INSERT INTO keys (tenant, id, key_use, alg, public_jwk, sealed_private, created_at, active_at, retired_at, expires_at)
    VALUES ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::bytea, $7::bigint, $8::bigint, $9::bigint, $10::bigint)`,
};
const RETIRE: Statement = {
  text: `UPDATE keys SET retired_at = ${earlier('retired_at', '$3')}, expires_at = ${earlier('expires_at', '$4')}
    WHERE tenant = $1::bigint AND id = $2::bigint
      AND (retired_at, expires_at) <> (${earlier('retired_at', '$3')}, ${earlier('expires_at', '$4')})
    RETURNING id`,
};
const REMOVE: Statement = { text: 'DELETE FROM keys WHERE tenant = $1::bigint AND id = $2::bigint RETURNING id' };
