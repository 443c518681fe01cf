/** Seconds from a failed attempt to the next; after the last one it is given up. A code is of use now or never, a notice may come tomorrow. */
const DELAYS = { soon: [5, 30, 120, 600], patient: [30, 600, 7_200, 43_200] } as const;
/** What is good for longer than any code or link is a notice, and can wait out an outage. */
const SOON_SECONDS = 86_400;

/**
 * When a mail is tried again, in seconds since 1970; undefined once it is given up: after five attempts, or where it would come too late to be of use.
 *
 * @param attempt which one has just failed, from 1
 */
export function retryAt(
  attempt: number,
  { createdAt, expiresAt }: { readonly createdAt: number; readonly expiresAt: number },
  now: number,
): number | undefined {
  const delay = DELAYS[expiresAt - createdAt > SOON_SECONDS ? 'patient' : 'soon'][attempt - 1];
  return delay === undefined || now + delay >= expiresAt ? undefined : now + delay;
}
