import { OAuthError } from '@hufu/protocol/errors';
import { formatScope } from '@hufu/protocol/scope';
import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { GrantRefusal, NewGrant } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { writeCodeRequest } from '../grants/code-request.ts';
import { participationOf } from '../logout/participation.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { sidFor } from '../sessions/session-name.ts';
import { standingOf } from '../sessions/standing.ts';
import { accessTokenTtl } from '../tokens/access-token-ttl.ts';
import { detailsFor } from '../tokens/authorization-details.ts';
import { writeGrantedClaims } from '../tokens/granted-claims.ts';
import { type AccessToken, issueAccessToken } from '../tokens/issue-access-token.ts';
import { issueIdToken } from '../tokens/issue-id-token.ts';
import { narrow } from '../tokens/narrow.ts';
import { derivedSecret, sha256 } from '../tokens/secrets.ts';
import { subjectFor } from '../tokens/subject.ts';
import { userClaims } from '../tokens/user-claims.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { namesOf } from './check-claims.ts';

/** Codes of one user and client that wait to be redeemed; the oldest fall (RFC 6819 §4.4.1.11). */
const MAX_CODES = 20;

/** A parameter of an authorization response. */
export type AnswerField = readonly [name: string, value: string | undefined];

/**
 * What the response type promises (RFC 6749 §4.1.2, §4.2.2, OpenID Connect Core §3.2.2.5, §3.3.2.5): a code, an access token, an ID token. Each
 * credential is a grant of its own: what came through the browser lives and dies apart from what the code will bring. User, client,
 * session and consent are checked again by the store in the act of making it.
 */
export async function issueAnswer(
  ctx: Context,
  request: AuthorizationRequest,
  session: BrowserSession,
  now: number,
): Promise<readonly AnswerField[]> {
  const { responseType } = request;
  await ensureStored(ctx, request.client, now);
  const common = commonOf(ctx, request, session);
  const code = responseType.code ? await issueCode(ctx, request, session, common, now) : undefined;
  const access = responseType.token ? await issueToken(ctx, request, common, now) : undefined;
  if (access !== undefined) ctx.metrics.meter.issued('front_channel');
  if (code === undefined && access === undefined) await admit(ctx, common, now);
  const idToken = responseType.idToken ? await issueFrontIdToken(ctx, request, session, common, access?.token.text, code, now) : undefined;
  return [
    ['access_token', access?.token.text],
    ['token_type', access === undefined ? undefined : 'Bearer'],
    ['expires_in', access?.token.expiresIn.toString()],
    ['scope', access === undefined || access.scope === formatScope(request.scopes) ? undefined : access.scope],
    ['id_token', idToken],
    ['code', code],
  ];
}

type Common = Omit<NewGrant, 'keyId' | 'expiresAt' | 'credential'>;

function commonOf(ctx: Context, request: AuthorizationRequest, browserSession: BrowserSession): Common {
  const { session, user } = browserSession;
  const { amr, authTime } = standingOf(browserSession);
  const { client, scopes, resources, claims, claimsLocales, authorizationDetails } = request;
  return {
    userId: user.id,
    subject: subjectFor(ctx, client, user),
    clientId: client.id,
    // 0: a document's client that has got its row a moment ago.
    clientVersion: client.record.version === 0 ? undefined : client.record.version,
    sessionId: session.id,
    scopes,
    resources,
    authTime,
    amr: [...amr],
    offline: scopes.includes('offline_access'),
    claims: scopes.includes('openid')
      ? writeGrantedClaims({ userinfo: namesOf(claims.userinfo), idToken: namesOf(claims.idToken), locales: claimsLocales })
      : undefined,
    authorizationDetails: authorizationDetails.length === 0 ? undefined : authorizationDetails,
    needsConsent: !client.metadata.settings.firstParty,
    // Only an ID token names the session to the client.
    participation: scopes.includes('openid') ? participationOf(ctx, client, session) : undefined,
  };
}

