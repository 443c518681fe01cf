import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { ENGINES } from '../support/databases.ts';
import {
  arriveAt,
  JWT_RESOURCE,
  LOGGED_OUT_URI,
  MACHINE,
  OPAQUE_RESOURCE,
  PARTIES,
  type Provider,
  REDIRECT_URI,
  type RelyingParty,
  startProvider,
} from './relying-party.ts';

const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;

for (const engine of ENGINES) {
  describe(`oauth4webapi on ${engine}`, () => {
    let provider: Provider;
    before(async () => {
      provider = await startProvider(engine);
    });
    after(() => provider.stop());

    for (const algorithm of ['oidc', 'oauth2'] as const) {
      test(`metadata reads as ${algorithm} has it (RFC 8414 §3, OpenID Connect Discovery §4)`, async () => {
        const as = await discover(provider, algorithm);
        assert.equal(as.issuer, provider.issuer);
        assert.equal(as.authorization_response_iss_parameter_supported, true);
        assert.deepEqual(as.code_challenge_methods_supported, ['S256']);
        assert.equal(as.end_session_endpoint !== undefined, algorithm === 'oidc');
      });
    }

    for (const party of PARTIES) {
      test(`${party.method}: code, ID token (${party.idTokenAlg}), userinfo, refresh, revocation and logout (OpenID Connect Core §3.1)`, async () => {
        const as = await discover(provider, 'oidc');
        const rp = registered(party);
        const proof = authentication(party);
        const signedIn = await signIn(provider, as, party);
        const { sub } = oauth.getValidatedIdTokenClaims(signedIn.tokens) ?? assert.fail('no ID token');

        const info = await oauth.processUserInfoResponse(
          as,
          rp,
          sub,
          await oauth.userInfoRequest(as, rp, signedIn.tokens.access_token, LOOPBACK),
        );
        assert.equal(info.email, 'mei@example.com');

        const access = await readAccessToken(as, signedIn.tokens.access_token);
        assert.equal(access.sub, sub);
        assert.equal(access.client_id, party.clientId);
        assert.equal(access.scope, 'openid profile email notes');

        const renewed = await refresh(as, party, signedIn.tokens.refresh_token);
        assert.equal(oauth.getValidatedIdTokenClaims(renewed)?.sub, sub);
        const narrow = await refresh(as, party, renewed.refresh_token, { scope: 'notes' });
        assert.equal(narrow.scope, 'notes');
        assert.equal(narrow.id_token, undefined);
        // The refresh token's scope stays what it was (RFC 6749 §6).
        const wide = await refresh(as, party, narrow.refresh_token);
        assert.equal(wide.scope, 'openid profile email notes');

        if (party.method !== 'none') {
          const seen = await introspect(as, party, wide.access_token);
          assert.deepEqual([seen.active, seen.sub, seen.client_id, seen.iss], [true, sub, party.clientId, provider.issuer]);
        }

        const revoked = await oauth.revocationRequest(as, rp, proof, wide.refresh_token ?? '', LOOPBACK);
        await oauth.processRevocationResponse(revoked);
        await assert.rejects(
          refresh(as, party, wide.refresh_token),
          (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant',
        );
        if (party.method !== 'none') assert.equal((await introspect(as, party, wide.access_token)).active, false);

        const out = new URL(as.end_session_endpoint ?? '');
        out.search = new URLSearchParams({ id_token_hint: wide.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT_URI }).toString();
        assert.equal((await signedIn.agent.get(out.href)).location, LOGGED_OUT_URI);
      });
    }

    test('a machine gets a JWT that a resource server of the same library accepts, and an opaque token (RFC 9068 §4, RFC 6749 §4.4)', async () => {
      const as = await discover(provider, 'oauth2');
      const rp: oauth.Client = { client_id: MACHINE.clientId };
      const proof = oauth.ClientSecretBasic(MACHINE.secret);
      for (const [scope, resource] of [
        ['notes', JWT_RESOURCE],
        ['files', OPAQUE_RESOURCE],
      ] as const) {
        const reply = await oauth.clientCredentialsGrantRequest(as, rp, proof, { scope, resource }, LOOPBACK);
        const tokens = await oauth.processClientCredentialsResponse(as, rp, reply);
        if (resource === JWT_RESOURCE) {
          const access = await readAccessToken(as, tokens.access_token);
          assert.equal(access.sub, MACHINE.clientId);
          assert.equal(access.scope, 'notes');
        }
        const seen = await oauth.processIntrospectionResponse(
          as,
          rp,
          await oauth.introspectionRequest(as, rp, proof, tokens.access_token, LOOPBACK),
        );
        assert.deepEqual([seen.active, seen.aud, seen.scope], [true, resource, scope]);
      }
    });

    test('a wrong verifier, a used code and a foreign client are refusals that the library can read (RFC 6749 §5.2)', async () => {
      const as = await discover(provider, 'oidc');
      const [first, second] = [PARTIES[0] ?? assert.fail(), PARTIES[2] ?? assert.fail()];
      const spent = await signIn(provider, as, first);
      await assert.rejects(exchange(as, first, spent.parameters, spent.verifier), isInvalidGrant);
      const wrong = await authorize(provider, as, first);
      await assert.rejects(exchange(as, second, wrong.parameters, wrong.verifier), isInvalidGrant);
      await assert.rejects(exchange(as, first, wrong.parameters, oauth.generateRandomCodeVerifier()), isInvalidGrant);
    });

    test('nothing of all this was an error on our side', () => {
      assert.ok(provider.lines.some((line) => line.includes('server.started')));
      assert.deepEqual(
        provider.lines.filter((line) => line.includes('"level":"error"')),
        [],
      );
    });
  });
}

async function discover(provider: Provider, algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(provider.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...LOOPBACK }));
}

