/** An app and its API: a password reads the balance, two factors move money (RFC 9470). node --conditions=source examples/step-up/src/main.ts */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { withToken } from '@hufu/resource/node-http';
import { protect } from '@hufu/resource/protect';
import { verifier } from '@hufu/resource/verifier';
import * as oidc from 'openid-client';

const ISSUER = process.env['ISSUER'] ?? 'http://localhost:4400';
const PORT = Number(process.env['PORT'] ?? 3000);
const APP_URL = process.env['APP_URL'] ?? `http://localhost:${PORT}`;

// The API. It says for itself how strong a sign-in has to be; the app does not have to know.
const tokens = verifier({ issuer: ISSUER, audience: 'http://localhost:3001/bank' });
const readBalance = withToken(protect(tokens, { scope: 'bank:read' }), (_request, response, { claims }) => {
  response.end(`12 strings of cash (acr ${String(claims['acr'])})`);
});
const STRONG = ['urn:hufu:acr:2', 'urn:hufu:acr:3'];
const moveMoney = withToken(protect(tokens, { scope: 'bank:transfer', acrValues: STRONG }), (_request, response, { claims }) => {
  response.end(`3 strings of cash have left (acr ${String(claims['acr'])})`);
});
const api = await listen(
  createServer((request, response) => void (request.url === '/transfers' ? moveMoney : readBalance)(request, response)),
  0,
);

// The app. One person at a time: whoever has more keeps this in a session.
const config = await oidc.discovery(new URL(ISSUER), 'purse', { token_endpoint_auth_method: 'none' }, oidc.None(), {
  execute: [oidc.allowInsecureRequests],
});
let pending: { readonly verifier: string; readonly state: string; readonly back: string } | undefined;
let token: string | undefined;

/** To Hufu, and back to `back` afterwards. */
async function signIn(response: ServerResponse, back: string, more: Record<string, string> = {}): Promise<void> {
  pending = { verifier: oidc.randomPKCECodeVerifier(), state: oidc.randomState(), back };
  const location = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${APP_URL}/callback`,
    scope: 'openid bank:read bank:transfer',
    state: pending.state,
    code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    ...more,
  });
  response.writeHead(303, { location: location.href }).end();
}

async function finish(response: ServerResponse, search: string): Promise<void> {
  const { verifier: pkceCodeVerifier = '', state: expectedState = '', back = '/' } = pending ?? {};
  pending = undefined;
  const answer = await oidc.authorizationCodeGrant(config, new URL(APP_URL + search), { pkceCodeVerifier, expectedState });
  token = answer.access_token;
  response.writeHead(303, { location: APP_URL + back }).end();
}

/** What the API says; where it wants more than the token has, the person shows it and comes back to the same page. */
async function ask(response: ServerResponse, path: string, page: string): Promise<void> {
  if (token === undefined) return signIn(response, page);
  try {
    const answer = await oidc.fetchProtectedResource(config, token, new URL(path, api), path === '/transfers' ? 'POST' : 'GET');
    response.end(`${await answer.text()}\n`);
  } catch (error) {
    if (!(error instanceof oidc.WWWAuthenticateChallengeError)) throw error;
    const { error: code, acr_values: wanted = '', max_age: maxAge } = error.cause[0]?.parameters ?? {};
    if (code !== 'insufficient_user_authentication') return signIn(response, page);
    // Asked once already: the person has nothing stronger.
    if (page.includes('asked')) return void response.end(`this needs ${wanted}: add a second factor at ${ISSUER}/account/security\n`);
    console.log(`The API wants ${wanted}`);
    await signIn(response, `${page}?asked`, { acr_values: wanted, ...(maxAge === undefined ? {} : { max_age: maxAge }) });
  }
}

await listen(
  createServer((request, response) => {
    const url = request.url ?? '/';
    const path = url.split('?')[0];
    const done =
      path === '/callback'
        ? finish(response, url)
        : path === '/transfer'
          ? ask(response, '/transfers', url)
          : ask(response, '/balance', '/');
    done.catch((error: unknown) => response.writeHead(500).end(`${String(error)}\n`));
  }),
  PORT,
);
console.log(`Open ${APP_URL}/ to see the balance, and ${APP_URL}/transfer to move money`);

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`;
}
