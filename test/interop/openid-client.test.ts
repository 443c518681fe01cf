import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { Agent } from '../support/agent.ts';
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
  walk,
} from './relying-party.ts';

const SCOPE = 'openid profile email notes files';

for (const engine of ENGINES) {
  describe(`openid-client on ${engine}`, () => {
    let provider: Provider;
    before(async () => {
      provider = await startProvider(engine);
    });
    after(() => provider.stop());

    for (const party of PARTIES) {
      test(`${party.method}: sign-in, ID token (${party.idTokenAlg}), userinfo, refresh, revocation and logout (OpenID Connect Core §3.1)`, async () => {
        const config = await configure(provider, party);
        const { agent, tokens } = await signIn(provider, config);
        const claims = tokens.claims() ?? assert.fail('no ID token');
        assert.equal(claims.aud, party.clientId);
        assert.equal(claims.iss, provider.issuer);
        assert.equal(header(tokens.id_token)['alg'], party.idTokenAlg);
        assert.equal(tokens.token_type, 'bearer');

        const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
        assert.equal(info.sub, claims.sub);
        assert.equal(info.email, 'mei@example.com');
        assert.equal(info.name, 'Mei Lin');

        const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? assert.fail('no refresh token'));
        assert.notEqual(renewed.refresh_token, tokens.refresh_token);
        assert.equal(renewed.claims()?.sub, claims.sub);
        assert.equal(renewed.claims()?.['auth_time'], claims['auth_time']);
        const files = await client.refreshTokenGrant(config, renewed.refresh_token ?? '', { scope: 'files', resource: OPAQUE_RESOURCE });
        assert.equal(files.scope, 'files');
        assert.match(files.access_token, /^hfa_/);

        if (party.method !== 'none') {
          const seen = await client.tokenIntrospection(config, files.access_token);
          assert.equal(seen.active, true);
          assert.equal(seen.client_id, party.clientId);
          assert.equal(seen.aud, OPAQUE_RESOURCE);
          assert.equal((await client.tokenIntrospection(config, files.refresh_token ?? '')).active, true);
        }

        await client.tokenRevocation(config, files.refresh_token ?? '', { token_type_hint: 'refresh_token' });
        await assert.rejects(client.refreshTokenGrant(config, files.refresh_token ?? ''), refusedWith('invalid_grant'));
        await assert.rejects(client.fetchUserInfo(config, renewed.access_token, claims.sub), client.WWWAuthenticateChallengeError);
        if (party.method !== 'none') assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, false);

        const out = client.buildEndSessionUrl(config, {
          id_token_hint: renewed.id_token ?? '',
          post_logout_redirect_uri: LOGGED_OUT_URI,
          state: 's/1',
        });
        assert.equal((await agent.get(out.href)).location, `${LOGGED_OUT_URI}?state=s%2F1`);
        const again = await walk(agent, authorizationUrl(config, { prompt: 'none' }, CHALLENGE, 'n'));
        assert.equal(new URL(again.location).searchParams.get('error'), 'login_required');
      });
    }

    test('a code that arrives by form_post is a code (OAuth 2.0 Form Post Response Mode §2)', async () => {
      const config = await configure(provider, PARTIES[1] ?? assert.fail());
      const verifier = client.randomPKCECodeVerifier();
      const url = authorizationUrl(config, { response_mode: 'form_post' }, await client.calculatePKCECodeChallenge(verifier), 'n-post');
      const page = await walk(new Agent(provider.issuer), url);
      assert.equal(page.status, 200);
      assert.equal(page.action, REDIRECT_URI);
      const posted = new Request(REDIRECT_URI, { method: 'POST', body: new URLSearchParams(page.hidden) });
      const tokens = await client.authorizationCodeGrant(config, posted, {
        pkceCodeVerifier: verifier,
        expectedState: 's+1',
        expectedNonce: 'n-post',
        idTokenExpected: true,
      });
      assert.equal(tokens.claims()?.nonce, 'n-post');
    });

    test('max_age is kept, and the library sees auth_time (OpenID Connect Core §3.1.2.1)', async () => {
      const config = await configure(provider, PARTIES[0] ?? assert.fail());
      const { tokens } = await signIn(provider, config, { max_age: '60' }, { maxAge: 60 });
      assert.equal(typeof tokens.claims()?.auth_time, 'number');
    });

    test('refusals come as the library knows them (RFC 6749 §4.1.2.1, §5.2)', async () => {
      const config = await configure(provider, PARTIES[0] ?? assert.fail());
      const agent = new Agent(provider.issuer);
      const page = await agent.get((await agent.get(authorizationUrl(config, {}, CHALLENGE, 'n').href)).location);
      const denied = await agent.submit(page, { cancel: '1' });
      await assert.rejects(
        client.authorizationCodeGrant(config, new URL(denied.location), {
          pkceCodeVerifier: 'v'.repeat(43),
          expectedState: 's+1',
          expectedNonce: 'n',
        }),
        (error) => error instanceof client.AuthorizationResponseError && error.error === 'access_denied',
      );
      const { arrived } = await arriveAt(provider.issuer, authorizationUrl(config, {}, CHALLENGE, 'n'));
      await assert.rejects(
        client.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: 'v'.repeat(43), expectedState: 's+1', expectedNonce: 'n' }),
        refusedWith('invalid_grant'),
      );
      const wrong = await configure(provider, {
        clientId: MACHINE.clientId,
        secret: 'wrong',
        method: 'client_secret_basic',
        idTokenAlg: 'RS256',
      });
      // A 401 with a challenge is read as one (RFC 9110 §15.5.2).
      await assert.rejects(client.clientCredentialsGrant(wrong), client.WWWAuthenticateChallengeError);
    });

    test('a machine gets tokens, and learns of them as their resource server (RFC 6749 §4.4, RFC 7662 §2)', async () => {
      const party: RelyingParty = { ...MACHINE, method: 'client_secret_basic', idTokenAlg: 'RS256' };
      const config = await configure(provider, party);
      for (const [scope, resource] of [
        ['notes', JWT_RESOURCE],
        ['files', OPAQUE_RESOURCE],
      ] as const) {
        const tokens = await client.clientCredentialsGrant(config, { scope, resource });
        assert.equal(tokens.refresh_token, undefined);
        const seen = await client.tokenIntrospection(config, tokens.access_token);
        assert.deepEqual([seen.active, seen.aud, seen.scope, seen.sub], [true, resource, scope, MACHINE.clientId]);
        await client.tokenRevocation(config, tokens.access_token);
        assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
      }
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

/** RFC 7636 appendix B, without its verifier. */
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** ID token signatures are checked too, which the library leaves to TLS by default. */
async function configure(provider: Provider, party: RelyingParty): Promise<client.Configuration> {
  const metadata = {
    id_token_signed_response_alg: party.idTokenAlg,
    ...(party.secret === undefined ? {} : { client_secret: party.secret }),
  };
  return client.discovery(new URL(provider.issuer), party.clientId, metadata, authentication(party), {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
}

function authentication({ method, secret }: RelyingParty): client.ClientAuth {
  if (method === 'none') return client.None();
  return method === 'client_secret_basic' ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

function authorizationUrl(config: client.Configuration, more: Record<string, string>, challenge: string, nonce: string): URL {
  return client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: 's+1',
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
}

async function signIn(
  provider: Provider,
  config: client.Configuration,
  more: Record<string, string> = {},
  checks: client.AuthorizationCodeGrantChecks = {},
): Promise<{ readonly agent: Agent; readonly tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>> }> {
  const verifier = client.randomPKCECodeVerifier();
  const nonce = client.randomNonce();
  const url = authorizationUrl(config, more, await client.calculatePKCECodeChallenge(verifier), nonce);
  const { agent, arrived } = await arriveAt(provider.issuer, url);
  const tokens = await client.authorizationCodeGrant(config, arrived, {
    pkceCodeVerifier: verifier,
    expectedState: 's+1',
    expectedNonce: nonce,
    idTokenExpected: true,
    ...checks,
  });
  return { agent, tokens };
}

function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof client.ResponseBodyError && error.error === code && error.status === 400;
}

function header(jwt: string | undefined): Record<string, unknown> {
  return Object(JSON.parse(Buffer.from(jwt?.split('.')[0] ?? '', 'base64url').toString()));
}
