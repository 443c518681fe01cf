import type { Client } from './client.ts';
import { mismatch } from './client-error.ts';
import { type Claims, checkTimes, verifyJwt } from './id-token.ts';

/** Whom a logout token signs out: one session, or all of a person. At least one of them is there. */
export interface LogoutToken {
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  /** One token serves once: keep it for some minutes and refuse it then. */
  readonly jti: string;
  /** Seconds since 1970, by the issuer's clock: a person's sessions that began later are not meant. */
  readonly issuedAt: number;
}

/** Validates a logout token (Back-Channel Logout §2.6). Throws `ClientError` `mismatch`: answer 400 then. */
export async function readLogoutToken(client: Client, token: unknown): Promise<LogoutToken> {
  const { payload } = await verifyJwt(client, token, 'logout+jwt');
  checkTimes(client, payload);
  const { sub, sid, jti, events, nonce, iat } = payload;
  const happened: Claims = Object(events);
  const event = happened['http://schemas.openid.net/event/backchannel-logout'];
  if (typeof event !== 'object' || event === null) throw mismatch('events', 'the logout token names no logout');
  // §2.4: so that no ID token is ever taken for one.
  if (nonce !== undefined) throw mismatch('nonce', 'the logout token has a nonce');
  if (typeof jti !== 'string' || jti === '') throw mismatch('jti', 'the logout token has no jti');
  const isText = (value: unknown): value is string | undefined => value === undefined || (typeof value === 'string' && value !== '');
  if (!isText(sub) || !isText(sid) || (sub ?? sid) === undefined)
    throw mismatch('sub', 'the logout token names neither a person nor a session');
  // `checkTimes` has looked.
  return { sub, sid, jti, issuedAt: Number(iat) };
}
