import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { compactDecrypt, createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { type FrontChannel, makeFrontChannel, SECRET, SIGNING_KID } from './front-channel-parties.ts';
import { arriveAt, type Provider, REDIRECT_URI, startProvider, walk } from './relying-party.ts';

const SCOPE = 'openid profile email';
const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;

describe('foreign libraries and what travels through the browser', () => {
  let provider: Provider;
  let parties: FrontChannel;
  let told: Server;
  const logoutTokens: string[] = [];

  before(async () => {
    const port = await freePort();
    told = createServer((request, reply) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
        reply.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => told.listen(port, '127.0.0.1', resolve));
    parties = await makeFrontChannel(`http://127.0.0.1:${port}/told`);
    provider = await startProvider('sqlite', parties.yaml);
  });
  after(async () => {
    await provider.stop();
    told.closeAllConnections();
    await new Promise((resolve) => told.close(resolve));
  });

  for (const mode of ['fragment', 'form_post'] as const) {
    test(`openid-client: id_token by ${mode}, with the claims of its scopes (OpenID Connect Core §3.2.2.5, §5.4)`, async () => {
      const config = await configure(provider, 'hybrid');
      client.useIdTokenResponseType(config);
      const nonce = client.randomNonce();
      const url = client.buildAuthorizationUrl(config, { ...BASE, nonce, ...modeOf(mode) });
      assert.equal(url.searchParams.get('response_type'), 'id_token');
      const claims = await client.implicitAuthentication(config, await arrive(provider, url, mode), nonce, { expectedState: 's+1' });
      assert.equal(claims['email'], 'mei@example.com');
      assert.equal(claims['name'], 'Mei Lin');
    });

    test(`openid-client: code id_token by ${mode}, whose two ID tokens are about the same user (OpenID Connect Core §3.3.2.12, §3.3.3.6)`, async () => {
      const config = await configure(provider, 'hybrid');
      client.useCodeIdTokenResponseType(config);
      // Demands c_hash and s_hash.
      client.enableDetachedSignatureResponseChecks(config);
      const { url, nonce, verifier } = await authorizationUrl(config, modeOf(mode));
      const tokens = await client.authorizationCodeGrant(config, await arrive(provider, url, mode), {
        pkceCodeVerifier: verifier,
        expectedNonce: nonce,
        expectedState: 's+1',
      });
      assert.equal(tokens.claims()?.sub, 'mei');
      const info = await client.fetchUserInfo(config, tokens.access_token, 'mei');
      assert.equal(info.email, 'mei@example.com');
    });
  }

  test('oauth4webapi: code id_token, and a changed answer is noticed (OpenID Connect Core §3.3.2.11)', async () => {
    const as = await discover(provider);
    const rp: oauth.Client = { client_id: 'hybrid' };
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = await authorizationEndpoint(as, { client_id: 'hybrid', response_type: 'code id_token', state, nonce }, verifier);
    const { arrived } = await arriveAt(provider.issuer, url);
    const parameters = await oauth.validateCodeIdTokenResponse(as, rp, arrived, nonce, state, undefined, LOOPBACK);
    const reply = await oauth.authorizationCodeGrantRequest(
      as,
      rp,
      oauth.ClientSecretBasic(SECRET),
      parameters,
      REDIRECT_URI,
      verifier,
      LOOPBACK,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, rp, reply, { expectedNonce: nonce, requireIdToken: true });
    assert.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, 'mei');

    const changed = new URLSearchParams(arrived.hash.slice(1));
    changed.set('code', `${changed.get('code') ?? ''}x`);
    await assert.rejects(
      oauth.validateCodeIdTokenResponse(as, rp, changed, nonce, state, undefined, LOOPBACK),
      (error) => error instanceof oauth.OperationProcessingError,
    );
  });

  for (const type of ['id_token token', 'code token', 'code id_token token']) {
    test(`jose: ${type}, bound by at_hash and c_hash, and a token that userinfo takes (OpenID Connect Core §3.2.2.10, §3.3.2.5)`, async () => {
      const as = await discover(provider);
      const url = await authorizationEndpoint(
        as,
        { client_id: 'hybrid', response_type: type, state: 's', nonce: 'n-front' },
        'v'.repeat(43),
      );
      const answer = new URLSearchParams((await arriveAt(provider.issuer, url)).arrived.hash.slice(1));
      const [token, code, idToken] = [answer.get('access_token') ?? '', answer.get('code'), answer.get('id_token')];
      assert.equal(answer.get('state'), 's');
      assert.equal(answer.get('token_type')?.toLowerCase(), 'bearer');
      assert.ok(Number(answer.get('expires_in')) > 0);
      assert.equal(code !== null, type.includes('code'));
      assert.equal(idToken !== null, type.includes('id_token'));
      if (idToken !== null) {
        const { payload } = await verify(provider, idToken, 'hybrid');
        assert.equal(payload['nonce'], 'n-front');
        assert.equal(payload['at_hash'], halfHash(token));
        if (code !== null) assert.equal(payload['c_hash'], halfHash(code));
        // There is an access token to ask with (§5.4).
        assert.equal(payload['email'], undefined);
      }
      const rp: oauth.Client = { client_id: 'hybrid' };
      const info = await oauth.processUserInfoResponse(as, rp, 'mei', await oauth.userInfoRequest(as, rp, token, LOOPBACK));
      assert.equal(info.email, 'mei@example.com');
    });
  }

  test('a request without its signature is not heard; signed by either library it is, state and nonce with it (RFC 9101 §4, §10.5)', async () => {
    const config = await configure(provider, 'jar');
    const { parameters, nonce, verifier } = await codeRequest();
    const key = { key: parties.signingKey, kid: SIGNING_KID };
    const plain = client.buildAuthorizationUrl(config, parameters);
    const refused = await walk(new Agent(provider.issuer), plain);
    assert.equal(refused.answer.get('error'), 'invalid_request');

    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
    assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request']);
    const { arrived } = await arriveAt(provider.issuer, url);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 's+1' };
    assert.equal((await client.authorizationCodeGrant(config, arrived, checks)).claims()?.sub, 'mei');

    const as = await discover(provider);
    const again = new URL(as.authorization_endpoint ?? '');
    const request = await oauth.issueRequestObject(as, { client_id: 'jar' }, { ...parameters, response_type: 'code' }, key);
    again.search = new URLSearchParams({ client_id: 'jar', request }).toString();
    const second = await arriveAt(provider.issuer, again);
    assert.equal((await client.authorizationCodeGrant(config, second.arrived, checks)).claims()?.sub, 'mei');
  });

  test('openid-client opens ID tokens and userinfo that are encrypted to it (OpenID Connect Core §10.2, RFC 7516 §7.1)', async () => {
    const config = await configure(provider, 'sealed', {
      id_token_signed_response_alg: 'ES256',
      userinfo_signed_response_alg: 'ES256',
    });
    client.enableDecryptingResponses(config, ['A256GCM', 'A128CBC-HS256'], {
      key: parties.decryptionKey,
      alg: 'RSA-OAEP-256',
      kid: 'rp-opens',
    });
    const { url, nonce, verifier } = await authorizationUrl(config, {});
    const { arrived } = await arriveAt(provider.issuer, url);
    const tokens = await client.authorizationCodeGrant(config, arrived, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: 's+1',
      idTokenExpected: true,
    });
    assert.equal(tokens.id_token?.split('.').length, 5);
    const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '');
    assert.equal(info.email, 'mei@example.com');
    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    assert.equal(renewed.claims()?.sub, 'mei');
  });

  test('oauth4webapi opens an ID token that is encrypted to it, in the front channel too (OpenID Connect Core §3.3.2.11, §10.2)', async () => {
    const as = await discover(provider);
    const rp: oauth.Client = { client_id: 'sealed', id_token_signed_response_alg: 'ES256' };
    const options = {
      ...LOOPBACK,
      [oauth.jweDecrypt]: async (jwe: string) => new TextDecoder().decode((await compactDecrypt(jwe, parties.decryptionKey)).plaintext),
    };
    const url = await authorizationEndpoint(
      as,
      { client_id: 'sealed', response_type: 'code id_token', state: 's', nonce: 'n' },
      'v'.repeat(43),
    );
    const { arrived } = await arriveAt(provider.issuer, url);
    const parameters = await oauth.validateCodeIdTokenResponse(as, rp, arrived, 'n', 's', undefined, options);
    assert.match(parameters.get('code') ?? '', /^hfc_/);
  });

  test('openid-client reads a signed userinfo answer (OpenID Connect Core §5.3.2)', async () => {
    const config = await configure(provider, 'signed', { userinfo_signed_response_alg: 'RS256' });
    const { url, nonce, verifier } = await authorizationUrl(config, {});
    const { arrived } = await arriveAt(provider.issuer, url);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 's+1' };
    const tokens = await client.authorizationCodeGrant(config, arrived, checks);
    const info = await client.fetchUserInfo(config, tokens.access_token, 'mei');
    assert.deepEqual([info.sub, info.name, info['aud'], info['iss']], ['mei', 'Mei Lin', 'signed', provider.issuer]);
  });

  test('a pairwise client knows the user by another name, everywhere by the same one (OpenID Connect Core §8.1)', async () => {
    const config = await configure(provider, 'pairwise');
    const { url, nonce, verifier } = await authorizationUrl(config, {});
    const { arrived } = await arriveAt(provider.issuer, url);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 's+1' };
    const tokens = await client.authorizationCodeGrant(config, arrived, checks);
    const sub = tokens.claims()?.sub ?? '';
    assert.notEqual(sub, 'mei');
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).sub, sub);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).sub, sub);
    assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token ?? '')).claims()?.sub, sub);
  });

  test('claims by name reach the ID token, and essential ones that cannot be had are a refusal (OpenID Connect Core §5.5)', async () => {
    const config = await configure(provider, 'hybrid');
    const { url, nonce, verifier } = await authorizationUrl(config, { claims: '{"id_token":{"email":{"essential":true}}}' });
    const { arrived } = await arriveAt(provider.issuer, url);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 's+1' };
    assert.equal((await client.authorizationCodeGrant(config, arrived, checks)).claims()?.['email'], 'mei@example.com');

    const claims = '{"id_token":{"acr":{"essential":true,"values":["urn:none"]}}}';
    const unmet = await arriveAt(provider.issuer, (await authorizationUrl(config, { claims })).url);
    await assert.rejects(
      client.authorizationCodeGrant(config, unmet.arrived, { expectedState: 's+1' }),
      (error) => error instanceof client.AuthorizationResponseError && error.error === 'unmet_authentication_requirements',
    );
  });

  test('a logout token is one that jose verifies, for this client and this session (OpenID Connect Back-Channel Logout §2.4, §2.6)', async () => {
    const config = await configure(provider, 'told');
    const { url, nonce, verifier } = await authorizationUrl(config, {});
    const { agent, arrived } = await arriveAt(provider.issuer, url);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 's+1' };
    const tokens = await client.authorizationCodeGrant(config, arrived, checks);
    await agent.get(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? '' }).href);
    for (let tries = 0; tries < 1_000 && logoutTokens.length === 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    const { payload, protectedHeader } = await verify(provider, logoutTokens[0] ?? '', 'told', 'logout+jwt');
    assert.equal(protectedHeader.typ, 'logout+jwt');
    assert.equal(payload.sub, 'mei');
    assert.equal(payload['sid'], tokens.claims()?.['sid']);
    assert.equal(payload['nonce'], undefined);
    assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert.ok(typeof payload.jti === 'string');
  });

  test('openid-client registers itself, and signs in without PKCE by code id_token (RFC 7591 §3.2.1, OpenID Connect Core §3.3)', async () => {
    const metadata: Partial<client.ClientMetadata> = {
      client_name: 'Registered',
      // What the library does where it is told nothing; a server takes the header by default.
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'implicit', 'refresh_token'],
      response_types: ['code id_token'],
      userinfo_signed_response_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
    };
    const config = await client.dynamicClientRegistration(new URL(provider.issuer), metadata, undefined, {
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, client.useCodeIdTokenResponseType],
    });
    assert.equal(config.clientMetadata().id_token_signed_response_alg, 'ES256');
    const nonce = client.randomNonce();
    const { arrived } = await arriveAt(provider.issuer, client.buildAuthorizationUrl(config, { ...BASE, nonce }));
    const tokens = await client.authorizationCodeGrant(config, arrived, { expectedNonce: nonce, expectedState: 's+1' });
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, 'mei')).email, 'mei@example.com');
    assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token ?? '')).claims()?.sub, 'mei');
  });

  test('oauth4webapi registers itself, and reads why it may not (RFC 7591 §3.2.2)', async () => {
    const as = await discover(provider);
    const made = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [REDIRECT_URI], client_name: 'Registered' }, LOOPBACK),
    );
    assert.ok(typeof made.client_secret === 'string');
    assert.equal(made['token_endpoint_auth_method'], 'client_secret_basic');
    await assert.rejects(
      oauth.processDynamicClientRegistrationResponse(
        await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: ['javascript:alert(1)'] }, LOOPBACK),
      ),
      (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_redirect_uri',
    );
  });

  test('nothing of all this was an error on our side', () => {
    assert.deepEqual(
      provider.lines.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
});

const BASE = { redirect_uri: REDIRECT_URI, scope: SCOPE, state: 's+1' } as const;

/** By its default mode nothing is said. */
function modeOf(mode: 'fragment' | 'form_post'): Readonly<Record<string, string>> {
  return mode === 'fragment' ? {} : { response_mode: mode };
}

async function configure(
  provider: Provider,
  clientId: string,
  metadata: Partial<client.ClientMetadata> = {},
): Promise<client.Configuration> {
  return client.discovery(new URL(provider.issuer), clientId, { client_secret: SECRET, ...metadata }, client.ClientSecretBasic(SECRET), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
}

interface CodeRequest {
  readonly parameters: Record<string, string>;
  readonly nonce: string;
  readonly verifier: string;
}

async function codeRequest(): Promise<CodeRequest> {
  const [verifier, nonce] = [client.randomPKCECodeVerifier(), client.randomNonce()];
  const code_challenge = await client.calculatePKCECodeChallenge(verifier);
  return { parameters: { ...BASE, nonce, code_challenge, code_challenge_method: 'S256' }, nonce, verifier };
}

async function authorizationUrl(
  config: client.Configuration,
  more: Readonly<Record<string, string>>,
): Promise<CodeRequest & { readonly url: URL }> {
  const request = await codeRequest();
  return { ...request, url: client.buildAuthorizationUrl(config, { ...request.parameters, ...more }) };
}

/** Where the browser ends: an address of the client, or a form that is posted there. */
async function arrive(provider: Provider, url: URL, mode: 'fragment' | 'form_post'): Promise<URL | Request> {
  if (mode === 'fragment') return (await arriveAt(provider.issuer, url)).arrived;
  const page = await walk(new Agent(provider.issuer), url);
  assert.equal(page.action, REDIRECT_URI);
  return new Request(page.action, { method: 'POST', body: new URLSearchParams(page.hidden) });
}

async function discover(provider: Provider): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(provider.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, LOOPBACK));
}

async function authorizationEndpoint(
  as: oauth.AuthorizationServer,
  more: Readonly<Record<string, string>>,
  verifier: string,
): Promise<URL> {
  const url = new URL(as.authorization_endpoint ?? '');
  const code_challenge = await oauth.calculatePKCECodeChallenge(verifier);
  url.search = new URLSearchParams({ ...BASE, code_challenge, code_challenge_method: 'S256', ...more }).toString();
  return url;
}

function verify(provider: Provider, jwt: string, audience: string, typ?: string): ReturnType<typeof jwtVerify> {
  const keys = createRemoteJWKSet(new URL(`${provider.issuer}/oauth/jwks`));
  return jwtVerify(jwt, keys, { issuer: provider.issuer, audience, ...(typ === undefined ? {} : { typ }) });
}

/** OpenID Connect Core §3.1.3.6 for RS256. */
function halfHash(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}
