import type { SessionId, TenantId, UserId } from '@hufu/protocol/ids';
import type { RevocationReason } from '../port.ts';
import { MAX_ACCESS_TOKEN_SECONDS } from '../retention.ts';
import type { Session, Statement } from './database.ts';
import { makeDeliveries } from './deliveries.ts';
import { endSessionsOf, revokeGrantsOf } from './endings.ts';
import { type NewEntry, writeEntries } from './revocation-log.ts';

export interface Ending {
  readonly user: UserId;
  readonly reason: RevocationReason;
  /** This session goes on. */
  readonly keepSession?: SessionId | undefined;
  /** And so do its grants and codes; with it the log names no user but what ends of theirs. */
  readonly keepGrantsOf?: SessionId | undefined;
}

/** How many rows an end has written. */
export interface Told {
  readonly entries: number;
  readonly deliveries: number;
  readonly grants: number;
}

export const NOTHING: Told = { entries: 0, deliveries: 0, grants: 0 };

/** Ends everything of a user, in a transaction that has locked their row. The deliveries and the log come last; what else goes is `before` them. */
export async function endUser(
  session: Session,
  tenant: TenantId,
  { user, reason, keepSession, keepGrantsOf }: Ending,
  now: number,
  before?: () => Promise<void>,
): Promise<Told> {
  const { ended, entries } = await endSessionsOf(session, tenant, user, keepSession, reason, now);
  const grants = await revokeGrantsOf(session, tenant, user, reason, now, keepGrantsOf);
  const whole: NewEntry[] = [{ kind: 'user', subject: String(user), reason, expiresAt: now + MAX_ACCESS_TOKEN_SECONDS }];
  const told = [...(keepGrantsOf === undefined ? whole : []), ...entries, ...grants];
  await before?.();
  const deliveries = await makeDeliveries(session, tenant, ended, now);
  await writeEntries(session, tenant, told, now);
  return { entries: told.length, deliveries, grants: grants.length };
}

/** Whether a session is there, the user's, and neither ended nor expired. In a transaction that has locked the user it stays so. */
export async function isLive(session: Session, tenant: TenantId, user: UserId, id: SessionId | undefined, now: number): Promise<boolean> {
  return id !== undefined && (await session.run(IS_LIVE, [tenant, id, user, now])).length > 0;
}

const IS_LIVE: Statement = {
  text: `SELECT FROM sessions WHERE tenant = $1::bigint AND id = $2::bigint AND user_id = $3::bigint AND ended_at IS NULL AND expires_at > $4::bigint
    FOR SHARE`,
};
