import { type GrantId, grantId, type TenantId } from '@hufu/protocol/ids';
import { isOver, writeList } from '../encoding.ts';
import { type GrantRecord, type Grants, type NewGrant, type Redemption, StoreUnavailable } from '../port.ts';
import { purgeTime, revokedKeptSeconds } from '../retention.ts';
import type { Database, Statement, Step } from './database.ts';
import { revokeText } from './endings.ts';
import { GRANT_COLUMNS, type GrantRow, readLivingGrant } from './grant-row.ts';
import { ENDED_ENTRIES, ENDED_GRANTS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import { entriesOf } from './revocation-log.ts';

/** From the code to the holder: creating and exchanging. Both hold the user's row, so that limits are exact and nothing slips past a disablement. */
export function codeGrants(
  db: Database,
  ids: ReservedIds,
  purge: Purge,
  findGrant: Grants['findGrant'],
): Pick<Grants, 'createGrant' | 'exchangeCode'> {
  return {
    async createGrant(tenant, grant, now) {
      const values = writeNewGrant(grant, now);
      const id = grantId(await ids.take(tenant, 'grant'));
      const rows = await db.runTogether([
        { statement: LOCK_USER, values: [tenant, grant.userId] },
        { statement: CREATE, values: [tenant, id, ...values] },
        oldestOf(TRIM_CODES, tenant, id, now, grant.maxCodes),
      ]);
      const reason = rows[1]?.[0]?.['reason'] as CreateReason | undefined;
      if (reason === undefined) throw new Error('no reason');
      if (reason !== 'created') return { kind: 'refused', reason };
      purge.count(tenant, ENDED_GRANTS, 1, now);
      purge.count(tenant, ENDED_ENTRIES, rows[2]?.length ?? 0, now);
      return { kind: 'created', id };
    },

    async exchangeCode(tenant, id, redemption, now) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const taken = await exchange(tenant, id, redemption, now);
        if (taken !== undefined) return { kind: 'taken', grant: taken };
        const grant = await findGrant(tenant, id);
        if (isLost(grant, 0, now)) return { kind: 'lost', grant };
      }
      throw stillThere();
    },
  };

  async function exchange(tenant: TenantId, id: GrantId, redemption: Redemption, now: number): Promise<GrantRecord | undefined> {
    const { secretHash, accessHash, keyId, expiresAt, idleSeconds, maxGrants } = redemption;
    const rows = await db.runTogether([
      { statement: LOCK_USER_OF, values: [tenant, id] },
      { statement: EXCHANGE, values: [tenant, id, now, keyId, secretHash, accessHash, expiresAt, idleSeconds, purgeTime(expiresAt)] },
      oldestOf(TRIM_GRANTS, tenant, id, now, maxGrants),
    ]);
    purge.count(tenant, ENDED_ENTRIES, rows[2]?.length ?? 0, now);
    const [row] = rows[1] ?? [];
    return row === undefined ? undefined : readLivingGrant(row as GrantRow);
  }
}

/**
 * Whether a grant that an UPDATE did not take is lost for good. If not, what kept it from being taken is over by now (a client that was
 * enabled again), and it can be tried once more: the record must never contradict the answer.
 */
export function isLost(grant: GrantRecord | undefined, generation: number, now: number): boolean {
  return grant === undefined || grant.generation !== generation || isOver(grant, now);
}

/** As often as that an act is tried whose grant says every time that it could have been taken. */
export const MAX_ATTEMPTS = 3;

export function stillThere(): StoreUnavailable {
  return new StoreUnavailable('the grant changes faster than it can be taken');
}

type CreateReason = 'created' | Extract<Awaited<ReturnType<Grants['createGrant']>>, { kind: 'refused' }>['reason'];

function writeNewGrant(grant: NewGrant, now: number): unknown[] {
  return [
    grant.userId,
    grant.clientId,
    grant.sessionId ?? null,
    now,
    grant.needsConsent ? 1 : 0,
    writeList(grant.scopes),
    writeList(grant.resources),
    grant.subject,
    grant.authTime,
    writeList(grant.amr),
    grant.offline ? 1 : 0,
    grant.keyId,
    grant.codeHash,
    JSON.stringify(grant.codeRequest),
    grant.expiresAt,
    purgeTime(grant.expiresAt),
  ];
}

function oldestOf(statement: Statement, tenant: TenantId, id: GrantId, now: number, max: number): Step {
  return { statement, values: [tenant, now, 'too_many_grants', now + revokedKeptSeconds('too_many_grants'), id, max] };
}

/** Before the statements whose snapshots must show what others have done for this user. Stronger than FOR SHARE, and cheaper: it needs no list of holders. */
const LOCK_USER: Statement = {
  name: 'lock_user',
  text: 'SELECT id FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE',
};
const LOCK_USER_OF: Statement = {
  name: 'lock_user_of_grant',
  text: `SELECT id FROM users WHERE tenant = $1::bigint AND id = (SELECT user_id FROM grants WHERE tenant = $1::bigint AND id = $2::bigint)
    FOR NO KEY UPDATE`,
};

