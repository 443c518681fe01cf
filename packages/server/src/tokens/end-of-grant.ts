import type { GrantRecord, RevocationReason, SessionEnd } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/**
 * Why somebody is no longer signed in, as applications may tell them: another device has taken the place of this one, somebody has ended it, or its time was over. The first word of an
 * `error_description` (RFC 6749 §5.2), and only for whoever holds a secret of it.
 */
export type EndWord = 'session_replaced' | 'session_terminated' | 'session_expired';

/** Why nothing is taken of a grant now. */
export interface EndOfGrant {
  readonly word: EndWord | undefined;
  /** Seconds; undefined where nobody knows any more. */
  readonly at: number | undefined;
  /** For the decision record. */
  readonly detail: string;
}

/** Undefined while it lives. Idle time is of its refresh tokens alone. */
export function endOfGrant(
  { dead, suspendedUntil, expiresAt, idleSeconds, rotatedAt }: GrantRecord,
  now: number,
  of: 'refresh' | 'access',
): EndOfGrant | undefined {
  if (dead !== undefined)
    return {
      word: wordOf(dead.reason),
      at: dead.at === 0 ? undefined : dead.at,
      detail: `${of === 'refresh' ? 'the' : 'its'} grant is dead since ${dead.at}: ${dead.reason}`,
    };
  if ((suspendedUntil ?? 0) > now)
    return { word: 'session_terminated', at: undefined, detail: `its grant rests until ${suspendedUntil}: user_locked` };
  if (of === 'access') return undefined;
  if (expiresAt <= now) return { word: 'session_expired', at: expiresAt, detail: `the grant ended ${now - expiresAt} seconds ago` };
  const idleEnd = rotatedAt + idleSeconds;
  if (idleSeconds > 0 && idleEnd <= now) return { word: 'session_expired', at: idleEnd, detail: `not used for ${now - rotatedAt} seconds` };
  return undefined;
}

/** Undefined where it is nobody's sign-in that has ended: a client, a consent, a code. */
export function wordOf(reason: RevocationReason | SessionEnd): EndWord | undefined {
  switch (reason) {
    case 'session_replaced':
      return 'session_replaced';
    case 'signed_out':
    case 'revoked_by_user':
    case 'revoked_by_admin':
    case 'revoked_by_client':
    case 'password_changed':
    case 'user_disabled':
    case 'user_deleted':
    case 'credential_removed':
      return 'session_terminated';
    default:
      return undefined;
  }
}

/** As applications read it: the word, when, and (for those of the house) on what kind of device; `otherwise` where there is no word. */
export function describeEnd({ word, at }: Pick<EndOfGrant, 'word' | 'at'>, device: string | undefined, otherwise: string): string {
  if (word === undefined) return otherwise;
  const when = at === undefined ? '' : ` on ${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
  switch (word) {
    case 'session_replaced':
      return `session_replaced: the user signed in on another device${device === undefined ? '' : ` (${device})`}${when}`;
    case 'session_terminated':
      return `session_terminated: the sign-in was ended${when}`;
    case 'session_expired':
      return `session_expired: the sign-in was over${when}`;
  }
}

/** The end in both its forms: what the client may read, and what the decision record keeps. Asked only for a grant that is over. */
export async function tellEnd(
  ctx: Context,
  client: Client | undefined,
  grant: GrantRecord,
  end: EndOfGrant,
  otherwise: string,
): Promise<{ readonly description: string; readonly detail: string }> {
  const device = end.word === 'session_replaced' ? await findReplacing(ctx, grant) : undefined;
  const isOurs = client?.metadata.settings.firstParty === true;
  return {
    description: describeEnd(end, isOurs ? device : undefined, otherwise),
    detail: device === undefined ? end.detail : `${end.detail} by a device of the kind ${device}`,
  };
}

/** The kind of device that took the place of a grant's: of the session that came instead, or where the client was used since. */
async function findReplacing(ctx: Context, { sessionId, userId, clientId, dead }: GrantRecord): Promise<string | undefined> {
  if (userId === undefined) return undefined;
  const session = sessionId === undefined ? undefined : await ctx.store.findSession(ctx.tenant, sessionId);
  if (session?.endedReason === 'session_replaced' && session.endedBy !== undefined)
    return (await ctx.store.findSessionDevice(ctx.tenant, session.endedBy))?.type;
  const grants = await ctx.store.listGrants(ctx.tenant, { userId, clientId }, LOOKED_AT);
  const since = grants.find(({ deviceId, redeemedAt }) => deviceId !== undefined && (redeemedAt ?? 0) >= (dead?.at ?? 0));
  const devices = since === undefined ? [] : await ctx.store.listDevices(ctx.tenant, userId);
  return devices.find(({ id }) => id === since?.deviceId)?.type;
}

const LOOKED_AT = 20;
