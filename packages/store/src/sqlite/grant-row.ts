import type { ClientId, GrantId, SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import { readDead, readList, readObject } from '../encoding.ts';
import type { GrantRecord } from '../port.ts';

/** A grant (found by `index`, `INDEXED BY …`) joined with its client, which may be dead when the grant's own row says nothing. */
export function selectGrant(index = ''): string {
  return `SELECT g.id, g.user_id, g.subject, g.client_id, g.session_id, g.parent_id, g.scopes, g.resources, g.auth_time, g.amr,
  g.offline, g.created_at, g.generation, g.key_id, g.rotated_at, g.code_hash, g.secret_hash, g.access_hash, g.code_request, g.expires_at,
  g.idle_seconds, g.revoked_at, g.revoked_reason, g.has_revoked_tokens, g.client_epoch, c.epoch, c.enabled, c.revoked_at, c.disabled_at, g.claims
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
    expiresAt: row[19],
    idleSeconds: row[20],
    dead: readDead(row[21], row[22], row[24], { epoch: row[25], enabled: row[26] === 1, revokedAt: row[27], disabledAt: row[28] }),
    hasRevokedTokens: row[23] === 1,
  };
}

export type FindGrant = (tenant: TenantId, id: GrantId) => GrantRecord | undefined;
