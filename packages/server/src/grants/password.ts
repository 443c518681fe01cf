import { OAuthError } from '@hufu/protocol/errors';
import { readScope } from '@hufu/protocol/scope';
import { SECRET_LENGTH } from '@hufu/protocol/tally';
import type { UserRecord } from '@hufu/store/port';
import { MAX_USERNAME, tryPassword } from '../accounts/password-attempt.ts';
import { MAX_PASSWORD } from '../accounts/passwords.ts';
import { floorOfClient } from '../authorize/requirements.ts';
import type { Context } from '../context.ts';
import { allowedScopes } from '../tokens/allowed-scopes.ts';
import { findResource, requireKnownScopes, resourcesFor, scopesAt } from '../tokens/resources.ts';
import { sha256 } from '../tokens/secrets.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { userTokens } from '../tokens/user-tokens.ts';
import { requireNoDetails } from './asserted-token.ts';
import type { TokenRequest } from './grant.ts';
import { redemption } from './redemption.ts';
import { tellReplaced } from './tell-replaced.ts';
import { tooManyDevices } from './too-many-devices.ts';

/** Seconds between the two acts that make a grant with refresh tokens. */
const CODE_SECONDS = 60;

/**
 * The password grant (RFC 6749 §4.3), which RFC 9700 §2.4 forbids: for confidential clients with `hufu.unsafe_password_grant`. The password is looked
 * at as on the sign-in page, with the same limits. There is no session, and no consent but that the user gave the client their password.
 */
export async function password(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail } = request;
  if (!client.confidential) throw new OAuthError('unauthorized_client', 'a public client cannot use password');
  requireNoDetails(request);
  const username = form.get('username');
  const text = form.get('password');
  if (username === undefined || text === undefined) throw new OAuthError('invalid_request', 'username or password is missing');
  if (username.length > MAX_USERNAME || text.length > MAX_PASSWORD)
    throw new OAuthError('invalid_request', 'username or password is too long');
  trail.at('scope');
  const allowed = allowedScopes(ctx, client);
  const asked = form.get('scope');
  const scopes = asked === undefined ? [] : readScope(asked);
  for (const scope of scopes)
    if (!allowed.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });
  trail.at('resource');
  const named = form.many('resource');
  if (named.length > 1) throw new OAuthError('invalid_target', 'an access token is for one resource');
  requireKnownScopes(ctx, scopes, named);
  const resources = resourcesFor(ctx, named, scopes);
  const user = await requireUser(ctx, request, username, text);
  return issue(ctx, request, user, scopes, resources);
}

/**
 * The user whose password it is, and who has nothing but that: more than a password cannot be shown here, so that for whoever has a second factor, and where the client or the policy wants one, every
 * password is wrong.
 */
async function requireUser(
  ctx: Context,
  { client, address, trail, now }: TokenRequest,
  username: string,
  text: string,
): Promise<UserRecord> {
  const { methods, secondFactor } = ctx.config.policies.signIn;
  const isEnough = methods.includes('password') && secondFactor !== 'required' && floorOfClient(client) <= 1;
  const enoughFor = isEnough ? 'who_has_no_more' : 'nobody';
  const outcome = await tryPassword(
    ctx,
    { username, password: text, address, knownBrowser: undefined, nowMs: now * 1000, enoughFor },
    trail,
  );
  if (outcome.kind === 'right') return outcome.user;
  if (outcome.kind === 'wrong') throw new OAuthError('invalid_grant', 'the user name or the password is wrong');
  throw new OAuthError('invalid_grant', 'signing in has failed too often; try again later', {
    detail: `limit ${outcome.rule}`,
    retryAfterSeconds: outcome.retryAfterSeconds,
  });
}

/** As a code that is exchanged at once: so the client has refresh tokens where it is registered for them. */
async function issue(
  ctx: Context,
  request: TokenRequest,
  user: UserRecord,
  scopes: readonly string[],
  resources: readonly string[],
): Promise<TokenResponse> {
  const { client, instance, confirmation, now } = request;
  const keyId = ctx.keys.sealKeyId;
  const resource = findResource(ctx, resources[0] ?? ctx.issuer);
  if (resource === undefined) throw new OAuthError('invalid_target', 'the resource is unknown');
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      userId: user.id,
      subject: subjectFor(ctx, client, user),
      clientId: client.id,
      clientVersion: client.record.version === 0 ? undefined : client.record.version,
      sessionId: undefined,
      scopes,
      resources,
      authTime: now,
      amr: ['pwd'],
      offline: true,
      claims: undefined,
      needsConsent: false,
      participation: undefined,
      keyId,
      expiresAt: now + CODE_SECONDS,
      credential: { kind: 'code', codeHash: sha256(ctx.random.text(SECRET_LENGTH)), codeRequest: {}, maxCodes: MAX_CODES },
    },
    now,
  );
  if (created.kind === 'refused')
    throw new OAuthError('invalid_grant', 'the user name or the password is wrong', { detail: created.reason });
  const secret = ctx.random.text(SECRET_LENGTH);
  const grant = { offline: true };
  const taken = await ctx.store.exchangeCode(
    ctx.tenant,
    created.id,
    redemption(ctx, { client, grant, secret, resource, refresh: true, instance, confirmation, now }),
    now,
  );
  request.trail.at('devices');
  if (taken.kind === 'refused') throw tooManyDevices();
  if (taken.kind === 'lost')
    throw new OAuthError('invalid_grant', 'the user name or the password is wrong', { detail: 'the grant died at once' });
  await tellReplaced(ctx, client, taken, now);
  return userTokens(ctx, {
    client,
    grant: taken.grant,
    secret,
    resource,
    scopes: scopesAt(resource, scopes),
    nonce: undefined,
    confirmation,
    now,
  });
}

/** Grants of one user and client between the two acts. */
const MAX_CODES = 20;
