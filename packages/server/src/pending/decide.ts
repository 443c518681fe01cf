import { isSubset } from '@hufu/protocol/scope';
import type { PendingAuthorization, UserRecord } from '@hufu/store/port';
import { asUser } from '../audit/acting.ts';
import { wakeNotifications } from '../backchannel/notification-job.ts';
import type { Context } from '../context.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { subjectFor } from '../tokens/subject.ts';
import { findClientOf } from './client-of-pending.ts';
import { readPendingRequest } from './pending-request.ts';

/** Approved requests of one user and client that wait to be fetched; the oldest fall. */
const MAX_CODES = 20;
/** Seconds that an approved one may be fetched after its time: somebody may have pressed the button in its last second. */
const FETCH_SECONDS = 60;
/** Seconds that a pushed grant waits for its delivery to begin. */
const PUSH_SECONDS = 3_600;

/** Who decides, and how they had shown who they are. */
export interface Decider {
  readonly user: UserRecord;
  readonly authTime: number;
  readonly amr: readonly string[];
}

/** `gone`: it is over, somebody else has decided it, or its client may not have it any more. */
export type Decision = 'allowed' | 'denied' | 'gone';

/**
 * Allows what waits: the grant is made in the same act, once (RFC 8628 §3.3, OpenID Connect CIBA §8). It has no session: it is another device's, and
 * whoever decided may sign out here without ending it there. Nothing is remembered as a consent.
 */
export async function approve(
  ctx: Context,
  pending: PendingAuthorization,
  { user, authTime, amr }: Decider,
  now: number,
): Promise<Decision> {
  const client = await findClientOf(ctx, pending);
  if (client === undefined) return 'gone';
  const { scopes, resources, notice } = readPendingRequest(pending);
  if (!isSubset(scopes, allowedScopes(ctx, client))) return 'gone';
  const approved = await asUser(ctx, user).approvePending(
    ctx.tenant,
    pending.id,
    {
      userId: user.id,
      subject: subjectFor(ctx, client, user),
      clientId: client.id,
      clientVersion: client.record.version,
      sessionId: undefined,
      scopes,
      resources,
      authTime,
      amr,
      offline: true,
      claims: undefined,
      keyId: ctx.keys.sealKeyId,
      expiresAt: notice?.mode === 'push' ? now + PUSH_SECONDS : pending.expiresAt + FETCH_SECONDS,
      // Asked just now, and for this once.
      needsConsent: false,
      participation: undefined,
      credential: { kind: 'code', codeHash: pending.secretHash, codeRequest: { decided: pending.kind }, maxCodes: MAX_CODES },
    },
    now,
  );
  if (approved.kind !== 'approved') return 'gone';
  if (notice !== undefined) wakeNotifications(ctx);
  return 'allowed';
}

/** Says no, once. */
export async function deny(ctx: Context, pending: PendingAuthorization, user: UserRecord, now: number): Promise<Decision> {
  const denied = await asUser(ctx, user).denyPending(ctx.tenant, pending.id, user.id, now);
  if (denied !== 'denied') return 'gone';
  if (readPendingRequest(pending).notice !== undefined) wakeNotifications(ctx);
  return 'denied';
}
