import { writeList } from '../encoding.ts';
import type { Admission, GrantRefusal } from '../port.ts';
import { isStanding } from '../standing-consent.ts';
import type { Statement } from './database.ts';

/** What the first eight parameters of a statement with `lookAround` are; the tenant stands before them. */
export function lookValues(
  { userId, clientId, clientVersion, sessionId, needsConsent, scopes }: Omit<Admission, 'subject' | 'participation'>,
  now: number,
): unknown[] {
  return [userId ?? null, clientId, sessionId ?? null, now, needsConsent ? 1 : 0, writeList(scopes), clientVersion ?? null];
}

/** The reason in the row of a statement that ends in `verdict`. Undefined: nothing is refused. */
export function readVerdict(row: Record<string, unknown> | undefined): GrantRefusal | undefined {
  const reason = row?.['reason'];
  if (typeof reason !== 'string') throw new Error('no verdict');
  return reason === '' ? undefined : (reason as GrantRefusal);
}

/**
 * Before the statements whose snapshots must show what others have done for this user: nothing slips past a disablement, and the limits are
 * exact. Stronger than FOR SHARE, and cheaper: there is no list of holders to keep.
 */
export const LOCK_USER: Statement = {
  name: 'lock_user',
  text: 'SELECT id FROM users WHERE tenant = $1::bigint AND id = $2::bigint FOR NO KEY UPDATE',
};

/**
 * Whether user, client, session and consent are such that a grant may be made: common table expressions that end in `verdict`, whose `reason`
 * is empty where nothing is refused. `$1` tenant, `$2` user or NULL, `$3` client, `$4` session or NULL, `$5` now, `$6` whether consent is needed, `$7` the
 * scopes, `$8` the version of the client or NULL. CASE asks in order, so that session and consent are locked in order, and only where they are needed. Whoever leaves nothing
 * behind that a later end would have to find needs no `lock`. `more` are the further cases of a statement that looks at more.
 */
export function lookAround(lock: 'FOR SHARE' | '', more = ''): string {
  return `client AS MATERIALIZED (SELECT epoch FROM clients WHERE tenant = $1::bigint AND client_id = $3::text AND enabled = 1 AND ($8::bigint IS NULL OR version = $8::bigint)),
    session AS MATERIALIZED (SELECT user_id, ended_at, expires_at, device_id FROM sessions WHERE tenant = $1::bigint AND id = $4::bigint ${lock}),
    consent AS MATERIALIZED (
      SELECT client_id FROM consents
      WHERE tenant = $1::bigint AND user_id = $2::bigint AND client_id = $3::text
        AND string_to_array(scopes, ' ') @> string_to_array($7::text, ' ') AND ${isStanding('consents')}
      ${lock}),
    verdict AS MATERIALIZED (
      SELECT CASE
        WHEN $2::bigint IS NOT NULL AND NOT EXISTS (
          SELECT FROM users WHERE tenant = $1::bigint AND id = $2::bigint AND enabled = 1 AND deleted_at IS NULL AND coalesce(locked_until, 0) <= $5::bigint) THEN 'user_inactive'
        WHEN NOT EXISTS (SELECT FROM client) THEN 'client_inactive'
        WHEN $4::bigint IS NOT NULL AND NOT EXISTS (SELECT FROM session WHERE user_id = $2::bigint AND ended_at IS NULL AND expires_at > $5::bigint)
          THEN 'session_ended'
        WHEN $6::smallint = 1 AND NOT EXISTS (SELECT FROM consent) THEN 'consent_missing'
        ${more}
        ELSE '' END AS reason)`;
}
