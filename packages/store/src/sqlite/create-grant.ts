import { grantId } from '@hufu/protocol/ids';
import { readList, writeList } from '../encoding.ts';
import type { Grants, NewGrant } from '../port.ts';
import { purgeTime } from '../retention.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import type { Endings, GrantEnd } from './endings.ts';
import type { purger } from './purge.ts';

type Refusal = Extract<Awaited<ReturnType<Grants['createGrant']>>, { readonly kind: 'refused' }>['reason'];

export function createGrant(db: Connection, counters: Counters, endings: Endings, purge: ReturnType<typeof purger>): Grants['createGrant'] {
  const lookAround = db.lazy(`SELECT
    (SELECT enabled FROM users WHERE tenant = ?1 AND id = ?2),
    (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3 AND enabled = 1),
    (SELECT 1 FROM sessions WHERE tenant = ?1 AND id = ?4 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?5),
    (SELECT scopes FROM consents WHERE tenant = ?1 AND user_id = ?2 AND client_id = ?3)`);
  const insert =
    db.lazy(`INSERT INTO grants (tenant, id, generation, key_id, rotated_at, expires_at, idle_seconds, has_revoked_tokens, user_id, subject,
    client_id, client_epoch, session_id, scopes, resources, auth_time, amr, offline, created_at, redeemed, code_hash, code_request, purge_at)
    VALUES (?1, ?2, 0, ?3, ?4, ?5, 0, 0, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?4, 0, ?16, ?17, ?18)`);
  const codes =
    'FROM grants INDEXED BY grants_by_user WHERE tenant = ? AND user_id = ? AND client_id = ? AND redeemed = 0 AND revoked_at IS NULL';
  const countCodes = db.lazy(`SELECT count(*) ${codes}`);
  const findOldest = db.lazy(`SELECT id, expires_at ${codes} ORDER BY id LIMIT ?`);

  const refusal = (grant: NewGrant, [enabled, epoch, session, consented]: Around): Refusal | undefined => {
    if (enabled !== 1) return 'user_inactive';
    if (epoch === null) return 'client_inactive';
    if (grant.sessionId !== undefined && session === null) return 'session_ended';
    if (!grant.needsConsent) return undefined;
    if (consented === null) return 'consent_missing';
    const scopes = readList(consented);
    return grant.scopes.every((scope) => scopes.includes(scope)) ? undefined : 'consent_missing';
  };

  return async (tenant, grant, now) => {
    const { userId, clientId, sessionId, keyId, expiresAt } = grant;
    const [scopes, resources, amr] = [writeList(grant.scopes), writeList(grant.resources), writeList(grant.amr)];
    const { credential } = grant;
    if (credential.kind !== 'code') throw new TypeError('part B builds this');
    const codeRequest = JSON.stringify(credential.codeRequest);
    return await db.write(() => {
      const around = lookAround().get(tenant, userId, clientId, sessionId ?? null, now) as unknown as Around;
      const reason = refusal(grant, around);
      if (reason !== undefined) return { kind: 'refused', reason };
      const [waiting] = countCodes().get(tenant, userId, clientId) as unknown as [number];
      if (waiting >= credential.maxCodes) {
        const oldest = findOldest().all(tenant, userId, clientId, waiting - credential.maxCodes + 1) as unknown as GrantEnd[];
        endings.revokeGrants(tenant, oldest, 'too_many_grants', now);
      }
      const id = grantId(counters.nextOfBlock(tenant, 'grant'));
      const { subject, authTime, offline } = grant;
      const { codeHash } = credential;
      insert().run(
        tenant,
        id,
        keyId,
        now,
        expiresAt,
        userId,
        subject,
        clientId,
        around[1],
        sessionId ?? null,
        scopes,
        resources,
        authTime,
        amr,
        offline ? 1 : 0,
        codeHash,
        codeRequest,
        purgeTime(expiresAt),
      );
      purge(tenant, now, 1);
      return { kind: 'created', id };
    });
  };
}

/** Whether the user is enabled, the client's epoch if it is, whether the session lives, and the scopes consented to. */
type Around = [number | null, number | null, number | null, string | null];
