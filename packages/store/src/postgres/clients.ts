import type { ClientId, TenantId } from '@hufu/protocol/ids';
import { readObject, readSecrets, sameClient, writeSecrets } from '../encoding.ts';
import type { ClientRecord, Clients } from '../port.ts';
import { FORGOTTEN_ROWS, MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import { batch } from './batch.ts';
import { clientCache } from './client-cache.ts';
import { lockCounter, raiseCounter } from './counters.ts';
import type { Database, Session, Statement } from './database.ts';
import { FORGOTTEN, forgetConsents } from './forgotten-consents.ts';
import { ENDED_ENTRIES, type Purge } from './purge.ts';
import { type NewEntry, writeEntries } from './revocation-log.ts';
import type { Statistics } from './statistics.ts';

/** Clients, and `revokeClient` with them. */
export interface PostgresClients extends Clients {
  revokeClient(tenant: TenantId, client: ClientId, now: number, consents?: 'forgotten'): Promise<'revoked' | 'unknown'>;
}

export function clients(db: Database, purge: Purge, statistics: Statistics): PostgresClients {
  const cache = clientCache();
  const findVersion = batch<Key, number | undefined>({
    key: ({ tenant }) => String(tenant),
    async send(items) {
      const rows = await db.run<VersionRow>(FIND_VERSIONS, [items[0]?.tenant, items.map(({ clientId }) => clientId)]);
      const versions = new Map(rows.map((row) => [row.client_id, row.version]));
      return items.map(({ clientId }) => versions.get(clientId));
    },
  });

  return {
    async putClient(tenant, client, now) {
      const answer = await db.transact((session) => putClient(session, tenant, client, now));
      if (answer === undefined) throw new Error('there was no condition');
      purge.count(tenant, ENDED_ENTRIES, answer.told, now);
      if (answer.isNew) statistics.inserted('clients', 1, now);
      return answer.put;
    },

    async changeClient(tenant, client, version, now) {
      const answer = await db.transact((session) => putClient(session, tenant, client, now, { version }));
      if (answer === undefined) return { kind: 'changed' };
      purge.count(tenant, ENDED_ENTRIES, answer.told, now);
      if (answer.isNew) statistics.inserted('clients', 1, now);
      return { kind: 'done', client: answer.put };
    },

    async findClient(tenant, clientId) {
      const version = await findVersion({ tenant, clientId });
      if (version === undefined) return undefined;
      const known = cache.find(tenant, clientId, version);
      if (known !== undefined) return known;
      const [row] = await db.run<ClientRow>(FIND, [tenant, clientId]);
      return row === undefined ? undefined : cache.keep(tenant, readClient(row));
    },

    async removeClient(tenant, client, now, unusedSince) {
      const answer = await db.transact((session) => removeClient(session, tenant, client, unusedSince, now));
      if (answer === 'unknown') return answer;
      purge.count(tenant, ENDED_ENTRIES, 1, now);
      purge.count(tenant, FORGOTTEN, answer.isLeft ? FORGOTTEN_ROWS : 0, now);
      return 'removed';
    },

    async noteClientUse(tenant, client, now) {
      await db.run(NOTE_USE, [tenant, client, now]);
    },

    async countClients(tenant, source, limit) {
      const [row] = await db.run<{ count: number }>(COUNT, [tenant, source, limit]);
      return row?.count ?? 0;
    },

    async listClients(tenant, after, limit) {
      const rows = await db.run<ClientRow>(LIST, [tenant, after, limit]);
      return rows.map(readClient);
    },

    async revokeClient(tenant, client, now, consents) {
      const answer = await db.transact(async (session) => {
        const [row] = await session.run<{ epoch: number }>(RAISE_EPOCH, [tenant, client, now]);
        if (row === undefined) return 'unknown';
        const isLeft = consents === 'forgotten' && (await forgetConsents(session, tenant, client, row.epoch));
        // Nobody ends them one by one (there are at most `MAX_OWN_GRANTS`), nor does the log name them: they stay as long as a token of theirs may live.
        await session.run(LET_OWN_GRANTS_FALL, [tenant, client, row.epoch, now + MAX_ACCESS_TOKEN_SECONDS]);
        await writeEntries(session, tenant, [entry(client, 'client_revoked', now)], now);
        return { isLeft };
      });
      if (answer === 'unknown') return answer;
      purge.count(tenant, ENDED_ENTRIES, 1, now);
      purge.count(tenant, FORGOTTEN, answer.isLeft ? FORGOTTEN_ROWS : 0, now);
      return 'revoked';
    },
  };
}

/** @param only undefined: whatever is there. Answers undefined where that is something else. */
async function putClient(
  session: Session,
  tenant: TenantId,
  client: Parameters<Clients['putClient']>[1],
  now: number,
  only?: { readonly version: number | undefined },
): Promise<{ readonly put: ClientRecord; readonly isNew: boolean; readonly told: number } | undefined> {
  const values = [
    tenant,
    client.clientId,
    JSON.stringify(client.metadata),
    writeSecrets(client.secrets),
    client.enabled ? 1 : 0,
    client.source,
    now,
    client.registrationHash ?? null,
  ];
  const lock = async (): Promise<ClientRow | undefined> => (await session.run<ClientRow>(LOCK, [tenant, client.clientId]))[0];
  let row = await lock();
  if (row === undefined) {
    if (only?.version !== undefined) return undefined;
    // Alone with it nobody removes a client, so that a new one surely begins beyond whatever a removed one of its id had reached: none
    // of that one's grants lives again, and no cache takes one for the other.
    const epoch = await lockCounter(session, tenant, 'client');
    const [inserted] = await session.run<ClientRow>(INSERT, [...values, epoch]);
    if (inserted !== undefined) return { put: readClient(inserted), isNew: true, told: 0 };
    row = await lock();
  }
  if (row === undefined) throw new Error(`client ${client.clientId} is gone`);
  const there = readClient(row);
  if (only !== undefined && only.version !== there.version) return undefined;
  if (sameClient(there, client)) {
    session.unchanged?.();
    return { put: there, isNew: false, told: 0 };
  }
  const [updated] = await session.run<ClientRow>(UPDATE, values);
  if (updated === undefined) throw new Error(`client ${client.clientId} is gone`);
  const told = there.enabled && !client.enabled ? [entry(client.clientId, 'client_disabled', now)] : [];
  await writeEntries(session, tenant, told, now);
  return { put: readClient(updated), isNew: false, told: told.length };
}

async function removeClient(
  session: Session,
  tenant: TenantId,
  client: ClientId,
  unusedSince: number | undefined,
  now: number,
): Promise<{ readonly isLeft: boolean } | 'unknown'> {
  const reached = await lockCounter(session, tenant, 'client');
  const [removed] = await session.run<VersionRow>(REMOVE, [tenant, client, unusedSince ?? null]);
  if (removed === undefined) return 'unknown';
  await raiseCounter(session, tenant, 'client', Math.max(0, removed.version - reached));
  for (const statement of REMOVE_WITH_IT) await session.run(statement, [tenant, client]);
  // Another one of its id begins beyond it.
  const isLeft = await forgetConsents(session, tenant, client, removed.version);
  await session.run(ORPHAN_OWN_GRANTS, [tenant, client, now + MAX_ACCESS_TOKEN_SECONDS]);
  for (const statement of REMOVE_AFTER_GRANTS) await session.run(statement, [tenant, client]);
  await writeEntries(session, tenant, [entry(client, 'client_removed', now)], now);
  return { isLeft };
}

function entry(client: ClientId, reason: string, now: number): NewEntry {
  return { kind: 'client', subject: client, reason, expiresAt: now + MAX_ACCESS_TOKEN_SECONDS };
}

interface Key {
  readonly tenant: TenantId;
  readonly clientId: ClientId;
}

export interface VersionRow {
  readonly client_id: ClientId;
  readonly version: number;
}

export interface ClientRow extends VersionRow {
  readonly metadata: string;
  readonly secrets: string;
  readonly enabled: number;
  readonly epoch: number;
  readonly source: ClientRecord['source'];
  readonly registration_hash: string | null;
  readonly created_at: number;
}

export function readClient(row: ClientRow): ClientRecord {
  return {
    clientId: row.client_id,
    metadata: readObject(row.metadata),
    secrets: readSecrets(row.secrets),
    enabled: row.enabled === 1,
    epoch: row.epoch,
    version: row.version,
    source: row.source,
    registrationHash: row.registration_hash ?? undefined,
    createdAt: row.created_at,
  };
}

export const CLIENT_COLUMNS: string = 'client_id, metadata, secrets, enabled, epoch, version, source, registration_hash, created_at';

const FIND_VERSIONS: Statement = {
  name: 'find_client_versions',
  text: 'SELECT client_id, version FROM clients WHERE tenant = $1::bigint AND client_id = ANY ($2::text[])',
};
const FIND: Statement = {
  name: 'find_client',
  text: `SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = $1::bigint AND client_id = $2::text`,
};
const LIST: Statement = {
  text: `SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = $1::bigint AND client_id > $2::text ORDER BY client_id LIMIT $3::bigint`,
};
const LOCK: Statement = {
  text: `SELECT ${CLIENT_COLUMNS} FROM clients WHERE tenant = $1::bigint AND client_id = $2::text FOR NO KEY UPDATE`,
};
const INSERT: Statement = {
  text: `INSERT INTO clients (tenant, client_id, metadata, secrets, enabled, epoch, version, source, registration_hash, created_at, revoked_at, disabled_at)
    VALUES ($1::bigint, $2::text, $3::text, $4::text, $5::smallint, $9::bigint, $9::bigint + 1, $6::text, $8::text, $7::bigint, NULL, CASE WHEN $5::smallint = 1 THEN NULL ELSE $7::bigint END)
    ON CONFLICT (tenant, client_id) DO NOTHING
    RETURNING ${CLIENT_COLUMNS}`,
};
const UPDATE: Statement = {
  text: `UPDATE clients SET metadata = $3::text, secrets = $4::text, enabled = $5::smallint, version = version + 1, source = $6::text, registration_hash = $8::text,
      disabled_at = CASE WHEN enabled = 1 AND $5::smallint = 0 THEN $7::bigint ELSE disabled_at END
    WHERE tenant = $1::bigint AND client_id = $2::text
    RETURNING ${CLIENT_COLUMNS}`,
};
const COUNT: Statement = {
  text: `SELECT count(*) FROM (SELECT FROM clients WHERE tenant = $1::bigint AND source = $2::text LIMIT $3::bigint) AS counted`,
};
const REMOVE: Statement = {
  text: `DELETE FROM clients WHERE tenant = $1::bigint AND client_id = $2::text AND source IN ('registered', 'admin')
      AND ($3::bigint IS NULL OR greatest(created_at, used_at) <= $3::bigint)
    RETURNING client_id, version`,
};
const NOTE_USE: Statement = {
  text: `UPDATE clients SET used_at = $3::bigint
    WHERE tenant = $1::bigint AND client_id = $2::text AND source = 'registered' AND (used_at IS NULL OR used_at < $3::bigint)`,
};
/** In the order in which rows are locked everywhere. What users gave it is unknown without it, and falls in its time. */
const REMOVE_WITH_IT: readonly Statement[] = [
  { text: 'DELETE FROM pushed_requests WHERE tenant = $1::bigint AND client_id = $2::text' },
  { text: 'DELETE FROM pending_authorizations WHERE tenant = $1::bigint AND client_id = $2::text' },
];
/** They stay for a while, so that status lists tell that they are dead. Nobody else finds them without their client. */
const ORPHAN_OWN_GRANTS: Statement = {
  text: `UPDATE grants SET own_key = NULL, purge_at = $3::bigint WHERE tenant = $1::bigint AND client_id = $2::text AND own_key IS NOT NULL`,
};
const REMOVE_AFTER_GRANTS: readonly Statement[] = [
  { text: 'DELETE FROM participants WHERE tenant = $1::bigint AND client_id = $2::text' },
  { text: 'DELETE FROM deliveries WHERE tenant = $1::bigint AND client_id = $2::text AND due_at IS NOT NULL' },
];
const RAISE_EPOCH: Statement = {
  text: `UPDATE clients SET epoch = epoch + 1, version = version + 1, revoked_at = $3::bigint WHERE tenant = $1::bigint AND client_id = $2::text RETURNING epoch`,
};
const LET_OWN_GRANTS_FALL: Statement = {
  text: `UPDATE grants SET purge_at = $4::bigint
    WHERE tenant = $1::bigint AND client_id = $2::text AND client_epoch < $3::bigint AND own_key IS NOT NULL AND purge_at IS NULL`,
};
