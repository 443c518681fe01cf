import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { grantId } from '@hufu/protocol/ids';
import { checkVerifier } from '@hufu/protocol/pkce';
import { checkRedirectUri as isRegistered } from '@hufu/protocol/redirect-uri';
import { readHolder, SECRET_LENGTH } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { asClient } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import { requireKey } from '../sender/require-key.ts';
import { narrowDetails } from '../tokens/authorization-details.ts';
import { endOfGrant, tellEnd } from '../tokens/end-of-grant.ts';
import { narrow } from '../tokens/narrow.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { userTokens } from '../tokens/user-tokens.ts';
import { readCodeRequest } from './code-request.ts';
import type { TokenRequest } from './grant.ts';
import { redemption } from './redemption.ts';
import { tellReplaced } from './tell-replaced.ts';
import { tooManyDevices } from './too-many-devices.ts';

/** How long after a code's end a second use of it still counts as theft; later it is an old address bar, and only refused. */
const REPLAY_SECONDS = 600;

const CODE_REFUSED = 'the code is invalid, expired, or was issued to another client';

/** The exchange of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5): generation 0 of a grant becomes 1, once. */
export async function authorizationCode(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  const code = form.get('code');
  if (code === undefined) throw new OAuthError('invalid_request', 'code is missing');
  trail.at('credential_form');
  const credential = readHolder(ctx.keys.tally, 'code', code);
  if (credential === undefined) throw refused('the code is not one of ours, or was changed');
  trail.at('grant_known');
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined) throw refused('no grant has this code; it may have expired long ago');
  trail.at('grant_owner');
  if (grant.clientId !== client.id) {
    ctx.log.warn('grant.foreign_client', { grant: grant.id, client: client.id });
    throw refused(`issued to ${grant.clientId}`);
  }
  trail.at('secret');
  if (grant.codeHash === undefined || !equalText(grant.codeHash, sha256(credential.secret)))
    throw refused('its secret is not the one the row knows');
  trail.grant = grant;
  trail.at('generation');
  if (grant.generation > 0) throw await replayed(ctx, grant, now);
  trail.at('grant_live');
  const end = endOfGrant(grant, now, 'access');
  if (end !== undefined) {
    const { description, detail } = await tellEnd(ctx, client, grant, end, CODE_REFUSED);
    throw new OAuthError('invalid_grant', description, { detail });
  }
  trail.at('grant_fresh');
  if (grant.expiresAt <= now) {
    // Over is over, whatever a clock says later (attacks COD-08).
    await asClient(ctx, grant.clientId).revokeGrant(ctx.tenant, grant.id, 'code_misused', now);
    throw refused(`expired ${now - grant.expiresAt} seconds ago`);
  }
  const asked = readCodeRequest(grant.codeRequest);
  // Before anything that spends the code: whoever lacks the key learns nothing and changes nothing (RFC 9449 §10).
  if (asked.boundKey !== undefined) requireKey(asked.boundKey, request, CODE_REFUSED);
  trail.at('same_redirect_uri');
  if (form.get('redirect_uri') !== asked.redirectUri) {
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one of the authorization request');
  }
  trail.at('redirect_uri');
  // An address that was taken away meanwhile may be in somebody else's hands.
  if (!isRegistered(asked.redirectUri, client.metadata.redirectUris, client.metadata.applicationType))
    throw refused('its redirect URI is no longer registered');
  trail.at('code_verifier');
  const verifier = form.get('code_verifier');
  if (!isVerified(verifier, asked.codeChallenge)) {
    // No guessing: a wrong verifier spends the code (attacks COD-05).
    await asClient(ctx, grant.clientId).revokeGrant(ctx.tenant, grant.id, 'code_misused', now);
    throw new OAuthError('invalid_grant', 'code_verifier does not match the code_challenge', {
      detail: verifier === undefined ? 'none was sent' : 'another value',
    });
  }
  const { resource, scopes } = narrow(ctx, grant, form.many('resource'), undefined, trail);
  trail.at('authorization_details');
  const details = narrowDetails(ctx, client, grant, form, resource.identifier);
  trail.scopes = scopes;

  const secret = ctx.random.text(SECRET_LENGTH);
  const { instance, confirmation } = request;
  const { refresh, sessionExpiresAt } = asked;
  const taken = await ctx.store.exchangeCode(
    ctx.tenant,
    grant.id,
    redemption(ctx, { client, grant, secret, resource, refresh, sessionExpiresAt, instance, confirmation, now }),
    now,
  );
  trail.at('devices');
  if (taken.kind === 'refused') throw tooManyDevices();
  trail.at('generation');
  if (taken.kind === 'lost') {
    if (taken.grant !== undefined && taken.grant.generation > 0) throw await replayed(ctx, taken.grant, now);
    throw refused('the grant died while the code was being exchanged');
  }
  await tellReplaced(ctx, client, taken, now);
  return userTokens(ctx, {
    client,
    grant: taken.grant,
    secret,
    resource,
    scopes,
    details,
    nonce: asked.nonce,
    confirmation,
    now,
  });
}

/** Neither or both: a verifier without a challenge means that somebody took the challenge away (RFC 9700 §4.8.2). */
function isVerified(verifier: string | undefined, challenge: string | undefined): boolean {
  if (challenge === undefined) return verifier === undefined;
  return verifier !== undefined && checkVerifier(verifier, challenge, sha256);
}

/** A code shown twice: whoever holds tokens of it may be the thief (RFC 6749 §4.1.2, RFC 9700 §4.5). */
async function replayed(ctx: Context, grant: GrantRecord, now: number): Promise<OAuthError> {
  if (now <= grant.createdAt + ctx.config.policies.codes.ttlSeconds + REPLAY_SECONDS) {
    await asClient(ctx, grant.clientId).revokeGrant(ctx.tenant, grant.id, 'code_replayed', now);
    ctx.log.warn('code.replayed', { grant: grant.id, client: grant.clientId });
  }
  return refused('the code was used before; its grant is revoked');
}

function refused(detail: string): OAuthError {
  return new OAuthError('invalid_grant', CODE_REFUSED, { detail });
}
