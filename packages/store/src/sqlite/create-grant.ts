import { type ClientId, type GrantId, grantId, type TenantId, type UserId } from '@hufu/protocol/ids';
import { requirePlainSubject, writeJson, writeList, writeParticipation } from '../encoding.ts';
import { lineEnd } from '../lineage.ts';
import type { Grants, NewGrant } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings, GrantEnd } from './endings.ts';
import { liveGrantLimit, subjectLimit } from './limit-grants.ts';
import { lookAround } from './look-around.ts';
import type { Participants } from './participants.ts';
import { purger } from './purge.ts';

/** How grants come into being: `createGrant`, and what does more than that in the same act. */
export interface GrantCreation {
  /** The act, to be run inside a write. What is wrong with the grant itself is thrown before. */
  begin(tenant: TenantId, grant: NewGrant, now: number): () => Awaited<ReturnType<Grants['createGrant']>>;
  /** Told of grants that others insert. */
  readonly purge: ReturnType<typeof purger>;
}

export function grantCreation(db: Connection, counters: Counters, endings: Endings, participants: Participants): GrantCreation {
  const look = lookAround(db);
  const lookAtParent = parentLook(db);
  const insert =
    db.lazy(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject,
    client_id, client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, access_hash, code_hash, code_request, claims, purge_at,
    parent_id, authorization_details, actor, redeemed_at, device_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?5, ?3, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
      CASE ?3 WHEN 1 THEN ?5 END, (SELECT device_id FROM sessions WHERE tenant = ?1 AND id = ?11))`);
  const limitCodes = codeLimit(db, endings);
  const limitGrants = liveGrantLimit(db, endings);
  const limitSubject = subjectLimit(db, endings);
  const purge = purger(
    db,
    'DELETE FROM grants WHERE tenant = ?1 AND id IN (SELECT id FROM grants WHERE tenant = ?1 AND purge_at <= ?2 ORDER BY purge_at LIMIT ?3)',
  );

  const begin: GrantCreation['begin'] = (tenant, grant, now) => {
    requirePlainSubject(grant);
    const { userId, subject, clientId, sessionId, parentId, keyId, credential } = grant;
    const [scopes, resources, amr] = [writeList(grant.scopes), writeList(grant.resources), writeList(grant.amr)];
    const [claims, details, actor] = [writeJson(grant.claims), writeJson(grant.authorizationDetails), writeJson(grant.actor)];
    const [accessHash, codeHash, codeRequest] =
      credential.kind === 'code'
        ? [null, credential.codeHash, JSON.stringify(credential.codeRequest)]
        : [credential.accessHash, null, null];
    const participation = writeParticipation(grant);
    return () => {
      const seen = look(tenant, grant, now);
      if (seen.kind === 'refused') return seen;
      const parentEnd = parentId === undefined ? grant.expiresAt : lookAtParent(tenant, parentId, now);
      if (parentEnd === undefined) return { kind: 'refused', reason: 'parent_ended' };
      const expiresAt = Math.min(grant.expiresAt, parentEnd);
      if (credential.kind === 'code' && userId !== undefined) limitCodes(tenant, userId, clientId, credential.maxCodes, now);
      const id = grantId(counters.nextOfBlock(tenant, 'grant'));
      insert().run(
        tenant,
        id,
        credential.kind === 'code' ? 0 : 1,
        keyId,
        now,
        expiresAt,
        userId ?? null,
        subject,
        clientId,
        seen.clientEpoch,
        sessionId ?? null,
        scopes,
        resources,
        grant.authTime ?? null,
        amr,
        grant.offline ? 1 : 0,
        accessHash,
        codeHash,
        codeRequest,
        claims,
        purgeTime(expiresAt),
        parentId ?? null,
        details,
        actor,
      );
      if (credential.kind === 'access_token') {
        if (userId === undefined) limitSubject(tenant, clientId, subject, id, credential.maxGrants, now);
        else limitGrants(tenant, userId, clientId, { id, parentId, isRefreshable: false, maxGrants: credential.maxGrants }, now);
      }
      if (participation !== undefined && sessionId !== undefined) participants.join(tenant, sessionId, clientId, subject, participation);
      purge(tenant, now, 1);
      return { kind: 'created', id };
    };
  };
  return { begin, purge };
}

/** The end of a grant that another may come from now: redeemed, neither dead nor over, and with room for one more in its line. */
function parentLook(db: Connection): (tenant: TenantId, parent: GrantId, now: number) => number | undefined {
  const look = db.lazy(`SELECT g.expires_at FROM grants g WHERE g.tenant = ?1 AND g.id = ?2 AND g.redeemed = 1 AND g.expires_at > ?3
    AND ${lineEnd('?1', '?2')} IS NULL`);
  return (tenant, parent, now) => (look().get(tenant, parent, now) as unknown as [number] | undefined)?.[0];
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
