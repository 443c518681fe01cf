import { grantId } from '@hufu/protocol/ids';
import { writeList } from '../encoding.ts';
import type { CodeCredential, Grants, NewGrant } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Database, Statement } from './database.ts';
import { LIMIT_CODES, limitValues } from './limit-grants.ts';
import { ENDED_ENTRIES, ENDED_GRANTS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';

export function createGrant(db: Database, ids: ReservedIds, purge: Purge): Pick<Grants, 'createGrant'> {
  return {
    async createGrant(tenant, grant, now) {
      const values = writeNewGrant(grant, now);
      const id = grantId(await ids.take(tenant, 'grant'));
      const [, verdict, revoked] = await db.runTogether([
        { statement: LOCK_USER, values: [tenant, grant.userId] },
        { statement: CREATE, values: [tenant, id, ...values] },
        { statement: LIMIT_CODES, values: limitValues(tenant, now, [{ id, max: codeOf(grant).maxCodes }]) },
      ]);
      const reason = verdict?.[0]?.['reason'] as Reason | undefined;
      if (reason === undefined) throw new Error('no verdict');
      if (reason !== 'created') return { kind: 'refused', reason };
      purge.count(tenant, ENDED_GRANTS, 1, now);
      purge.count(tenant, ENDED_ENTRIES, revoked?.length ?? 0, now);
      return { kind: 'created', id };
    },
  };
}

type Reason = 'created' | Extract<Awaited<ReturnType<Grants['createGrant']>>, { kind: 'refused' }>['reason'];

function codeOf({ credential }: NewGrant): CodeCredential {
  if (credential.kind !== 'code') throw new TypeError('part B builds this');
  return credential;
}

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
    codeOf(grant).codeHash,
    JSON.stringify(codeOf(grant).codeRequest),
    grant.expiresAt,
    purgeTime(grant.expiresAt),
  ];
}

/**
 * Before the statements whose snapshots must show what others have done for this user: nothing slips past a disablement, and the limit is
 * exact. Stronger than FOR SHARE, and cheaper: there is no list of holders to keep.
 */
const LOCK_USER: Statement = {
  name: 'lock_user',
  text: 'SELECT id FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE',
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
