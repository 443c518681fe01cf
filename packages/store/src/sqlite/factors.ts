import type { TenantId, UserId } from '@hufu/protocol/ids';
import { readObject, requireText, writeData } from '../encoding.ts';
import { MAX_FACTOR_NAME, requireCodes } from '../factor.ts';
import type { FactorRecord, Factors } from '../port.ts';
import { MAX_FACTORS, MAX_TOTP_FACTORS } from '../retention.ts';
import { isShutOut } from '../ways-in.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Credentials } from './credentials.ts';

const COLUMNS = 'id, user_id, kind, name, lookup, data, counter, created_at, used_at';

export function factors(db: Connection, counters: Counters, credentials: Credentials): Factors {
  const list = db.lazy(`SELECT ${COLUMNS} FROM factors WHERE tenant = ? AND user_id = ? ORDER BY id`);
  const findByLookup = db.lazy(
    `SELECT ${COLUMNS} FROM factors INDEXED BY factors_by_lookup WHERE tenant = ?1 AND kind = 'passkey' AND lookup = ?2
      AND EXISTS (SELECT 1 FROM users u WHERE u.tenant = ?1 AND u.id = factors.user_id AND u.enabled = 1 AND u.deleted_at IS NULL)`,
  );
  const isTaken = db.lazy('SELECT 1 FROM factors INDEXED BY factors_by_lookup WHERE tenant = ? AND kind = ? AND lookup = ?');
  const insert = db.lazy(`INSERT INTO factors (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`);
  const use = db.lazy(`UPDATE factors SET counter = ?4, used_at = ?5 WHERE tenant = ?1 AND user_id = ?2 AND id = ?3
    AND (counter < ?4 OR (kind = 'passkey' AND counter = 0 AND ?4 = 0))`);
  const isThere = db.lazy('SELECT kind FROM factors WHERE tenant = ? AND user_id = ? AND id = ?');
  const rename = db.lazy('UPDATE factors SET name = ? WHERE tenant = ? AND user_id = ? AND id = ?');
  const remove = db.lazy('DELETE FROM factors WHERE tenant = ? AND user_id = ? AND id = ?');
  const removeAll = db.lazy('DELETE FROM factors WHERE tenant = ? AND user_id = ?');
  const putCode = db.lazy('INSERT INTO recovery_codes (tenant, user_id, code_hash, created_at) VALUES (?, ?, ?, ?)');
  const countCodes = db.lazy('SELECT count(*) FROM recovery_codes WHERE tenant = ? AND user_id = ?');
  const takeCode = db.lazy('DELETE FROM recovery_codes WHERE tenant = ? AND user_id = ? AND code_hash = ?');
  const removeCodes = db.lazy('DELETE FROM recovery_codes WHERE tenant = ? AND user_id = ?');

  const listThere = (tenant: TenantId, user: UserId): FactorRecord[] => (list().all(tenant, user) as unknown as Row[]).map(readFactor);

  return {
    listFactors: (tenant, user) => db.read(() => listThere(tenant, user)),

    findPasskey: (tenant, lookup) =>
      db.read(() => {
        const row = findByLookup().get(tenant, lookup) as unknown as Row | undefined;
        return row === undefined ? undefined : readFactor(row);
      }),

    async addFactor(tenant, user, authVersion, { kind, name, lookup, data, counter }, session, now) {
      requireText('the name of a factor', name, MAX_FACTOR_NAME);
      const json = writeData('a factor', data);
      return await db.write(() => {
        if (credentials.findActive(tenant, user, now)?.authVersion !== authVersion) return { kind: 'changed' };
        if (lookup !== undefined && isTaken().get(tenant, kind, lookup) !== undefined) return { kind: 'taken' };
        const there = listThere(tenant, user);
        if (there.length >= MAX_FACTORS) return { kind: 'full' };
        if (kind === 'totp' && there.filter((factor) => factor.kind === 'totp').length >= MAX_TOTP_FACTORS) return { kind: 'full' };
        const id = counters.nextOfBlock(tenant, 'factor');
        insert().run(tenant, id, user, kind, name, lookup ?? null, json, counter, now);
        const raised = credentials.raise(tenant, user, authVersion, session);
        const factor = { id, userId: user, kind, name, lookup, data: readObject(json), counter, createdAt: now, usedAt: undefined };
        return { kind: 'added', factor, authVersion: raised };
      });
    },

    useFactor: (tenant, user, id, counter, now) =>
      db.write(() => {
        if (credentials.findActive(tenant, user, now) === undefined) return 'unknown';
        if (use().run(tenant, user, id, counter, now).changes === 1) return 'used';
        return isThere().get(tenant, user, id) === undefined ? 'unknown' : 'behind';
      }),

    async renameFactor(tenant, user, id, name) {
      requireText('the name of a factor', name, MAX_FACTOR_NAME);
      return await db.write(() => (rename().run(name, tenant, user, id).changes === 1 ? 'done' : 'unknown'));
    },

    removeFactor: (tenant, user, authVersion, id, { keepSecond, open, session }, now) =>
      db.write(() => {
        const owner = credentials.findActive(tenant, user, now);
        const row = isThere().get(tenant, user, id) as unknown as [FactorRecord['kind']] | undefined;
        if (owner === undefined || row === undefined) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        const left = credentials.countWaysIn(tenant, user, id, '', open.upstreams);
        if (keepSecond && left.factors === 0) return { kind: 'last' };
        if (row[0] === 'passkey' && isShutOut(open, owner.hasPassword, left)) return { kind: 'last' };
        remove().run(tenant, user, id);
        if (left.factors === 0) removeCodes().run(tenant, user);
        return { kind: 'done', authVersion: credentials.raise(tenant, user, authVersion, session) };
      }),

    removeFactors: (tenant, user) =>
      db.write(() => {
        const there = credentials.findThere(tenant, user);
        if (there === undefined) return 'unknown';
        removeAll().run(tenant, user);
        removeCodes().run(tenant, user);
        credentials.raise(tenant, user, there.authVersion, undefined);
        return 'done';
      }),

    async putRecoveryCodes(tenant, user, authVersion, hashes, session, now) {
      requireCodes(hashes);
      return await db.write(() => {
        const owner = credentials.findActive(tenant, user, now);
        if (owner === undefined || listThere(tenant, user).length === 0) return { kind: 'unknown' };
        if (owner.authVersion !== authVersion) return { kind: 'changed' };
        removeCodes().run(tenant, user);
        for (const hash of hashes) putCode().run(tenant, user, hash, now);
        return { kind: 'done', authVersion: credentials.raise(tenant, user, authVersion, session) };
      });
    },

    countRecoveryCodes: (tenant, user) => db.read(() => (countCodes().get(tenant, user) as unknown as [number])[0]),

    takeRecoveryCode: (tenant, user, hash) => db.write(() => takeCode().run(tenant, user, hash).changes === 1),
  };
}

type Row = [number, UserId, FactorRecord['kind'], string, string | null, string, number, number, number | null];

function readFactor([id, userId, kind, name, lookup, data, counter, createdAt, usedAt]: Row): FactorRecord {
  return {
    id,
    userId,
    kind,
    name,
    lookup: lookup ?? undefined,
    data: readObject(data),
    counter,
    createdAt,
    usedAt: usedAt ?? undefined,
  };
}
