/** What both engines ask of a pending authorization before they touch one. */
import { equalText } from '@hufu/protocol/equal-text';
import type { ClientId, GrantId, UserId } from '@hufu/protocol/ids';
import { readObject } from './encoding.ts';
import type { NewGrant, PendingAuthorization } from './port.ts';

/** A row of `pending_authorizations`, by the names of its columns. */
export interface PendingRow {
  readonly id: number;
  readonly kind: PendingAuthorization['kind'];
  readonly client_id: ClientId;
  readonly secret_hash: string;
  readonly user_code_hash: string | null;
  readonly user_id: UserId | null;
  readonly request: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly interval_seconds: number;
  readonly decision: PendingAuthorization['decision']['kind'];
  readonly grant_id: GrantId | null;
}

/** As selected, where the table is `p`. */
export const PENDING_COLUMNS: string =
  'p.id, p.kind, p.client_id, p.secret_hash, p.user_code_hash, p.user_id, p.request, p.created_at, p.expires_at, p.interval_seconds, p.decision, p.grant_id';

export function readPending(row: PendingRow): PendingAuthorization {
  return {
    id: row.id,
    kind: row.kind,
    clientId: row.client_id,
    secretHash: row.secret_hash,
    userCodeHash: row.user_code_hash ?? undefined,
    userId: row.user_id ?? undefined,
    request: readObject(row.request),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    intervalSeconds: row.interval_seconds,
    decision:
      row.decision === 'approved' && row.grant_id !== null
        ? { kind: 'approved', grantId: row.grant_id }
        : { kind: row.decision === 'denied' ? 'denied' : 'pending' },
  };
}

/** What is asked of a device has a code and nobody yet, what is asked of a user has nobody else's; all else is the caller's mistake. */
export function requireOpenable({ kind, userCodeHash, userId }: Pick<PendingAuthorization, 'kind' | 'userCodeHash' | 'userId'>): void {
  if (kind === 'device' && (userCodeHash === undefined || userId !== undefined))
    throw new TypeError('a device has a user code, and no user');
  if (kind === 'backchannel' && (userCodeHash !== undefined || userId === undefined))
    throw new TypeError('one user is asked, without a code');
}

/** The user who approves, and the hash of the code that the grant begins with. */
export function requireApproval(grant: NewGrant): { readonly userId: UserId; readonly codeHash: string } {
  if (grant.userId === undefined || grant.credential.kind !== 'code') throw new TypeError('a user approves, and a code is exchanged');
  return { userId: grant.userId, codeHash: grant.credential.codeHash };
}

/**
 * Why nothing is decided on a row any more, or not by this user (a request to another user is unknown to them). Undefined: it can be decided.
 */
export function whyUndecidable(row: PendingRow | undefined, user: UserId, now: number): 'decided' | 'expired' | 'unknown' | undefined {
  if (row === undefined || (row.kind === 'backchannel' && row.user_id !== user)) return 'unknown';
  if (row.decision !== 'pending') return 'decided';
  return row.expires_at <= now ? 'expired' : undefined;
}

/** The grant that is made by an approval is for the client that asked, under the code that it has; all else is the caller's mistake. */
export function requireMatch(row: PendingRow, { clientId }: NewGrant, codeHash: string): void {
  if (!equalText(row.secret_hash, codeHash)) throw new TypeError('the hash of the code is not that of what was asked for');
  if (row.client_id !== clientId) throw new TypeError('another client has asked');
}

/** Whether its client is told of the decision. */
export function isNotified(row: PendingRow): boolean {
  return row.kind === 'backchannel' && readObject(row.request)['notify'] === true;
}
