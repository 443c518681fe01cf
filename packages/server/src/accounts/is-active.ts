import type { UserRecord } from '@hufu/store/port';

/** Whether anything of theirs may be taken now: they are enabled, and no administrator has locked them. */
export function isActive({ enabled, lockedUntil }: Pick<UserRecord, 'enabled' | 'lockedUntil'>, now: number): boolean {
  return enabled && (lockedUntil === undefined || lockedUntil <= now);
}
