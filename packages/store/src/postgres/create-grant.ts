import { grantId } from '@hufu/protocol/ids';
import { writeList, writeParticipation } from '../encoding.ts';
import type { Grants, NewGrant } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Database, Statement, Step } from './database.ts';
import { LIMIT_CODES, LIMIT_GRANTS, limitValues } from './limit-grants.ts';
import { LOCK_USER, lookAround, lookValues, readVerdict } from './look-around.ts';
import { joinText, joinValues } from './participants.ts';
import { ENDED_ENTRIES, ENDED_GRANTS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import type { Statistics } from './statistics.ts';

export function createGrant(db: Database, ids: ReservedIds, purge: Purge, statistics: Statistics): Pick<Grants, 'createGrant'> {
  return {
    async createGrant(tenant, grant, now) {
      const { credential, subject } = grant;
      const participation = writeParticipation(grant);
      const values = [tenant, ...lookValues(grant, now)];
      const more = newGrantValues(grant);
      const id = grantId(await ids.take(tenant, 'grant'));
      const create: Step =
        participation === undefined
          ? { statement: CREATE, values: [...values, id, ...more] }
          : { statement: CREATE_JOINED, values: [...values, id, ...more, ...joinValues(participation, subject)] };
      const [limit, max] = credential.kind === 'code' ? [LIMIT_CODES, credential.maxCodes] : [LIMIT_GRANTS, credential.maxGrants];
      const [, verdict, revoked] = await db.runTogether([
        { statement: LOCK_USER, values: [tenant, grant.userId] },
        create,
        { statement: limit, values: limitValues(tenant, now, [{ id, max }]) },
      ]);
      const reason = readVerdict(verdict?.[0]);
      if (reason !== undefined) return { kind: 'refused', reason };
      if (participation !== undefined) statistics.inserted('participants', 1, now);
      purge.count(tenant, ENDED_GRANTS, 1, now);
      purge.count(tenant, ENDED_ENTRIES, revoked?.length ?? 0, now);
      return { kind: 'created', id };
    },
  };
}

function newGrantValues(grant: NewGrant): unknown[] {
  const { credential } = grant;
  const [generation, accessHash, codeHash, codeRequest] =
    credential.kind === 'code'
      ? [0, null, credential.codeHash, JSON.stringify(credential.codeRequest)]
      : [1, credential.accessHash, null, null];
  return [
    writeList(grant.resources),
    grant.subject,
    grant.authTime,
    writeList(grant.amr),
    grant.offline ? 1 : 0,
    grant.keyId,
    grant.expiresAt,
    purgeTime(grant.expiresAt),
    generation,
    accessHash,
    codeHash,
    codeRequest,
    grant.claims === undefined ? null : JSON.stringify(grant.claims),
  ];
}

const CREATED = `created AS (
      INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, revoked_at, revoked_reason, has_revoked_tokens,
        user_id, subject, client_id, client_epoch, session_id, parent_id, scopes, resources, auth_time, amr, offline, created_at, redeemed,
        secret_hash, access_hash, code_hash, code_request, claims, purge_at, own_key)
      SELECT $1::bigint, $9::bigint, $18::smallint, $15::bigint, $5::bigint, $16::bigint, 0, NULL, NULL, 0,
        $2::bigint, $11::text, $3::text, client.epoch, $4::bigint, NULL, $7::text, $10::text, $12::bigint, $13::text, $14::smallint, $5::bigint, $18::smallint,
        NULL, $19::text, $20::text, $21::text, $22::text, $17::bigint, NULL
      FROM verdict CROSS JOIN client WHERE verdict.reason = '')`;

const CREATE: Statement = { name: 'create_grant', text: `WITH ${lookAround('FOR SHARE')}, ${CREATED} SELECT reason FROM verdict` };

/** Apart, so that a grant without a participation costs what it did. */
const CREATE_JOINED: Statement = {
  name: 'create_joined_grant',
  text: `WITH ${lookAround('FOR SHARE')}, ${CREATED}, ${joinText(23)} SELECT reason FROM verdict`,
};
