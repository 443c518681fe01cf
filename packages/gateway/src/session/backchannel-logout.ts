import { ClientError } from '@hufu/client/client-error';
import { type LogoutToken, readLogoutToken } from '@hufu/client/logout-token';
import { type EdgeReply, type EdgeRequest, jsonReply, notAllowed, problem } from './messages.ts';
import { subjectHashes } from './session-contents.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/**
 * `POST /edge/backchannel-logout`: the issuer says who has signed out (OpenID Connect Back-Channel Logout §2.5 to §2.8). A session that it names by `sid` ends alone; without one all that the
 * person began before. A repeat does the same again, and a sign-in that was on its way begins nothing. Throws `StoreUnavailable`: the issuer tries again.
 */
export async function backchannelLogout(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'POST') return notAllowed('POST', 'a logout token comes by POST');
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  const tokens = new URLSearchParams(request.body ?? '').getAll('logout_token');
  const [token] = tokens;
  if (type !== 'application/x-www-form-urlencoded' || tokens.length !== 1) return invalid('there is no logout token, or more than one');
  let named: LogoutToken;
  try {
    named = await readLogoutToken(handler.client, token);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.kind === 'mismatch') return invalid(error.message);
    return problem(503, 'issuer_unavailable', 'the keys of the authorization server cannot be had now', 5);
  }
  const { store, tenant, settings } = handler;
  const { sub, sid, issuedAt } = named;
  const now = nowSeconds(handler);
  // Under every key that sessions may have been kept with.
  if (sid !== undefined)
    for (const hash of subjectHashes(handler, 'sid', sid))
      await store.endEdgeSessions(tenant, settings.edge, { sid: hash }, 'signed_out_elsewhere', now);
  else if (sub !== undefined)
    for (const hash of subjectHashes(handler, 'sub', sub))
      await store.endEdgeSessions(tenant, settings.edge, { sub: hash, issuedBy: issuedAt }, 'signed_out_elsewhere', now);
  return jsonReply(200, {});
}

function invalid(description: string): EdgeReply {
  return jsonReply(400, { error: 'invalid_request', error_description: description });
}
