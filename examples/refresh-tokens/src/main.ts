/** A program on a person's own machine that signs in, and then shows what happens when a refresh token is used twice. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import * as oidc from 'openid-client';

const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';

const options = new URL(ISSUER).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
const hufu = await oidc.discovery(new URL(ISSUER), 'lantern', undefined, oidc.None(), options);
const refresh = (token: string | undefined): ReturnType<typeof oidc.refreshTokenGrant> => oidc.refreshTokenGrant(hufu, token ?? '');

const first = await signIn();
console.log(`Signed in. The refresh token (a hash):  ${shown(first.refresh_token)}`);

const [one, other] = await Promise.all([refresh(first.refresh_token), refresh(first.refresh_token)]);
console.log(`Two tabs use it at once:                ${shown(one.refresh_token)} and ${shown(other.refresh_token)}`);
console.log(`  the same access token as well:        ${one.access_token === other.access_token}`);

const again = await refresh(first.refresh_token);
console.log(`The reply was lost, so once more:       ${shown(again.refresh_token)}`);

const next = await refresh(again.refresh_token);
console.log(`The new one is used:                    ${shown(next.refresh_token)}`);

console.log(`A thief shows the very first one:       ${await refusal(first.refresh_token)}`);
console.log(`and now nobody gets anything:           ${await refusal(next.refresh_token)}`);

/** Authorization code with PKCE over a loopback address (RFC 8252). `offline_access` with `prompt=consent`: it outlives the browser session. */
async function signIn(): Promise<oidc.TokenEndpointResponse> {
  const { promise: arrived, resolve } = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    response.end('You can close this window.');
    if (request.url?.startsWith('/callback') === true) resolve(request.url);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const redirectUri = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/callback`;

  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(hufu, {
    redirect_uri: redirectUri,
    scope: 'openid profile offline_access',
    prompt: 'consent',
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  console.log(`Open this in a browser, and sign in as mei:\n\n${url.href}\n`);

  const answer = new URL(await arrived, redirectUri);
  server.close();
  server.closeAllConnections();
  return oidc.authorizationCodeGrant(hufu, answer, { pkceCodeVerifier: verifier, expectedState: state });
}

async function refusal(token: string | undefined): Promise<string> {
  try {
    return shown((await refresh(token)).refresh_token);
  } catch (error) {
    if (!(error instanceof oidc.ResponseBodyError)) throw error;
    return `${error.error}; npx hufu why ${error.response.headers.get('hufu-decision')}`;
  }
}

/** A name for a token, to tell two of them apart: nothing of a token itself belongs on a screen or in a log. */
function shown(token: string | undefined): string {
  return createHash('sha256')
    .update(token ?? '')
    .digest('base64url')
    .slice(0, 6);
}
