import { hash } from 'node:crypto';
import { type ClientId, type GrantId, grantId, type TenantId } from '@hufu/protocol/ids';
import { requirePlainSubject, writeJson, writeList, writeParticipation } from '../encoding.ts';
import { lineEnd } from '../lineage.ts';
import type { Grants, NewGrant } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import type { Database, Statement, Step } from './database.ts';
import { LIMIT_CODES, LIMIT_GRANTS, LIMIT_SUBJECT, limitValues } from './limit-grants.ts';
import { LOCK_USER, lookAround, lookValues, readVerdict } from './look-around.ts';
import { joinText, joinValues } from './participants.ts';
import { ENDED_ENTRIES, ENDED_GRANTS, type Purge } from './purge.ts';
import type { ReservedIds } from './reserved-ids.ts';
import type { Statistics } from './statistics.ts';

/** How grants come into being: `createGrant`, and what does more than that in the same act. */
export interface GrantCreation {
  /** What is wrong with the grant itself is thrown here. */
  begin(tenant: TenantId, grant: NewGrant, now: number): Promise<Beginning>;
  /** Beside a creation that was committed. */
  created(tenant: TenantId, grant: NewGrant, told: number, now: number): void;
}

export interface Beginning {
  readonly id: GrantId;
  /** Steps of one transaction, in this order: who must stand still meanwhile, the grant with its verdict, and what is too much beside it. */
  readonly lock: Step;
  readonly create: Step;
  readonly limit: Step;
}

export function grantCreation(ids: ReservedIds, purge: Purge, statistics: Statistics): GrantCreation {
  return {
    async begin(tenant, grant, now) {
      requirePlainSubject(grant);
      const { credential, subject, clientId, userId } = grant;
      const participation = writeParticipation(grant);
      const look = [tenant, ...lookValues(grant, now)];
      const more = newGrantValues(grant);
      const id = grantId(await ids.take(tenant, 'grant'));
      const values = [...look, id, ...more, ...(participation === undefined ? [] : joinValues(participation, subject))];
      const max = credential.kind === 'code' ? credential.maxCodes : credential.maxGrants;
      return {
        id,
        lock: userId === undefined ? lockSubject(tenant, clientId, subject) : { statement: LOCK_USER, values: [tenant, userId] },
        create: { statement: createStatement(participation !== undefined, grant.parentId !== undefined), values },
        limit: { statement: limitOf(grant), values: limitValues(tenant, now, [{ id, max }]) },
      };
    },

    created(tenant, { participation }, told, now) {
      if (participation !== undefined) statistics.inserted('participants', 1, now);
      purge.count(tenant, ENDED_GRANTS, 1, now);
      purge.count(tenant, ENDED_ENTRIES, told, now);
    },
  };
}

export function createGrant(db: Database, creation: GrantCreation): Pick<Grants, 'createGrant'> {
  return {
    async createGrant(tenant, grant, now) {
      const { id, lock, create, limit } = await creation.begin(tenant, grant, now);
      const [, verdict, revoked] = await db.runTogether([lock, create, limit]);
      const reason = readVerdict(verdict?.[0]);
      if (reason !== undefined) return { kind: 'refused', reason };
      creation.created(tenant, grant, revoked?.length ?? 0, now);
      return { kind: 'created', id };
    },
  };
}

function limitOf({ userId, credential }: NewGrant): Statement {
  if (credential.kind === 'code') return LIMIT_CODES;
  return userId === undefined ? LIMIT_SUBJECT : LIMIT_GRANTS;
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
    grant.authTime ?? null,
    writeList(grant.amr),
    grant.offline ? 1 : 0,
    grant.keyId,
    grant.expiresAt,
    generation,
    accessHash,
    codeHash,
    codeRequest,
    writeJson(grant.claims),
    grant.parentId ?? null,
    writeJson(grant.authorizationDetails),
    writeJson(grant.actor),
  ];
}

/** `expiresAt` is the end that the row gets, for the end `$16` that was asked for. */
function created(expiresAt: string): string {
  return `created AS (
      INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, revoked_at, revoked_reason, has_revoked_tokens,
        user_id, subject, client_id, client_epoch, session_id, parent_id, scopes, resources, auth_time, amr, offline, created_at, redeemed,
        secret_hash, access_hash, code_hash, code_request, claims, authorization_details, actor, purge_at, own_key, redeemed_at, device_id)
      SELECT $1::bigint, $9::bigint, $17::smallint, $15::bigint, $5::bigint, ${expiresAt}, 0, NULL, NULL, 0,
        $2::bigint, $11::text, $3::text, client.epoch, $4::bigint, $22::bigint, $7::text, $10::text, $12::bigint, $13::text, $14::smallint, $5::bigint, $17::smallint,
        NULL, $18::text, $19::text, $20::text, $21::text, $23::text, $24::text, ${expiresAt} + ${FALL_AFTER_SECONDS}, NULL,
        CASE $17::smallint WHEN 1 THEN $5::bigint END, (SELECT device_id FROM session)
      FROM verdict CROSS JOIN client WHERE verdict.reason = '')`;
}

const ALONE = `WITH ${lookAround('FOR SHARE')}, ${created('$16::bigint')}`;
/** The grant that it comes from: redeemed, neither dead nor over, and with room for one more in its line. No lock: whoever ends it later is seen by whoever reads. */
const IN_LINE = `WITH RECURSIVE parent AS MATERIALIZED (
      SELECT expires_at FROM grants WHERE tenant = $1::bigint AND id = $22::bigint AND redeemed = 1 AND expires_at > $5::bigint
        AND ${lineEnd('$1::bigint', '$22::bigint')} IS NULL),
    ${lookAround('FOR SHARE', `WHEN NOT EXISTS (SELECT FROM parent) THEN 'parent_ended'`)},
    ${created('least($16::bigint, (SELECT expires_at FROM parent))')}`;
const JOINED = `, ${joinText(25)}`;

/** Apart, so that a grant without a participation, or one that comes from no other, costs what it did. */
const CREATE: Statement = { name: 'create_grant', text: `${ALONE} SELECT reason FROM verdict` };
const CREATE_JOINED: Statement = { name: 'create_joined_grant', text: `${ALONE}${JOINED} SELECT reason FROM verdict` };
const CREATE_IN_LINE: Statement = { name: 'create_grant_in_line', text: `${IN_LINE} SELECT reason FROM verdict` };
const CREATE_JOINED_IN_LINE: Statement = { name: 'create_joined_grant_in_line', text: `${IN_LINE}${JOINED} SELECT reason FROM verdict` };

function createStatement(isJoined: boolean, isInLine: boolean): Statement {
  if (isInLine) return isJoined ? CREATE_JOINED_IN_LINE : CREATE_IN_LINE;
  return isJoined ? CREATE_JOINED : CREATE;
}

/** There is no row of a subject who is nobody of ours; who makes a grant for one is alone with it at a client all the same, so that the limit is exact. */
export function lockSubject(tenant: TenantId, client: ClientId, subject: string): Step {
  const digest = hash('sha256', `${tenant} ${client} ${subject}`, 'buffer');
  return { statement: LOCK_SUBJECT, values: [digest.readInt32BE(0), digest.readInt32BE(4)] };
}

const LOCK_SUBJECT: Statement = { name: 'lock_subject', text: 'SELECT pg_advisory_xact_lock($1::integer, $2::integer)' };
