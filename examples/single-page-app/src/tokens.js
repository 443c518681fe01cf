/** Sign-in and tokens of a public client, with PKCE (RFC 7636), by oauth4webapi. */
import * as oauth from 'oauth4webapi';

const issuer = new URL(document.querySelector('meta[name=issuer]').content);
const client = { client_id: 'single-page-app' };
const redirectUri = `${location.origin}/`;
// Only your own machine may do without https.
const options = { [oauth.allowInsecureRequests]: issuer.hostname === 'localhost' };
/** Milliseconds before its end at which an access token is renewed. */
const EARLY = 30_000;

/** The metadata of the issuer, read once. */
const server = oauth
  .discoveryRequest(issuer, { ...options, algorithm: 'oidc' })
  .then((response) => oauth.processDiscoveryResponse(issuer, response));

export async function signIn() {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  // Of this tab: it is this tab that comes back.
  sessionStorage.setItem('pending', JSON.stringify({ verifier, state, nonce }));
  const url = new URL((await server).authorization_endpoint);
  url.search = new URLSearchParams({
    ...client,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  location.assign(url);
}

/** Where the page was opened by the way back from Hufu: exchanges the code. Otherwise does nothing. */
export async function finishSignIn() {
  const here = new URL(location.href);
  const pending = JSON.parse(sessionStorage.getItem('pending') ?? 'null');
  if (pending === null || !here.searchParams.has('state')) return;
  sessionStorage.removeItem('pending');
  // The code must not stay in the address bar and in the history.
  history.replaceState(undefined, '', '/');
  const as = await server;
  const answer = oauth.validateAuthResponse(as, client, here, pending.state);
  const response = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), answer, redirectUri, pending.verifier, options);
  const checks = { expectedNonce: pending.nonce, requireIdToken: true };
  keep(await oauth.processAuthorizationCodeResponse(as, client, response, checks));
}

/**
 * An access token that holds for a while yet; undefined where nobody is signed in. The tabs of this app share one refresh token: the lock
 * makes them take turns, and who comes second finds the work done. Should a tab be closed in the middle of it, Hufu gives the same answer
 * again to whoever asks next.
 *
 * @param {'early' | 'now'} [when]
 */
export function renew(when = 'early') {
  return navigator.locks.request('tokens', async () => {
    const tokens = kept();
    if (tokens === undefined) return undefined;
    if (when === 'early' && Date.now() < tokens.accessUntil - EARLY) return tokens.access;
    const as = await server;
    const response = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh, options);
    try {
      return keep(await oauth.processRefreshTokenResponse(as, client, response)).access;
    } catch (error) {
      // This alone means that the sign-in is over. No network, or a server that is away, means nothing of the kind.
      if (!(error instanceof oauth.ResponseBodyError) || error.error !== 'invalid_grant') throw error;
      console.error('the refresh was refused; to see why: npx hufu why', error.response.headers.get('hufu-decision'));
      forget();
      return undefined;
    }
  });
}

/** The claims of whoever is signed in, or undefined. */
export async function userinfo() {
  const access = await renew();
  if (access === undefined) return undefined;
  const as = await server;
  return oauth.processUserInfoResponse(as, client, kept().subject, await oauth.userInfoRequest(as, client, access, options));
}

/** Ends the session at Hufu; what was granted within it ends too. */
export async function signOut() {
  const url = new URL((await server).end_session_endpoint);
  url.search = new URLSearchParams({ id_token_hint: kept().id, post_logout_redirect_uri: redirectUri });
  forget();
  location.assign(url);
}

function keep(answer) {
  const before = kept();
  const tokens = {
    access: answer.access_token,
    accessUntil: Date.now() + answer.expires_in * 1000,
    refresh: answer.refresh_token,
    id: answer.id_token,
    subject: oauth.getValidatedIdTokenClaims(answer)?.sub ?? before?.subject,
  };
  localStorage.setItem('tokens', JSON.stringify(tokens));
  return tokens;
}

function kept() {
  return JSON.parse(localStorage.getItem('tokens') ?? 'null') ?? undefined;
}

function forget() {
  localStorage.removeItem('tokens');
}