async function issueCode(
  ctx: Context,
  request: AuthorizationRequest,
  { session }: BrowserSession,
  common: Common,
  now: number,
): Promise<string> {
  const secret = ctx.random.text(SECRET_LENGTH);
  const keyId = ctx.keys.sealKeyId;
  const created = await ctx.store.createGrant(
    ctx.tenant,
    {
      ...common,
      keyId,
      expiresAt: now + ctx.config.policies.codes.ttlSeconds,
      credential: {
        kind: 'code',
        codeHash: sha256(secret),
        codeRequest: writeCodeRequest({
          redirectUri: request.redirectUri,
          codeChallenge: request.codeChallenge,
          nonce: request.nonce,
          boundKey: request.boundKey,
          refresh: common.offline || !request.askedOffline,
          sessionExpiresAt: session.expiresAt,
        }),
        maxCodes: MAX_CODES,
      },
    },
    now,
  );
  if (created.kind === 'refused') throw refused(created.reason);
  return writeHolder(ctx.keys.tally, 'code', { keyId, id: created.id, generation: 0 }, secret);
}

/** An access token from the authorization endpoint. Its holder's secret stays nowhere: there is nothing it could be exchanged for. */
async function issueToken(
  ctx: Context,
  request: AuthorizationRequest,
  common: Common,
  now: number,
): Promise<{ readonly token: AccessToken; readonly scope: string }> {
  const { client } = request;
  // Nothing here outlives the session (OpenID Connect Core §11).
  const online = common.scopes.filter((scope) => scope !== 'offline_access');
  const { resource, scopes } = narrow(ctx, common, [], online);
  const ttl = accessTokenTtl(client, resource);
  const secret = ctx.random.text(SECRET_LENGTH);
  const keyId = ctx.keys.sealKeyId;
  const expiresAt = now + ttl;
  const credential = {
    kind: 'access_token',
    accessHash: sha256(derivedSecret(secret)),
    maxGrants: client.metadata.settings.maxGrantsPerUser,
  } as const;
  const created = await ctx.store.createGrant(ctx.tenant, { ...common, offline: false, keyId, expiresAt, credential }, now);
  if (created.kind === 'refused') throw refused(created.reason);
  const grant = {
    ...common,
    parentId: undefined,
    id: created.id,
    keyId,
    generation: 1,
    rotatedAt: now,
    expiresAt,
    hasRevokedTokens: false,
  };
  const token = await issueAccessToken(ctx, {
    grant,
    resource,
    scopes,
    secret,
    confirmation: undefined,
    details: detailsFor(common, resource.identifier),
    ttl,
    now,
  });
  return { token, scope: formatScope(scopes) };
}

async function admit(ctx: Context, common: Common, now: number): Promise<void> {
  const admitted = await ctx.store.admit(ctx.tenant, common, now);
  if (admitted.kind === 'refused') throw refused(admitted.reason);
}

async function issueFrontIdToken(
  ctx: Context,
  request: AuthorizationRequest,
  { session, user }: BrowserSession,
  common: Common,
  accessToken: string | undefined,
  code: string | undefined,
  now: number,
): Promise<string> {
  const { client, scopes, claims, claimsLocales, nonce, state } = request;
  // Only where no access token will ever come does the ID token say what the scopes release (OpenID Connect Core §5.4).
  const wanted = accessToken === undefined && code === undefined ? scopes : [];
  return await issueIdToken(ctx, {
    client,
    subject: common.subject,
    authTime: common.authTime,
    amr: common.amr,
    sid: sidFor(ctx, client, session.id),
    nonce,
    accessToken,
    code,
    state,
    claims: userClaims(user, { scopes: wanted, names: namesOf(claims.idToken), locales: claimsLocales }),
    now,
  });
}

function refused(reason: GrantRefusal): OAuthError {
  const code = reason === 'client_inactive' ? 'unauthorized_client' : reason === 'consent_missing' ? 'consent_required' : 'login_required';
  return new OAuthError(code, 'something changed while the request was under way; start again', { detail: reason });
}
