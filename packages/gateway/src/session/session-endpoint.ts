import { findSession, noteUse, type SessionOutcome } from './find-session.ts';
import { refuseForeign } from './guard.ts';
import { type EdgeReply, type EdgeRequest, jsonReply, notAllowed } from './messages.ts';
import { handleOf, livesUntil } from './session-contents.ts';
import { renewedCookies } from './session-cookie.ts';
import { baseOf, nowSeconds, type TokenHandler } from './token-handler.ts';

/**
 * `GET /edge/session`: who is signed in, without a token (draft-ietf-oauth-browser-based-apps §6.1.2). 200 for nobody too. With `slide=false` it is no use of the session. Throws
 * `StoreUnavailable`.
 */
export async function sessionEndpoint(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'GET') return notAllowed('GET', 'the session is read by GET');
  const refusal = refuseForeign(handler, request);
  if (refusal !== undefined) return refusal;
  const outcome = await findSession(handler, request.header('cookie'));
  const addresses = { login_url: `${baseOf(handler)}/login`, logout_url: `${baseOf(handler)}/logout` };
  if (outcome.kind !== 'found') return jsonReply(200, { signed_in: false, ...(outcome.kind === 'over' && endOf(outcome)), ...addresses });
  const { kept, session } = outcome;
  const { record, contents } = session;
  const isUse = request.query.get('slide') !== 'false';
  if (isUse) await noteUse(handler, session);
  const cookies = isUse && kept !== undefined ? renewedCookies(handler, record.id, contents, kept) : [];
  const { claims: all = {} } = contents.tokens;
  const shown = handler.settings.claims.filter((name) => Object.hasOwn(all, name));
  const said = {
    signed_in: true,
    handle: handleOf(handler, record.id),
    sub: contents.sub,
    claims: Object.fromEntries(shown.map((name) => [name, all[name]])),
    expires_in: (livesUntil(handler, record) ?? 0) - nowSeconds(handler),
    ...addresses,
  };
  return jsonReply(200, said, cookies);
}

/** Another device has taken its place: people are told when, and on what kind of device, as far as that is known. */
function endOf({ reason, replacement }: Extract<SessionOutcome, { readonly kind: 'over' }>): object {
  const { at, device } = replacement ?? {};
  return { reason, ...(at !== undefined && { replaced_at: at }), ...(device !== undefined && { replaced_by: device }) };
}
