/** How a device stands in its table, in both engines: as arrays, in the order of its columns. */
import type { UserId } from '@hufu/protocol/ids';
import type { DeviceRecord, DeviceType } from './port.ts';

export const DEVICE_COLUMNS = 'id, user_id, name, type, agent, place, created_at, seen_at, trusted_until, auth_version';

export type DeviceRow = readonly [
  id: number,
  userId: UserId,
  name: string,
  type: DeviceType,
  agent: string,
  place: string,
  createdAt: number,
  seenAt: number,
  trustedUntil: number,
  authVersion: number,
];

export function readDevice([id, userId, name, type, agent, place, createdAt, seenAt, trustedUntil, authVersion]: DeviceRow): DeviceRecord {
  return { id, userId, name, type, agent, place: place === '' ? undefined : place, createdAt, seenAt, trustedUntil, authVersion };
}
