import { createHash } from 'node:crypto';
import { ClientError } from '@hufu/client/client-error';
import { pause } from '@hufu/client/clock';
import { signOutUrl } from '@hufu/client/sign-out';
import { clearAll, clearCookie, readCookies, writeCookie } from './cookie-jar.ts';
import { endPresented } from './end-presented.ts';
import { refuseForeign } from './guard.ts';
import { type EdgeReply, type EdgeRequest, jsonReply, notAllowed, seeOther } from './messages.ts';
import { baseOf, nowSeconds, signedOutOf, type TokenHandler } from './token-handler.ts';

const TICKET_SECONDS = 60;
/** Where no session was ended there is nothing to keep for its end: strangers would fill the store with it. */
const NO_TICKET = 'none';
/** An issuer that hangs keeps nobody from signing out. */
const REVOKE_MS = 2_000;

/**
 * `POST /edge/logout`: ends the session here at once, clears every cookie of ours and has the refresh token revoked (draft-ietf-oauth-browser-based-apps §6.1.2). The answer names where the
 * browser goes on to sign out at the issuer too, by a ticket: no token comes to the page. Works without a session. Throws `StoreUnavailable`, and then nothing has changed.
 */
export async function logout(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'POST') return notAllowed('POST', 'a sign-out is a POST');
  const refusal = refuseForeign(handler, request);
  if (refusal !== undefined) return refusal;
  const { cookies, store, tenant, settings, keys } = handler;
  const ended = await endPresented(handler, request.header('cookie'), 'signed_out');
  const [ticket, proof] = [ended === undefined ? NO_TICKET : handler.newSecret(), handler.newSecret()];
  const id = ticketId(ticket, proof);
  const now = nowSeconds(handler);
  if (ended !== undefined) {
    const sealed = keys.seal('sign-out', id, JSON.stringify({ idToken: ended.contents?.tokens.idToken }));
    const record = { id, sealed, idleSeconds: 0, expiresAt: now + TICKET_SECONDS, subject: undefined };
    await store.putEdgeRecord(tenant, settings.edge, record, now);
  }
  if (ended !== undefined) await Promise.race([ended.revoked, pause(handler.clock, REVOKE_MS, undefined, 'nothing')]);
  return jsonReply(200, { location: `${baseOf(handler)}/logout/end?t=${ticket}` }, [
    ...clearAll(request.header('cookie'), cookies),
    writeCookie(cookies.signOut, proof, TICKET_SECONDS, 'Lax'),
  ]);
}

/**
 * `GET /edge/logout/end?t=…`: on to the issuer's own sign-out (OpenID Connect RP-Initiated Logout §2), once, in the browser that has signed out, within a minute. For
 * everybody else it is the way to the front page. Throws `StoreUnavailable`.
 */
export async function logoutEnd(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'GET') return notAllowed('GET', 'this is a navigation');
  const { cookies, settings, client } = handler;
  const fallen = [clearCookie(cookies.signOut)];
  const proof = readCookies(request.header('cookie'), cookies.signOut).get(cookies.signOut);
  const ticket = request.query.get('t');
  if (proof === undefined || ticket === null) return seeOther(signedOutOf(handler), fallen);
  const kept = ticket === NO_TICKET ? {} : await takeKept(handler, ticketId(ticket, proof));
  if (kept === undefined) return seeOther(signedOutOf(handler), fallen);
  try {
    const location = await signOutUrl(client, { idToken: kept.idToken, postLogoutRedirectUri: settings.origin + signedOutOf(handler) });
    return seeOther(location, fallen);
  } catch (error) {
    // Signed out here they are; an issuer that has no such page, or cannot be reached, has no more to do with it.
    if (!(error instanceof ClientError)) throw error;
    return seeOther(signedOutOf(handler), fallen);
  }
}

/** To one of any number, within its minute. */
async function takeKept(handler: TokenHandler, id: string): Promise<{ readonly idToken?: string } | undefined> {
  const { store, tenant, settings, keys } = handler;
  const now = nowSeconds(handler);
  const record = await store.endEdgeRecord(tenant, settings.edge, id, 'signed_out', now);
  const text = record === undefined || record.expiresAt <= now ? undefined : keys.open('sign-out', record.id, record.sealed);
  if (record === undefined || text === undefined) return undefined;
  await store.settleEdgeTombstone(tenant, settings.edge, record.id);
  // Sealed by us.
  return JSON.parse(text) as { readonly idToken?: string };
}

/** Both halves are needed: one came to the page, the other is a cookie. */
function ticketId(ticket: string, proof: string): string {
  return `out:${createHash('sha256').update(`${ticket} ${proof}`).digest('base64url')}`;
}
