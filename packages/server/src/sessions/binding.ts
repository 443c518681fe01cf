import { equalText } from '@hufu/protocol/equal-text';
import type { SessionRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { readCookie } from './cookies.ts';
import { browserHash } from './device-of.ts';
import { matchesFingerprint } from './fingerprint.ts';

/** What becomes of a session that is used: `anew` where its user has to sign in again, and then it goes on. */
export type Hold = 'holds' | 'denied' | 'anew';

/** Whether a session is used where it was opened, as far as `policies.devices.binding` looks; one of the version before is held to nothing. */
export function holdOf(ctx: Context, request: HttpRequest, session: SessionRecord): Hold {
  const { binding, onMismatch } = ctx.config.policies.devices;
  if (binding === 'none' || isSame(ctx, request, session, binding)) return 'holds';
  ctx.log.warn('session.elsewhere', { session: session.id, user: session.userId, binding, outcome: onMismatch });
  switch (onMismatch) {
    case 'log':
      return 'holds';
    case 'deny':
      return 'denied';
    case 'step_up':
      return 'anew';
  }
}

function isSame(ctx: Context, request: HttpRequest, session: SessionRecord, binding: 'fingerprint' | 'browser_cookie'): boolean {
  if (binding === 'fingerprint') return session.fingerprint === undefined || matchesFingerprint(session.fingerprint, request);
  const id = readCookie(ctx, request, 'browser');
  return session.browserHash === undefined || (id !== undefined && equalText(session.browserHash, browserHash(ctx, id)));
}
