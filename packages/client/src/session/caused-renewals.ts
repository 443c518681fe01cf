import type { SessionRecord } from './record.ts';
import { SessionError } from './session-error.ts';

type Bucket = NonNullable<SessionRecord['bucket']>;

/** For a 401: so many renewals a minute. */
const MAX_CAUSED = 3;
const CAUSED_MS = 60_000;

/** Whether a 401 may still lead to a renewal. */
export function mayRenewBecauseOf401(record: SessionRecord, now: number): boolean {
  return bucketOf(record, now).count < MAX_CAUSED;
}

/** The minute with one more of them. Throws where there were as many as there may be. */
export function spend(record: SessionRecord, now: number): Bucket {
  if (!mayRenewBecauseOf401(record, now)) throw new SessionError('token_refused', 'access tokens are refused again and again');
  const { at, count } = bucketOf(record, now);
  return { at, count: count + 1 };
}

/** Of the minute that it is. */
function bucketOf({ bucket }: SessionRecord, now: number): Bucket {
  return bucket === undefined || Math.abs(now - bucket.at) >= CAUSED_MS ? { at: now, count: 0 } : bucket;
}
