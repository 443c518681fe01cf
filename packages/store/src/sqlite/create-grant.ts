import { type ClientId, grantId, type TenantId, type UserId } from '@hufu/protocol/ids';
import { writeList, writeParticipation } from '../encoding.ts';
import type { Grants } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings, GrantEnd } from './endings.ts';
import { liveGrantLimit } from './limit-grants.ts';
import { lookAround } from './look-around.ts';
import type { Participants } from './participants.ts';
import type { purger } from './purge.ts';

export function createGrant(
  db: Connection,
  counters: Counters,
  endings: Endings,
  participants: Participants,
  purge: ReturnType<typeof purger>,
): Grants['createGrant'] {
  const look = lookAround(db);
  const insert =
    db.lazy(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject,
    client_id, client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, access_hash, code_hash, code_request, claims, purge_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?5, ?3, ?17, ?18, ?19, ?20, ?21)`);
  const limitCodes = codeLimit(db, endings);
  const limitGrants = liveGrantLimit(db, endings);

  return async (tenant, grant, now) => {
    const { userId, subject, clientId, sessionId, keyId, expiresAt, credential } = grant;
    const [scopes, resources, amr] = [writeList(grant.scopes), writeList(grant.resources), writeList(grant.amr)];
    const claims = grant.claims === undefined ? null : JSON.stringify(grant.claims);
    const [accessHash, codeHash, codeRequest] =
      credential.kind === 'code'
        ? [null, credential.codeHash, JSON.stringify(credential.codeRequest)]
        : [credential.accessHash, null, null];
    const participation = writeParticipation(grant);
    return await db.write(() => {
      const seen = look(tenant, grant, now);
      if (seen.kind === 'refused') return seen;
      if (credential.kind === 'code') limitCodes(tenant, userId, clientId, credential.maxCodes, now);
      const id = grantId(counters.nextOfBlock(tenant, 'grant'));
      insert().run(
        tenant,
        id,
        credential.kind === 'code' ? 0 : 1,
        keyId,
        now,
        expiresAt,
        userId,
        subject,
        clientId,
        seen.clientEpoch,
        sessionId ?? null,
        scopes,
        resources,
        grant.authTime,
        amr,
        grant.offline ? 1 : 0,
        accessHash,
        codeHash,
        codeRequest,
        claims,
        purgeTime(expiresAt),
      );
      if (credential.kind === 'access_token') limitGrants(tenant, userId, clientId, id, credential.maxGrants, now);
      if (participation !== undefined && sessionId !== undefined) participants.join(tenant, sessionId, clientId, subject, participation);
      purge(tenant, now, 1);
      return { kind: 'created', id };
    });
  };
}

/** Revokes the oldest codes of one user and client, so that there is room for one more. */
function codeLimit(
  db: Connection,
  endings: Endings,
): (tenant: TenantId, user: UserId, client: ClientId, maxCodes: number, now: number) => void {
  const codes =
    'FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND client_id = ? AND redeemed = 0 AND revoked_at IS NULL';
  const count = db.lazy(`SELECT count(*) ${codes}`);
  const findOldest = db.lazy(`SELECT id, expires_at ${codes} ORDER BY id LIMIT ?`);
  return (tenant, user, client, maxCodes, now) => {
    const [waiting] = count().get(tenant, user, client) as unknown as [number];
    if (waiting < maxCodes) return;
    const oldest = findOldest().all(tenant, user, client, waiting - maxCodes + 1) as unknown as GrantEnd[];
    endings.revokeGrants(tenant, oldest, 'too_many_grants', now);
  };
}
