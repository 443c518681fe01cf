import type { StoredAccess } from './record.ts';
import type { RawTokenAnswer } from './renewer.ts';

/** A longer life than a day is a mistake of the server's, or milliseconds. */
const MAX_LIFE_SECONDS = 86_400;
/** How far two machines that share a session may differ about the time. */
const MAX_SKEW_MS = 60_000;

/** `expires_in` (RFC 6749 §5.1) in seconds, digits as text too. Undefined where it is missing, no number, negative or more than a day. */
export function readLifeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 && seconds <= MAX_LIFE_SECONDS ? seconds : undefined;
}

/**
 * When the token of an answer ends, counted from before the request was sent. Undefined where it does not say so, or that it is over
 * already: such a token is renewed when an API refuses it.
 *
 * @param sentAt milliseconds since 1970.
 */
export function readExpiry(answer: RawTokenAnswer, sentAt: number): number | undefined {
  const seconds = readLifeSeconds(answer['expires_in']);
  return seconds ? sentAt + Math.floor(seconds * 1000) : undefined;
}

/** Whether it lives on for longer than `leadMs`, or a quarter of its life if that is shorter. */
export function isUsable(access: StoredAccess, now: number, leadMs: number): boolean {
  const { obtainedAt, expiresAt } = access;
  if (expiresAt === undefined) return true;
  return isLive(access, now) && expiresAt - now > Math.min(leadMs, (expiresAt - obtainedAt) / 4);
}

/** Whether it may still be taken somewhere. */
export function isLive({ obtainedAt, expiresAt }: StoredAccess, now: number): boolean {
  // A token from the future: the clock was set back, and nobody knows how long it lives.
  return expiresAt === undefined || (now < expiresAt && now >= obtainedAt - MAX_SKEW_MS);
}
