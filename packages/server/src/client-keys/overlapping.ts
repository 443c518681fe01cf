import type { ClientSecret } from '@hufu/store/port';

/** Secrets of one client that may be good beside its newest. */
export const MAX_OLD_SECRETS: number = 4;

/**
 * What is left of secrets that another has replaced: each is good for the overlap from now on, or until its own end where that comes first,
 * newest first. With no overlap none is left.
 */
export function overlapping(secrets: readonly ClientSecret[], overlapSeconds: number, now: number): readonly ClientSecret[] {
  if (overlapSeconds === 0) return [];
  const end = now + overlapSeconds;
  return secrets
    .filter(({ expiresAt }) => expiresAt === 0 || expiresAt > now)
    .map((secret) => ({ ...secret, expiresAt: secret.expiresAt === 0 ? end : Math.min(secret.expiresAt, end) }))
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(0, MAX_OLD_SECRETS);
}
