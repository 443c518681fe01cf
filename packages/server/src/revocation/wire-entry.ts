import { createHash } from 'node:crypto';
import { sessionId } from '@hufu/protocol/ids';
import { ENTRY_MARGIN_SECONDS, type RevocationEntry } from '@hufu/protocol/revocation-batch';
import type { Revocation } from '@hufu/store/port';
import { CLOCKS_APART_SECONDS } from '../clock.ts';
import type { Context } from '../context.ts';
import { sessionName } from '../sessions/session-name.ts';
import { placeOf, writePlace } from '../status/place.ts';

/** An entry of the log as others may see it: ids permuted or hashed, no name of anybody. */
export function wireEntry(ctx: Pick<Context, 'keys'>, { seq, kind, subject, sub, reason, at, expiresAt }: Revocation): RevocationEntry {
  const told = { seq, at, exp: expiresAt + ENTRY_MARGIN_SECONDS, reason };
  switch (kind) {
    case 'grant':
      // Tokens made when the lock is over are good; in the second of the lock none is.
      return {
        ...told,
        kind: 'grant',
        id: writePlace(placeOf(ctx, Number(subject))),
        ...(reason === 'user_locked' ? { before: at + 1 } : {}),
      };
    case 'token':
      return { ...told, kind: 'jti', id: subject };
    case 'user':
      return { ...told, kind: 'subject', id: subjectName(sub ?? ''), before: at };
    case 'client':
      // Whatever a node issued whose clock is ahead. A client that was revoked may be given new tokens at once: of those none may be named. One that was disabled may be
      // enabled again, or one that was removed added, before that is over: then its new JWTs are refused for the rest of the minute, as nobody can tell them from those.
      return { ...told, kind: 'client', id: subject, before: at + (reason === 'client_revoked' ? 1 : CLOCKS_APART_SECONDS) };
    case 'key':
      return { seq, kind: 'key', id: subject, at, reason };
    case 'session':
      return { ...told, kind: 'session', id: sessionName(ctx, sessionId(Number(subject))), info: true };
    case 'device':
      return { ...told, kind: 'device', id: ctx.keys.keyedHash('device', subject), info: true };
    default:
      // Written by a version after this one: whoever follows refuses what it cannot understand, and we cannot either, nor whether its name may be told.
      return { ...told, kind, id: '-' };
  }
}

/** How the log names a `sub` without telling it to whoever does not know it already. */
export function subjectName(sub: string): string {
  return createHash('sha256').update(sub).digest('base64url');
}
