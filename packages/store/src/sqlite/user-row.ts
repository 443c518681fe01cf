import { userId } from '@hufu/protocol/ids';
import { readObject, readSource } from '../encoding.ts';
import type { UserRecord } from '../port.ts';

export const USER_COLUMNS: string =
  'id, sub, username, password_hash, claims, source, enabled, created_at, updated_at, password_changed_at, auth_version, locked_until';

export type UserRow = [
  id: number,
  sub: string,
  username: string,
  passwordHash: string | null,
  claims: string,
  source: string | null,
  enabled: number,
  createdAt: number,
  updatedAt: number,
  passwordChangedAt: number,
  authVersion: number | null,
  lockedUntil: number | null,
];

export function readUser(row: UserRow): UserRecord {
  const [id, sub, username, passwordHash, claims, source, enabled, createdAt, updatedAt, passwordChangedAt, authVersion, lockedUntil] = row;
  return {
    id: userId(id),
    sub,
    username,
    passwordHash: passwordHash ?? undefined,
    claims: readObject(claims),
    source: readSource(source),
    enabled: enabled === 1,
    createdAt,
    updatedAt,
    passwordChangedAt,
    authVersion: authVersion ?? 0,
    lockedUntil: lockedUntil ?? undefined,
  };
}
