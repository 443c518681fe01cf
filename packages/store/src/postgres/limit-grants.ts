import type { GrantId, TenantId } from '@hufu/protocol/ids';
import { revokedKeptSeconds } from '../retention.ts';
import type { Statement } from './database.ts';
import { revokeText } from './endings.ts';
import { entriesOf } from './revocation-log.ts';

/** A grant that has just come, and how many of its user and client there may be with it. */
export interface Newcomer {
  readonly id: GrantId;
  readonly max: number;
}

/** A row of what has fallen. */
export interface Fallen {
  readonly id: GrantId;
  readonly newcomer: GrantId;
}

export function limitValues(tenant: TenantId, now: number, newcomers: readonly Newcomer[]): unknown[] {
  const keptUntil = now + revokedKeptSeconds('too_many_grants');
  return [tenant, now, 'too_many_grants', keptUntil, newcomers.map(({ id }) => id), newcomers.map(({ max }) => max)];
}

/**
 * Revokes and tells what stands beside newcomers (`$5`, with their limits `$6`) beyond the limit, the oldest first. In a transaction that
 * has locked their users, so that the count is exact. A newcomer that is not as it should be (nothing was created or exchanged) changes
 * nothing; of several of one user and client the newest speaks for all, as if it had come last. Answers the ids, and which newcomer each fell for. (`OFFSET 0` and `+ 0` leave the
 * planner one index to take.)
 */
function limit(name: string, redeemed: 0 | 1, counts: string): Statement {
  return {
    name,
    text: `WITH newcomer AS MATERIALIZED (
        SELECT DISTINCT ON (g.user_id, g.client_id, g.idle_seconds > 0) g.*, w.max
        FROM unnest($5::bigint[], $6::bigint[]) AS w (id, max)
        CROSS JOIN LATERAL (
          SELECT id, user_id, client_id, client_epoch, generation, rotated_at, idle_seconds, parent_id FROM grants WHERE tenant = $1::bigint AND id = w.id OFFSET 0) AS g
        WHERE g.generation = ${redeemed} AND g.rotated_at = $2::bigint
        ORDER BY g.user_id, g.client_id, g.idle_seconds > 0, g.id DESC),
      dying AS MATERIALIZED (
        SELECT other.id, newcomer.id AS newcomer FROM newcomer CROSS JOIN LATERAL (
          SELECT g.id FROM grants g
          WHERE g.tenant = $1::bigint AND g.user_id = newcomer.user_id AND g.client_id = newcomer.client_id AND g.redeemed = ${redeemed}
            AND g.revoked_at IS NULL AND g.id <> newcomer.id AND ${counts}
          ORDER BY g.id DESC OFFSET newcomer.max - 1) AS other),
      dead AS (${revokeText('SELECT id FROM dying')}),
      ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)}
      SELECT dead.id, dying.newcomer FROM dead JOIN dying USING (id)`,
  };
}

export const LIMIT_CODES: Statement = limit('limit_codes', 0, 'true');

/** What is over does not count, nor what began before the client was revoked, nor what is of the other sort, nor the grant that the newcomer comes from. */
export const LIMIT_GRANTS: Statement = limit(
  'limit_grants',
  1,
  `(g.idle_seconds > 0) = (newcomer.idle_seconds > 0) AND g.id IS DISTINCT FROM newcomer.parent_id AND g.client_epoch + 0 = newcomer.client_epoch AND g.expires_at > $2::bigint AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > $2::bigint)`,
);

/**
 * The same for one grant (`$5` has one id) of a subject who is nobody of ours. Nothing refreshes those, so their idle time is nothing. In a
 * transaction that is alone with the subject.
 */
export const LIMIT_SUBJECT: Statement = {
  name: 'limit_subject',
  text: `WITH newcomer AS MATERIALIZED (
        SELECT id, subject, client_id, client_epoch, ($6::bigint[])[1] AS max FROM grants
        WHERE tenant = $1::bigint AND id = ($5::bigint[])[1] AND rotated_at = $2::bigint AND user_id IS NULL),
      dying AS MATERIALIZED (
        SELECT other.id FROM newcomer CROSS JOIN LATERAL (
          SELECT g.id FROM grants g
          WHERE g.tenant = $1::bigint AND g.client_id = newcomer.client_id AND g.subject = newcomer.subject AND g.user_id IS NULL
            AND g.access_hash IS NOT NULL AND g.revoked_at IS NULL AND g.id <> newcomer.id
            AND g.client_epoch + 0 = newcomer.client_epoch AND g.expires_at > $2::bigint
          ORDER BY g.id DESC OFFSET newcomer.max - 1) AS other),
      dead AS (${revokeText('SELECT id FROM dying')}),
      ${entriesOf(`SELECT 'grant' AS kind, id::text AS subject, $3::text AS reason, expires_at, id AS rank FROM dead`)}
      SELECT id FROM dead`,
};
