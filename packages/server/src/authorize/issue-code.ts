import { OAuthError } from '@hufu/protocol/errors';
import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { Context } from '../context.ts';
import { writeCodeRequest } from '../grants/code-request.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { AuthorizationRequest } from './authorization-request.ts';

/** Codes of one user and client that wait to be redeemed; the oldest fall (RFC 6819 §4.4.1.11). */
const MAX_CODES = 20;

/**
 * An authorization code (RFC 6749 §4.1.2): generation 0 of a new grant. User, client, session and consent are checked again by the store
 * in the act of inserting it.
 */
export async function issueCode(
  ctx: Context,
  request: AuthorizationRequest,
  { session, user }: BrowserSession,
  now: number,
): Promise<string> {
  const secret = ctx.random.text(SECRET_LENGTH);
  const offline = request.scopes.includes('offline_access');
  const keyId = ctx.keys.sealKeyId;
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      userId: user.id,
      subject: user.sub,
      clientId: request.client.id,
      sessionId: session.id,
      scopes: request.scopes,
      resources: request.resources,
      authTime: session.authTime,
      amr: session.amr,
      offline,
      keyId,
      codeHash: sha256(secret),
      codeRequest: writeCodeRequest({
        redirectUri: request.redirectUri,
        codeChallenge: request.codeChallenge,
        nonce: request.nonce,
        refresh: offline || !request.askedOffline,
        sessionExpiresAt: session.expiresAt,
      }),
      expiresAt: now + ctx.config.policies.codes.ttlSeconds,
      needsConsent: !request.client.metadata.settings.firstParty,
      maxCodes: MAX_CODES,
    },
    now,
  );
  if (created.kind === 'refused') throw refused(created.reason);
  return writeHolder(ctx.keys.tally, 'code', { keyId, id: created.id, generation: 0 }, secret);
}

function refused(reason: 'user_inactive' | 'client_inactive' | 'session_ended' | 'consent_missing'): OAuthError {
  const code = reason === 'client_inactive' ? 'unauthorized_client' : reason === 'consent_missing' ? 'consent_required' : 'login_required';
  return new OAuthError(code, 'something changed while the request was under way; start again', { detail: reason });
}
