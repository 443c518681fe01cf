import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { Agent } from '../support/agent.ts';
import { ENGINES } from '../support/databases.ts';
import { type Provider, REDIRECT_URI, startProvider, USER, walk } from './relying-party.ts';

const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;
const SECRET = 'web-secret-0123456789-abcdefghijklmnopqrs';
const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const jwk = { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'k1', use: 'sig', alg: 'ES256' };
const box = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
const boxJwk = { ...(await crypto.subtle.exportKey('jwk', box.publicKey)), kid: 'e1', use: 'enc', alg: 'ECDH-ES' };
for (const key of [jwk, boxJwk]) for (const name of ['key_ops', 'ext']) Reflect.deleteProperty(key, name);

const YAML = `
signing: { algorithms: [ES256, RS256] }
clients:
  - client_id: signer
    client_name: Signer
    token_endpoint_auth_method: private_key_jwt
    redirect_uris: [${REDIRECT_URI}]
    jwks: { keys: [${JSON.stringify(jwk)}] }
    require_pushed_authorization_requests: true
    require_signed_request_object: true
    authorization_signed_response_alg: ES256
  - client_id: web
    client_name: Web
    client_secret: ${SECRET}
    redirect_uris: [${REDIRECT_URI}]
    authorization_details_types: [payment]
  - client_id: secret-answers
    client_secret: ${SECRET}
    redirect_uris: [${REDIRECT_URI}]
    jwks: { keys: [${JSON.stringify(boxJwk)}] }
    authorization_signed_response_alg: ES256
    authorization_encrypted_response_alg: ECDH-ES
    authorization_encrypted_response_enc: A256GCM
    hufu: { first_party: true }
policies:
  authorization_details:
    - type: payment
      description: { en: Pay from your account, zh-CN: 从你的账户付款 }
      fields: [{ name: amount, label: { en: Amount, zh-CN: 金额 }, required: true }]
users:
  - { username: ${USER.username}, password: '${USER.password}' }
`;

