import type { TenantId } from '@hufu/protocol/ids';
import { readList } from '../encoding.ts';
import type { Admission, GrantRefusal } from '../port.ts';
import { isStanding } from '../standing-consent.ts';
import type { Connection } from './connection.ts';

export type Look = { readonly kind: 'refused'; readonly reason: GrantRefusal } | { readonly kind: 'seen'; readonly clientEpoch: number };

/** Whether user, client, session and consent are such that a grant may be made, in one statement: inside a write, or as a read of its own. */
export function lookAround(
  db: Connection,
): (tenant: TenantId, admission: Omit<Admission, 'subject' | 'participation'>, now: number) => Look {
  const look = db.lazy(`SELECT
    (SELECT enabled = 1 AND deleted_at IS NULL AND coalesce(locked_until, 0) <= ?5 FROM users WHERE tenant = ?1 AND id = ?2),
    (SELECT epoch FROM clients WHERE tenant = ?1 AND client_id = ?3 AND enabled = 1 AND (?6 IS NULL OR version = ?6)),
    (SELECT 1 FROM sessions WHERE tenant = ?1 AND id = ?4 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?5),
    (SELECT scopes FROM consents WHERE tenant = ?1 AND user_id = ?2 AND client_id = ?3 AND ${isStanding('consents')})`);
  return (tenant, { userId, clientId, clientVersion, sessionId, scopes, needsConsent }, now) => {
    const [active, clientEpoch, session, consented] = look().get(
      tenant,
      userId ?? null,
      clientId,
      sessionId ?? null,
      now,
      clientVersion ?? null,
    ) as unknown as Around;
    if (userId !== undefined && active !== 1) return { kind: 'refused', reason: 'user_inactive' };
    if (clientEpoch === null) return { kind: 'refused', reason: 'client_inactive' };
    if (sessionId !== undefined && session === null) return { kind: 'refused', reason: 'session_ended' };
    if (needsConsent && (consented === null || !covers(readList(consented), scopes))) return { kind: 'refused', reason: 'consent_missing' };
    return { kind: 'seen', clientEpoch };
  };
}

/** Whether the user is active, the client's epoch if it is, whether the session lives, and the scopes consented to. */
type Around = [number | null, number | null, number | null, string | null];

function covers(consented: readonly string[], scopes: readonly string[]): boolean {
  return scopes.every((scope) => consented.includes(scope));
}
