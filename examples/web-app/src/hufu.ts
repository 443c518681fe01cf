/** Everything that this app says to Hufu. */
import * as oidc from 'openid-client';

const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';
const APP_URL = process.env.APP_URL ?? 'http://localhost:3000';
const SECRET = process.env.WEB_APP_SECRET ?? 'for-this-machine-only-make-your-own';
/** Seconds before its end at which an access token is renewed. */
const EARLY = 30;

/** What the request said that the answer has to match. */
export interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface Tokens {
  readonly access: string;
  /** Milliseconds since 1970. */
  readonly accessUntil: number;
  readonly refresh: string;
  readonly id: string;
  readonly subject: string;
  /** The session at Hufu, as its logout tokens name it. */
  readonly sid: string;
}

/** Looked up once, when it is first needed; after a failure again. */
let discovered: Promise<oidc.Configuration> | undefined;

function hufu(): Promise<oidc.Configuration> {
  discovered ??= discover().catch((error: unknown) => {
    discovered = undefined;
    throw error;
  });
  return discovered;
}

function discover(): Promise<oidc.Configuration> {
  // Hufu's default method is client_secret_basic, that of openid-client is client_secret_post: say which.
  const authentication = oidc.ClientSecretBasic(SECRET);
  // openid-client refuses plain http unless it is told otherwise: right everywhere but on your own machine.
  const options = new URL(ISSUER).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
  return oidc.discovery(new URL(ISSUER), 'web-app', SECRET, authentication, options);
}

/** Where to send the browser, and what to keep until it comes back. */
export async function signInRequest(): Promise<{ readonly url: string; readonly pending: Pending }> {
  const pending = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
  const url = oidc.buildAuthorizationUrl(await hufu(), {
    redirect_uri: `${APP_URL}/callback`,
    scope: 'openid profile email',
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
  });
  return { url: url.href, pending };
}

/** Checks the answer (`state`, `iss`), exchanges the code, checks the ID token (`nonce`, signature). */
export async function finishSignIn(
  search: string,
  pending: Pending,
): Promise<{ readonly kind: 'signed_in'; readonly tokens: Tokens } | { readonly kind: 'refused'; readonly reason: string }> {
  try {
    const answer = await oidc.authorizationCodeGrant(await hufu(), new URL(`${APP_URL}/callback${search}`), {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier,
      idTokenExpected: true,
    });
    return { kind: 'signed_in', tokens: readTokens(answer, undefined) };
  } catch (error) {
    if (error instanceof oidc.AuthorizationResponseError) return { kind: 'refused', reason: error.error };
    if (error instanceof oidc.ResponseBodyError) return { kind: 'refused', reason: `${error.error} (${decisionOf(error)})` };
    // The answer is not the one to our request: another state, another issuer, a nonce that is not ours.
    if (error instanceof oidc.ClientError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/**
 * The tokens, renewed where the access token is about to end. Two requests of one person may do this at the same moment: both get the
 * same tokens. Only `invalid_grant` means that the person has to sign in again; a server that is away means nothing of the kind.
 */
export async function refreshedTokens(
  tokens: Tokens,
): Promise<{ readonly kind: 'live'; readonly tokens: Tokens } | { readonly kind: 'ended' } | { readonly kind: 'away' }> {
  if (Date.now() < tokens.accessUntil - EARLY * 1000) return { kind: 'live', tokens };
  try {
    return { kind: 'live', tokens: readTokens(await oidc.refreshTokenGrant(await hufu(), tokens.refresh), tokens) };
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') {
      console.error(`the refresh was refused; to see why: npx hufu why ${decisionOf(error)}`);
      return { kind: 'ended' };
    }
    console.error(error);
    return { kind: 'away' };
  }
}

/** Undefined where the access token holds no longer, although its time is not over: somebody revoked it. */
export async function whoIs({ access, subject }: Tokens): Promise<{ readonly name?: string; readonly email?: string } | undefined> {
  try {
    return await oidc.fetchUserInfo(await hufu(), access, subject);
  } catch (error) {
    if (error instanceof oidc.WWWAuthenticateChallengeError) return undefined;
    throw error;
  }
}

/** Where Hufu's keys are, and who it says it is. */
export async function issuerOf(): Promise<{ readonly issuer: string; readonly jwksUri: string }> {
  const { issuer, jwks_uri: jwksUri = '' } = (await hufu()).serverMetadata();
  return { issuer, jwksUri };
}

/** Ends the session at Hufu too, and comes back. */
export async function signOutUrl({ id }: Tokens): Promise<string> {
  return oidc.buildEndSessionUrl(await hufu(), { id_token_hint: id, post_logout_redirect_uri: `${APP_URL}/` }).href;
}

function readTokens(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers, before: Tokens | undefined): Tokens {
  const { access_token: access, refresh_token: refresh = before?.refresh, id_token: id = before?.id } = answer;
  const claims = answer.claims();
  const subject = claims?.sub ?? before?.subject;
  // The first name that Hufu gave to the session is the one that it tells of its end by.
  const sid = before?.sid ?? (typeof claims?.['sid'] === 'string' ? claims['sid'] : undefined);
  if (refresh === undefined || id === undefined || subject === undefined || sid === undefined)
    throw new Error('the answer has no refresh or ID token');
  return { access, accessUntil: Date.now() + (answer.expiresIn() ?? 0) * 1000, refresh, id, subject, sid };
}

function decisionOf(error: oidc.ResponseBodyError): string {
  return error.response.headers.get('hufu-decision') ?? '';
}