/** CASE asks in order, so that session and consent are locked in order, and only where they are needed. */
const CREATE: Statement = {
  name: 'create_grant',
  text: `WITH client AS MATERIALIZED (SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = $4::text AND enabled = 1),
    session AS MATERIALIZED (SELECT user_id, ended_at, expires_at FROM sessions WHERE tenant = $1::bigint AND id = $5::bigint FOR SHARE),
    consent AS MATERIALIZED (
      SELECT client_id FROM consents
      WHERE tenant = $1::bigint AND user_id = $3::bigint AND client_id = $4::text
        AND string_to_array(scopes, ' ') @> string_to_array($8::text, ' ')
      FOR SHARE),
    verdict AS MATERIALIZED (
      SELECT CASE
        WHEN NOT EXISTS (SELECT FROM users WHERE tenant = $1::bigint AND id = $3::bigint AND enabled = 1) THEN 'user_inactive'
        WHEN NOT EXISTS (SELECT FROM client) THEN 'client_inactive'
        WHEN $5::bigint IS NOT NULL AND NOT EXISTS (SELECT FROM session WHERE user_id = $3::bigint AND ended_at IS NULL AND expires_at > $6::bigint)
          THEN 'session_ended'
        WHEN $7::smallint = 1 AND NOT EXISTS (SELECT FROM consent) THEN 'consent_missing'
        ELSE 'created' END AS reason),
    created AS (
      INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, revoked_at, revoked_reason, has_revoked_tokens,
        user_id, subject, client_id, client_epoch, session_id, parent_id, scopes, resources, auth_time, amr, offline, created_at, redeemed,
        secret_hash, access_hash, code_hash, code_request, purge_at, own_key)
      SELECT $1::bigint, $2::bigint, 0, $14::bigint, $6::bigint, $17::bigint, 0, NULL, NULL, 0,
        $3::bigint, $10::text, $4::text, client.epoch, $5::bigint, NULL, $8::text, $9::text, $11::bigint, $12::text, $13::smallint, $6::bigint, 0,
        NULL, NULL, $15::text, $16::text, $18::bigint, NULL
      FROM verdict CROSS JOIN client WHERE verdict.reason = 'created')
    SELECT reason FROM verdict`,
};

/** True where the grant's client is enabled and has not been revoked since the grant began. A scalar, so that it stays one lookup a row. */
export const CLIENT_LIVES = `(SELECT c.enabled = 1 AND c.epoch <= g.client_epoch FROM clients c WHERE c.tenant = g.tenant AND c.client_id = g.client_id)`;

const EXCHANGE: Statement = {
  name: 'exchange_code',
  text: `UPDATE grants g SET generation = 1, redeemed = 1, rotated_at = $3::bigint, key_id = $4::bigint, secret_hash = $5::text, access_hash = $6::text,
      expires_at = $7::bigint, idle_seconds = $8::bigint, purge_at = $9::bigint, code_request = NULL
    WHERE g.tenant = $1::bigint AND g.id = $2::bigint AND g.generation = 0 AND g.revoked_at IS NULL AND g.expires_at > $3::bigint AND ${CLIENT_LIVES}
    RETURNING ${GRANT_COLUMNS}`,
};

/**
 * What stands beside grant `$5` beyond the limit `$6`, the oldest first to go: revoked and told. Where `$5` itself is not as it should be
 * (nothing was created or exchanged), nothing happens. One place of the `$6` is its own.
 */
function trim(name: string, redeemed: 0 | 1, counts: string): Statement {
  return {
    name,
    text: `WITH mine AS MATERIALIZED (
        SELECT user_id, client_id, client_epoch FROM grants
        WHERE tenant = $1::bigint AND id = $5::bigint AND redeemed = ${redeemed} AND rotated_at = $2::bigint AND generation = ${redeemed}),
      dying AS MATERIALIZED (
        SELECT other.id FROM mine CROSS JOIN LATERAL (
          SELECT g.id FROM grants g
          WHERE g.tenant = $1::bigint AND g.user_id = mine.user_id AND g.client_id = mine.client_id AND g.redeemed = ${redeemed}
            AND g.revoked_at IS NULL AND g.id <> $5::bigint AND ${counts}
          ORDER BY g.id DESC OFFSET $6::bigint - 1) AS other),
      dead AS (${revokeText('SELECT id FROM dying')}),
      ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)}
      SELECT id FROM dead`,
  };
}

const TRIM_CODES = trim('trim_codes', 0, 'true');
/** What is over does not count, nor what began before the client was revoked. */
const TRIM_GRANTS = trim(
  'trim_grants',
  1,
  `g.client_epoch = mine.client_epoch AND g.expires_at > $2::bigint AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > $2::bigint)`,
);