for (const engine of ENGINES) {
  describe(`pushed and signed requests of foreign libraries on ${engine}`, () => {
    let provider: Provider;
    before(async () => {
      provider = await startProvider(engine, YAML);
    });
    after(() => provider.stop());

    function configure(clientId: string, metadata: Partial<oidc.ClientMetadata>, method: oidc.ClientAuth): Promise<oidc.Configuration> {
      return oidc.discovery(new URL(provider.issuer), clientId, metadata, method, {
        execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
      });
    }

    test('openid-client pushes, the details come back, and it is done once (RFC 9126 §2, §4, RFC 9396 §7)', async () => {
      const config = await configure('web', {}, oidc.ClientSecretBasic(SECRET));
      const verifier = oidc.randomPKCECodeVerifier();
      const details = [{ type: 'payment', amount: '12.50 EUR' }];
      const url = await oidc.buildAuthorizationUrlWithPAR(config, {
        redirect_uri: REDIRECT_URI,
        scope: 'openid',
        state: 's+1',
        authorization_details: JSON.stringify(details),
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
      const agent = new Agent(provider.issuer);
      const arrived = new URL((await walk(agent, url)).location);
      const tokens = await oidc.authorizationCodeGrant(config, arrived, {
        pkceCodeVerifier: verifier,
        expectedState: 's+1',
        idTokenExpected: true,
      });
      assert.deepEqual(tokens['authorization_details'], details);
      assert.equal((await walk(agent, url)).name, 'completed');
    });

    test('openid-client signs what it pushes, and the answer is a JWT (RFC 9101 §5, RFC 9126 §3, JARM §2.4)', async () => {
      const privateKey = { key: keys.privateKey, kid: 'k1' };
      const config = await configure('signer', { authorization_signed_response_alg: 'ES256' }, oidc.PrivateKeyJwt(privateKey));
      oidc.useJwtResponseMode(config);
      const verifier = oidc.randomPKCECodeVerifier();
      const signed = await oidc.buildAuthorizationUrlWithJAR(
        config,
        {
          redirect_uri: REDIRECT_URI,
          scope: 'openid',
          state: 's+1',
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        },
        privateKey,
      );
      const refused = await new Agent(provider.issuer).get(signed.href);
      assert.equal(
        refused.status === 303 ? new URL(refused.location).searchParams.has('response') : false,
        true,
        'this client has to push',
      );
      const url = await oidc.buildAuthorizationUrlWithPAR(config, signed.searchParams);
      const arrived = new URL((await walk(new Agent(provider.issuer), url)).location);
      assert.deepEqual([...arrived.searchParams.keys()], ['response']);
      const tokens = await oidc.authorizationCodeGrant(config, arrived, {
        pkceCodeVerifier: verifier,
        expectedState: 's+1',
        idTokenExpected: true,
      });
      assert.equal(tokens.claims()?.aud, 'signer');
    });

    test('openid-client opens an answer that was encrypted to it (JARM §2.2, §2.4)', async () => {
      const metadata = { authorization_signed_response_alg: 'ES256', authorization_encrypted_response_alg: 'ECDH-ES' };
      const config = await configure('secret-answers', metadata, oidc.ClientSecretBasic(SECRET));
      oidc.enableDecryptingResponses(config, ['A256GCM'], { key: box.privateKey, alg: 'ECDH-ES', kid: 'e1' });
      oidc.useJwtResponseMode(config);
      const verifier = oidc.randomPKCECodeVerifier();
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT_URI,
        scope: 'openid',
        state: 's+1',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const arrived = new URL((await walk(new Agent(provider.issuer), url)).location);
      assert.equal(arrived.searchParams.get('response')?.split('.').length, 5);
      const tokens = await oidc.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: verifier, expectedState: 's+1' });
      assert.equal(typeof tokens.access_token, 'string');
    });

    test('oauth4webapi pushes a signed request and reads a signed answer (RFC 9101 §5, RFC 9126 §2, JARM §2.4)', async () => {
      const issuer = new URL(provider.issuer);
      const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, LOOPBACK));
      assert.equal(as.pushed_authorization_request_endpoint, `${provider.issuer}/oauth/par`);
      assert.deepEqual(as['authorization_details_types_supported'], ['payment']);
      const rp: oauth.Client = { client_id: 'signer', authorization_signed_response_alg: 'ES256' };
      const privateKey = { key: keys.privateKey, kid: 'k1' };
      const proof = oauth.PrivateKeyJwt(privateKey);
      const verifier = oauth.generateRandomCodeVerifier();
      const parameters = new URLSearchParams({
        response_type: 'code',
        response_mode: 'query.jwt',
        redirect_uri: REDIRECT_URI,
        scope: 'openid',
        state: 's-2',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const request = await oauth.issueRequestObject(as, rp, parameters, privateKey);
      const push = (fields: URLSearchParams): Promise<Response> => oauth.pushedAuthorizationRequest(as, rp, proof, fields, LOOPBACK);
      const { request_uri: uri, expires_in: seconds } = await oauth.processPushedAuthorizationResponse(
        as,
        rp,
        await push(new URLSearchParams({ client_id: 'signer', request })),
      );
      assert.equal(seconds, 60);
      const start = new URL(as.authorization_endpoint ?? '');
      start.search = new URLSearchParams({ client_id: 'signer', request_uri: uri }).toString();
      const arrived = new URL((await walk(new Agent(provider.issuer), start)).location);
      const answer = await oauth.validateJwtAuthResponse(as, rp, arrived, 's-2', LOOPBACK);
      const reply = await oauth.authorizationCodeGrantRequest(as, rp, proof, answer, REDIRECT_URI, verifier, LOOPBACK);
      const tokens = await oauth.processAuthorizationCodeResponse(as, { ...rp, id_token_signed_response_alg: 'RS256' }, reply, {
        requireIdToken: true,
      });
      assert.equal(tokens.token_type, 'bearer');
      await assert.rejects(
        push(parameters).then((response) => oauth.processPushedAuthorizationResponse(as, rp, response)),
        (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_request',
      );
    });

    test('nothing of all this was an error on our side', () => {
      assert.deepEqual(
        provider.lines.filter((line) => line.includes('"level":"error"')),
        [],
      );
    });
  });
}
