import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import { readDead, readDetails, readList, readObject, readRest } from '../encoding.ts';
import { lineEnd } from '../lineage.ts';
import type { GrantRecord } from '../port.ts';
import type { Connection } from './connection.ts';

/**
 * A grant (found by `index`, `INDEXED BY …`) joined with its client, which may be dead when the grant's own row says nothing. A grant that comes
 * from another is asked for again by `grantFinder`, so that the others pay nothing for it: `line` is the last column.
 */
export function selectGrant(index = '', line = 'NULL'): string {
  return `SELECT g.id, g.user_id, g.subject, g.client_id, g.session_id, g.parent_id, g.scopes, g.resources, g.auth_time, g.amr,
  g.offline, g.created_at, g.generation, g.key_id, g.rotated_at, g.code_hash, g.secret_hash, g.access_hash, g.code_request, g.expires_at,
  g.idle_seconds, g.revoked_at, g.revoked_reason, g.has_revoked_tokens, g.client_epoch, c.epoch, c.enabled, c.revoked_at, c.disabled_at, g.claims,
  g.authorization_details, g.actor, g.bound_key, g.device_id, g.redeemed_at, g.suspended_until, ${line}
  FROM grants g ${index} CROSS JOIN clients c ON c.tenant = g.tenant AND c.client_id = g.client_id`;
}

export type GrantRow = [
  id: GrantId,
  userId: UserId | null,
  subject: string,
  clientId: ClientId,
  sessionId: SessionId | null,
  parentId: GrantId | null,
  scopes: string,
  resources: string,
  authTime: number | null,
  amr: string,
  offline: number,
  createdAt: number,
  generation: number,
  keyId: number,
  rotatedAt: number,
  codeHash: string | null,
  secretHash: string | null,
  accessHash: string | null,
  codeRequest: string | null,
  expiresAt: number,
  idleSeconds: number,
  revokedAt: number | null,
  revokedReason: string | null,
  hasRevokedTokens: number,
  clientEpoch: number,
  epoch: number,
  enabled: number,
  clientRevokedAt: number | null,
  clientDisabledAt: number | null,
  claims: string | null,
  authorizationDetails: string | null,
  actor: string | null,
  boundKey: string | null,
  deviceId: number | null,
  redeemedAt: number | null,
  suspendedUntil: number | null,
  parentEndedAt: number | null,
];

export function readGrant(row: GrantRow): GrantRecord {
  return {
    id: row[0],
    userId: row[1] ?? undefined,
    subject: row[2],
    clientId: row[3],
    sessionId: row[4] ?? undefined,
    parentId: row[5] ?? undefined,
    scopes: readList(row[6]),
    resources: readList(row[7]),
    authTime: row[8] ?? undefined,
    amr: readList(row[9]),
    offline: row[10] === 1,
    createdAt: row[11],
    generation: row[12],
    keyId: row[13],
    rotatedAt: row[14],
    codeHash: row[15] ?? undefined,
    secretHash: row[16] ?? undefined,
    accessHash: row[17] ?? undefined,
    codeRequest: row[18] === null ? undefined : readObject(row[18]),
    claims: row[29] === null ? undefined : readObject(row[29]),
    authorizationDetails: readDetails(row[30]),
    actor: row[31] === null ? undefined : readObject(row[31]),
    boundKey: row[32] ?? undefined,
    expiresAt: row[19],
    idleSeconds: row[20],
    dead: readDead(row[21], row[22], row[24], { epoch: row[25], enabled: row[26] === 1, revokedAt: row[27], disabledAt: row[28] }, row[36]),
    hasRevokedTokens: row[23] === 1,
    deviceId: row[33] ?? undefined,
    redeemedAt: row[34] ?? undefined,
    suspendedUntil: readRest(row[35], { enabled: row[26] === 1, disabledAt: row[28] }),
  };
}

export type FindGrant = (tenant: TenantId, id: GrantId) => GrantRecord | undefined;

/** Inside a read or a write. */
export interface GrantFinder {
  readonly find: FindGrant;
  /** The grant of a row that `selectGrant` has found without a `line`. */
  readonly complete: (tenant: TenantId, row: GrantRow) => GrantRecord;
}

/** Rows of grants that come from others are read again with their line, in one statement: what is answered was true at one moment. */
export function grantFinder(db: Connection): GrantFinder {
  const findById = db.lazy(`${selectGrant()} WHERE g.tenant = ? AND g.id = ?`);
  const findInLine = db.lazy(`${selectGrant('', lineEnd('g.tenant', 'g.parent_id'))} WHERE g.tenant = ? AND g.id = ?`);
  const complete = (tenant: TenantId, row: GrantRow): GrantRecord => {
    if (row[PARENT] === null) return readGrant(row);
    const again = findInLine().get(tenant, row[0]) as unknown as GrantRow | undefined;
    return readGrant(again ?? row);
  };
  return {
    complete,
    find(tenant, id) {
      const row = findById().get(tenant, id) as unknown as GrantRow | undefined;
      return row === undefined ? undefined : complete(tenant, row);
    },
  };
}

const PARENT = 5;