function registered(party: RelyingParty): oauth.Client {
  return { client_id: party.clientId, id_token_signed_response_alg: party.idTokenAlg };
}

function authentication({ method, secret = '' }: RelyingParty): oauth.ClientAuth {
  if (method === 'none') return oauth.None();
  return method === 'client_secret_basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

interface Authorized {
  readonly agent: Awaited<ReturnType<typeof arriveAt>>['agent'];
  readonly parameters: URLSearchParams;
  readonly verifier: string;
  readonly nonce: string;
}

async function authorize(provider: Provider, as: oauth.AuthorizationServer, party: RelyingParty): Promise<Authorized> {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    client_id: party.clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email notes',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const { agent, arrived } = await arriveAt(provider.issuer, url);
  return { agent, parameters: oauth.validateAuthResponse(as, registered(party), arrived, state), verifier, nonce };
}

function exchange(
  as: oauth.AuthorizationServer,
  party: RelyingParty,
  parameters: URLSearchParams,
  verifier: string,
): Promise<oauth.TokenEndpointResponse> {
  return exchangeExpecting(as, party, parameters, verifier, undefined);
}

async function exchangeExpecting(
  as: oauth.AuthorizationServer,
  party: RelyingParty,
  parameters: URLSearchParams,
  verifier: string,
  nonce: string | undefined,
): Promise<oauth.TokenEndpointResponse> {
  const rp = registered(party);
  const reply = await oauth.authorizationCodeGrantRequest(as, rp, authentication(party), parameters, REDIRECT_URI, verifier, LOOPBACK);
  const seen = reply.clone();
  const tokens = await oauth.processAuthorizationCodeResponse(as, rp, reply, {
    ...(nonce === undefined ? {} : { expectedNonce: nonce }),
    requireIdToken: true,
  });
  assert.equal(seen.headers.get('cache-control'), 'no-store');
  await oauth.validateApplicationLevelSignature(as, reply, LOOPBACK);
  return tokens;
}

async function signIn(
  provider: Provider,
  as: oauth.AuthorizationServer,
  party: RelyingParty,
): Promise<Authorized & { readonly tokens: oauth.TokenEndpointResponse }> {
  const authorized = await authorize(provider, as, party);
  return { ...authorized, tokens: await exchangeExpecting(as, party, authorized.parameters, authorized.verifier, authorized.nonce) };
}

async function refresh(
  as: oauth.AuthorizationServer,
  party: RelyingParty,
  token: string | undefined,
  additionalParameters: Record<string, string> = {},
): Promise<oauth.TokenEndpointResponse> {
  const rp = registered(party);
  const reply = await oauth.refreshTokenGrantRequest(as, rp, authentication(party), token ?? assert.fail('no refresh token'), {
    ...LOOPBACK,
    additionalParameters,
  });
  const tokens = await oauth.processRefreshTokenResponse(as, rp, reply);
  if (tokens.id_token !== undefined) await oauth.validateApplicationLevelSignature(as, reply, LOOPBACK);
  return tokens;
}

async function introspect(as: oauth.AuthorizationServer, party: RelyingParty, token: string): Promise<oauth.IntrospectionResponse> {
  const rp = registered(party);
  return oauth.processIntrospectionResponse(as, rp, await oauth.introspectionRequest(as, rp, authentication(party), token, LOOPBACK));
}

/** The library as a resource server (RFC 9068 §4). */
function readAccessToken(as: oauth.AuthorizationServer, token: string): Promise<oauth.JWTAccessTokenClaims> {
  const request = new Request('https://notes.example/all', { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(as, request, JWT_RESOURCE, { ...LOOPBACK, signingAlgorithms: ['ES256'] });
}

function isInvalidGrant(error: unknown): boolean {
  return error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant' && error.status === 400;
}
