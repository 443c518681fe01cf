import { userId } from '@hufu/protocol/ids';
import { readObject, readSource } from '../encoding.ts';
import type { UserRecord } from '../port.ts';

export const USER_COLUMNS: string =
  'id, sub, username, password_hash, claims, source, enabled, created_at, updated_at, password_changed_at, auth_version, locked_until';

export interface UserRow {
  readonly id: number;
  readonly sub: string;
  readonly username: string;
  readonly password_hash: string | null;
  readonly claims: string;
  readonly source: string | null;
  readonly enabled: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly password_changed_at: number;
  readonly auth_version: number | null;
  readonly locked_until: number | null;
}

export function readUser(row: UserRow): UserRecord {
  return {
    id: userId(row.id),
    sub: row.sub,
    username: row.username,
    passwordHash: row.password_hash ?? undefined,
    claims: readObject(row.claims),
    source: readSource(row.source),
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    passwordChangedAt: row.password_changed_at,
    authVersion: row.auth_version ?? 0,
    lockedUntil: row.locked_until ?? undefined,
  };
}
