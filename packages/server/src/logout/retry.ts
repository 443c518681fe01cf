/** Seconds from a failed attempt to the next; the last one goes on. */
const DELAYS = [5, 30, 120, 600, 3_600, 21_600] as const;
const LAST_DELAY = 21_600;
/** Sessions of a client that has not answered for a day have ended there by themselves, or somebody has to look. */
const GIVE_UP_SECONDS = 86_400;

/**
 * When a delivery is tried again, in seconds since 1970; undefined once it is given up.
 *
 * @param attempt which one has just failed, from 1
 */
export function retryAt(attempt: number, createdAt: number, now: number): number | undefined {
  const at = now + (DELAYS[attempt - 1] ?? LAST_DELAY);
  return at > createdAt + GIVE_UP_SECONDS ? undefined : at;
}
