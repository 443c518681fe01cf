import type { ClientId, GrantId, SessionId, UserId } from '@hufu/protocol/ids';
import { readDead, readDetails, readList, readObject, readRest } from '../encoding.ts';
import { lineEnd } from '../lineage.ts';
import type { GrantRecord } from '../port.ts';

/** What a `GrantRecord` is made of, where `grants` is `g`. Named one by one: `*` would break prepared statements when a column is added. */
export const GRANT_COLUMNS: string = [
  'id',
  'generation',
  'key_id',
  'rotated_at',
  'expires_at',
  'idle_seconds',
  'revoked_at',
  'revoked_reason',
  'has_revoked_tokens',
  'user_id',
  'subject',
  'client_id',
  'client_epoch',
  'session_id',
  'parent_id',
  'scopes',
  'resources',
  'auth_time',
  'amr',
  'offline',
  'created_at',
  'secret_hash',
  'access_hash',
  'code_hash',
  'code_request',
  'claims',
  'authorization_details',
  'actor',
  'bound_key',
  'device_id',
  'redeemed_at',
  'suspended_until',
]
  .map((name) => `g.${name}`)
  .join(', ');

/** What a grant's death may come from beside its own row, where `clients` is `c`. */
export const CLIENT_COLUMNS: string =
  'c.epoch AS current_epoch, c.enabled AS client_enabled, c.revoked_at AS client_revoked_at, c.disabled_at AS client_disabled_at';

/** What the death of a grant that comes from another may come from beside: asked for by a statement of its own, so that the others pay nothing. */
export const LINE_COLUMN: string = `${lineEnd('g.tenant', 'g.parent_id')} AS parent_ended_at`;

export interface GrantRow {
  readonly id: GrantId;
  readonly generation: number;
  readonly key_id: number;
  readonly rotated_at: number;
  readonly expires_at: number;
  readonly idle_seconds: number;
  readonly revoked_at: number | null;
  readonly revoked_reason: string | null;
  readonly has_revoked_tokens: number;
  readonly user_id: UserId | null;
  readonly subject: string;
  readonly client_id: ClientId;
  readonly client_epoch: number;
  readonly session_id: SessionId | null;
  readonly parent_id: GrantId | null;
  readonly scopes: string;
  readonly resources: string;
  readonly auth_time: number | null;
  readonly amr: string;
  readonly offline: number;
  readonly created_at: number;
  readonly secret_hash: string | null;
  readonly access_hash: string | null;
  readonly code_hash: string | null;
  readonly code_request: string | null;
  readonly claims: string | null;
  readonly authorization_details: string | null;
  readonly actor: string | null;
  readonly bound_key: string | null;
  readonly device_id: number | null;
  readonly redeemed_at: number | null;
  readonly suspended_until: number | null;
}

export interface ClientState {
  readonly current_epoch: number;
  readonly client_enabled: number;
  readonly client_revoked_at: number | null;
  readonly client_disabled_at: number | null;
  /** Only where `LINE_COLUMN` was asked for. */
  readonly parent_ended_at?: number | null;
}

/** A row that was just written under conditions which no dead grant meets. */
export function readLivingGrant(row: GrantRow): GrantRecord {
  return read(row, undefined);
}

export function readGrant(row: GrantRow & ClientState): GrantRecord {
  const client = {
    epoch: row.current_epoch,
    enabled: row.client_enabled === 1,
    revokedAt: row.client_revoked_at,
    disabledAt: row.client_disabled_at,
  };
  return read(row, readDead(row.revoked_at, row.revoked_reason, row.client_epoch, client, row.parent_ended_at ?? null), client);
}

function read(row: GrantRow, dead: GrantRecord['dead'], client?: Parameters<typeof readRest>[1]): GrantRecord {
  return {
    id: row.id,
    userId: row.user_id ?? undefined,
    subject: row.subject,
    clientId: row.client_id,
    sessionId: row.session_id ?? undefined,
    parentId: row.parent_id ?? undefined,
    scopes: readList(row.scopes),
    resources: readList(row.resources),
    authTime: row.auth_time ?? undefined,
    amr: readList(row.amr),
    offline: row.offline === 1,
    createdAt: row.created_at,
    generation: row.generation,
    keyId: row.key_id,
    rotatedAt: row.rotated_at,
    codeHash: row.code_hash ?? undefined,
    secretHash: row.secret_hash ?? undefined,
    accessHash: row.access_hash ?? undefined,
    codeRequest: row.code_request === null ? undefined : readObject(row.code_request),
    claims: row.claims === null ? undefined : readObject(row.claims),
    authorizationDetails: readDetails(row.authorization_details),
    actor: row.actor === null ? undefined : readObject(row.actor),
    boundKey: row.bound_key ?? undefined,
    expiresAt: row.expires_at,
    idleSeconds: row.idle_seconds,
    dead,
    hasRevokedTokens: row.has_revoked_tokens === 1,
    deviceId: row.device_id ?? undefined,
    redeemedAt: row.redeemed_at ?? undefined,
    suspendedUntil: readRest(row.suspended_until, client),
  };
}
