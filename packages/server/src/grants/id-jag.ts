import { OAuthError } from '@hufu/protocol/errors';
import type { ExchangeSettings } from '@hufu/protocol/exchange-settings';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { formatScope, readScope } from '@hufu/protocol/scope';
import { ID_JAG_TOKEN_TYPE, ID_TOKEN_TYPE } from '@hufu/protocol/token-types';
import type { SessionRecord, UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import { ID_JAG_TYPE } from '../assertions/issuer-jwt.ts';
import type { Context } from '../context.ts';
import { requireSigner } from '../keys/require-signer.ts';
import { readSessionName } from '../sessions/session-name.ts';
import { standingOf } from '../sessions/standing.ts';
import { acrOf } from '../tokens/acr.ts';
import { readIdTokenHint } from '../tokens/read-id-token-hint.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { requireClientFloor } from './client-floor.ts';
import { requireOneAudience } from './exchange-target.ts';
import type { TokenRequest } from './grant.ts';

/** Seconds that a grant for a foreign server is good for. */
const LIFETIME = 300;
/** Seconds after which an ID token says nothing of now any more. */
const MAX_ID_TOKEN_AGE = 600;

/**
 * An identity assertion authorization grant (ID-JAG §4): the client shows the ID token of somebody who is signed in here at this moment, and
 * gets our word for them to an authorization server that its policy names. Nothing is kept of it. Not for pairwise clients: their ID tokens do not
 * say which session they are of.
 */
export async function issueIdJag(ctx: Context, request: TokenRequest, policy: ExchangeSettings): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  if (form.has('actor_token') || form.has('actor_token_type'))
    throw new OAuthError('invalid_request', 'nobody acts for the subject of an id-jag');
  const { session, user } = await requireSignedIn(ctx, request);
  trail.at('exchange_target');
  const audience = requireOneAudience([], form.many('audience'), []);
  const target = policy.idJag.find((candidate) => candidate.audience === audience);
  if (target === undefined)
    throw new OAuthError('invalid_target', 'the client may not get tokens for this audience', { detail: audience.slice(0, 200) });
  const [resource, second] = form.many('resource');
  if (second !== undefined) throw new OAuthError('invalid_target', 'a token is for one resource');
  trail.at('exchange_scope');
  const asked = form.get('scope');
  const scopes = asked === undefined ? target.scopes : readScope(asked);
  for (const scope of scopes)
    if (!target.scopes.includes(scope)) throw new OAuthError('invalid_scope', 'the client may not ask for this scope', { detail: scope });

  const { amr, authTime } = standingOf({ session, user });
  requireClientFloor(request, amr);
  const acr = acrOf(amr);
  const claims = {
    iss: ctx.issuer,
    sub: subjectFor(ctx, client, user),
    aud: target.audience,
    client_id: target.clientId,
    jti: ctx.random.text(24),
    iat: now,
    exp: now + LIFETIME,
    auth_time: authTime,
    ...(amr.length > 0 ? { amr } : {}),
    ...(acr === undefined ? {} : { acr }),
    ...(resource === undefined ? {} : { resource }),
    ...(scopes.length > 0 ? { scope: formatScope(scopes) } : {}),
  };
  return {
    access_token: sign(ctx, request, claims),
    issued_token_type: ID_JAG_TOKEN_TYPE,
    token_type: 'N_A',
    expires_in: LIFETIME,
    ...(scopes.length > 0 ? { scope: formatScope(scopes) } : {}),
  };
}

/** Whose ID token it is, and that they are still signed in: it alone would outlive their session, and travels in addresses as a hint. */
async function requireSignedIn(
  ctx: Context,
  { client, form, trail, now }: TokenRequest,
): Promise<{ readonly session: SessionRecord; readonly user: UserRecord }> {
  trail.at('subject_token');
  const text = form.get('subject_token');
  if (text === undefined) throw new OAuthError('invalid_request', 'subject_token is missing');
  if (form.get('subject_token_type') !== ID_TOKEN_TYPE) throw new OAuthError('invalid_request', 'an id-jag is issued for an ID token');
  const token = await readIdTokenHint(ctx, text, now);
  if (token === undefined) throw refused('it is no ID token of ours');
  if (token.aud !== client.id) throw refused('it is for another client');
  if (token.byClient) throw refused('the client could have written it');
  if (token.expiresAt <= now || token.issuedAt <= now - MAX_ID_TOKEN_AGE)
    throw refused(`it was issued ${now - token.issuedAt} seconds ago`);
  const id = token.sid === undefined ? undefined : readSessionName(ctx, token.sid);
  const session = id === undefined ? undefined : await ctx.store.findSession(ctx.tenant, id);
  if (session === undefined || session.endedAt !== undefined || session.expiresAt <= now) throw refused('its session has ended');
  const user = await ctx.store.findUser(ctx.tenant, session.userId);
  if (user === undefined || !isActive(user, now)) throw refused('its user is not active');
  if (subjectFor(ctx, client, user) !== token.sub) throw refused('its session is somebody else’s by now');
  return { session, user };
}

function sign(ctx: Context, { client, now }: TokenRequest, claims: object): string {
  const registered = client.metadata.idTokenSignedResponseAlg;
  const alg = MAC_ALGS.includes(registered) ? (ctx.config.signing.algorithms[0] ?? registered) : registered;
  return requireSigner(ctx, alg, now).sign(ID_JAG_TYPE, claims);
}

function refused(detail: string): OAuthError {
  return new OAuthError('invalid_request', 'the subject token is invalid, or not the client’s to exchange', { detail });
}
