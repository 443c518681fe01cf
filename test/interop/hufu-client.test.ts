/** Our own client SDK as a stranger meets it: against Hufu as a process of its own, and against `oidc-provider`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Client, createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { clientSecretBasic, clientSecretPost } from '@hufu/client/client-secret';
import { finishSignIn, type SignedIn } from '@hufu/client/finish-sign-in';
import { clientCredentials } from '@hufu/client/grants';
import { createRenewer } from '@hufu/client/renewer';
import { revokeToken } from '@hufu/client/revoke-token';
import { prepareSignIn, type SignInRequest } from '@hufu/client/sign-in';
import { signOutUrl } from '@hufu/client/sign-out';
import { fetchUserinfo } from '@hufu/client/userinfo';
import * as jose from 'jose';
import { Agent } from '../support/agent.ts';
import { type Bends, type OidcUpstream, startOidcUpstream, UPSTREAM_SECRET } from '../support/upstreams/oidc-upstream.ts';
import { signInThere } from '../support/upstreams/visitor.ts';
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

const without = (claims: jose.JWTPayload, name: string): jose.JWTPayload =>
  Object.fromEntries(Object.entries(claims).filter(([one]) => one !== name));
const refused = (code: string) => (error: unknown) => error instanceof ClientError && error.kind === 'refused' && error.code === code;

describe('@hufu/client with Hufu', () => {
  let provider: Provider;
  before(async () => {
    provider = await startProvider('sqlite');
  });
  after(() => provider?.stop());

  const clientOf = ({ clientId, secret = '', method, idTokenAlg }: RelyingParty): Client =>
    createClient({
      issuer: provider.issuer,
      clientId,
      idTokenAlg,
      ...(method === 'none'
        ? {}
        : { authentication: method === 'client_secret_basic' ? clientSecretBasic(secret) : clientSecretPost(secret) }),
    });
  const signIn = async (
    client: Client,
    more: Partial<SignInRequest> = {},
  ): Promise<SignedIn & { readonly agent: Agent; readonly arrived: URL }> => {
    const { url, pending } = await prepareSignIn(client, { redirectUri: REDIRECT_URI, scope: 'openid profile email notes', ...more });
    const { agent, arrived } = await arriveAt(provider.issuer, new URL(url));
    return { ...(await finishSignIn(client, arrived, pending)), agent, arrived };
  };

  for (const party of PARTIES) {
    test(`${party.method}: sign-in, userinfo, refresh, revocation and sign-out (OpenID Connect Core §3.1, RFC 9449 §5)`, async () => {
      const client = clientOf(party);
      const { claims, dpopKey, agent, ...tokens } = await signIn(client);
      const isPublic = party.method === 'none';
      assert.deepEqual([tokens.tokenType, dpopKey !== undefined], isPublic ? ['DPoP', true] : ['Bearer', false]);
      const { sub } = claims ?? assert.fail();
      const info = await fetchUserinfo(client, { accessToken: tokens.accessToken, sub, dpopKey });
      assert.equal(info['email'], 'mei@example.com');
      assert.equal(typeof Object(jose.decodeJwt(tokens.accessToken)['cnf']).jkt === 'string', isPublic);

      const renewer = createRenewer(client);
      const context = { ...(dpopKey && { dpopKey }), signal: AbortSignal.timeout(60_000) };
      const answer = await renewer.refresh(tokens.refreshToken ?? '', context);
      const renewed = await renewer.validate(answer, { dpopKey, claims });
      assert.equal(renewed.claims?.['sub'], sub);
      await fetchUserinfo(client, { accessToken: renewed.accessToken, sub, dpopKey });

      const refresh = String(answer['refresh_token']);
      await revokeToken(client, refresh, 'refresh_token');
      await assert.rejects(renewer.refresh(refresh, context), refused('invalid_grant'));
      const out = await signOutUrl(client, { idToken: renewed.idToken, postLogoutRedirectUri: LOGGED_OUT_URI });
      assert.equal((await agent.get(out)).location, LOGGED_OUT_URI);
    });
  }

  test('a request that is pushed first signs in as well (RFC 9126 §4)', async () => {
    for (const party of PARTIES) {
      const { claims } = await signIn(clientOf(party), { pushed: 'always', returnTo: '/x' });
      assert.ok(claims?.sub);
    }
  });

  test('a code serves once, and with its own key alone (RFC 6749 §4.1.2, RFC 9449 §10)', async () => {
    const client = clientOf(PARTIES[0] ?? assert.fail());
    const other = await prepareSignIn(client, { redirectUri: REDIRECT_URI });
    const { url, pending } = await prepareSignIn(client, { redirectUri: REDIRECT_URI, scope: 'notes' });
    const { arrived } = await arriveAt(provider.issuer, new URL(url));
    await assert.rejects(finishSignIn(client, arrived, { ...pending, dpopKey: other.pending.dpopKey }), ClientError);
    const again = await prepareSignIn(client, { redirectUri: REDIRECT_URI, scope: 'notes' });
    const there = await arriveAt(provider.issuer, new URL(again.url));
    await finishSignIn(client, there.arrived, again.pending);
    await assert.rejects(finishSignIn(client, there.arrived, again.pending), refused('invalid_grant'));
  });

  test('a no is a no, and prompt=none without a session says what is missing (OpenID Connect Core §3.1.2.6)', async () => {
    const client = clientOf(PARTIES[1] ?? assert.fail());
    const { url, pending } = await prepareSignIn(client, { redirectUri: REDIRECT_URI, scope: 'openid', prompt: 'none' });
    const page = await new Agent(provider.issuer).get(url);
    await assert.rejects(finishSignIn(client, page.location, pending), refused('login_required'));
  });

  test('a machine gets its tokens, of either kind (RFC 6749 §4.4)', async () => {
    const client = createClient({ issuer: provider.issuer, clientId: MACHINE.clientId, authentication: clientSecretBasic(MACHINE.secret) });
    for (const [scope, resource] of [
      ['notes', JWT_RESOURCE],
      ['files', OPAQUE_RESOURCE],
    ] as const) {
      const tokens = await clientCredentials(client, { scope, resource });
      assert.equal(tokens.tokenType, 'Bearer');
      assert.ok((tokens.expiresIn ?? 0) > 0);
    }
    await assert.rejects(clientCredentials(client, { scope: 'admin' }), refused('invalid_scope'));
    const wrong = createClient({ issuer: provider.issuer, clientId: MACHINE.clientId, authentication: clientSecretBasic('wrong') });
    await assert.rejects(clientCredentials(wrong), refused('invalid_client'));
  });
});

describe('@hufu/client with oidc-provider', () => {
  const CALLBACK = 'https://rp.example/callback';
  let upstream: OidcUpstream;
  before(async () => {
    upstream = await startOidcUpstream('rp', [CALLBACK], new Map([['mei', { name: 'Mei' }]]));
  });
  after(() => upstream?.stop());

  /** A new client each time: nothing of what another test bent is remembered. */
  const signIn = async (bend: Bends = {}, more: Partial<SignInRequest> = {}): Promise<string> => {
    const client = createClient({ issuer: upstream.issuer, clientId: 'rp', authentication: clientSecretBasic(UPSTREAM_SECRET) });
    upstream.bend = bend;
    const { url, pending } = await prepareSignIn(client, { redirectUri: CALLBACK, scope: 'openid profile', ...more });
    const agent = new Agent(upstream.issuer);
    const back = await signInThere(agent, await agent.get(url), 'mei', CALLBACK);
    const { claims, accessToken } = await finishSignIn(client, back, pending);
    const { sub } = claims ?? assert.fail();
    await fetchUserinfo(client, { accessToken, sub });
    return sub;
  };

  test('somebody signs in, and their userinfo is theirs (OpenID Connect Core §3.1, §5.3)', async () => {
    assert.equal(await signIn(), 'mei');
    assert.equal(await signIn({ alg: 'ES256' }), 'mei');
  });

  for (const [name, bend, code] of [
    ['another issuer', { idToken: (claims) => ({ ...claims, iss: 'https://evil.example' }) }, 'iss'],
    ['no sub', { idToken: (claims) => without(claims, 'sub') }, 'sub'],
    ['another audience', { idToken: (claims) => ({ ...claims, aud: 'other' }) }, 'aud'],
    ['no iat', { idToken: (claims) => without(claims, 'iat') }, 'iat'],
    ['another nonce', { idToken: (claims) => ({ ...claims, nonce: 'x' }) }, 'nonce'],
    ['an exp that has passed', { idToken: (claims) => ({ ...claims, exp: 1 }) }, 'exp'],
    ['no signature', { alg: 'none' }, 'jwt'],
    ['the secret as a key', { alg: 'HS256' }, 'alg'],
    ['a foreign key under a known name', { alg: 'foreign key' }, 'signature'],
    [
      'an access token that was put in its place',
      { accessToken: 'another', idToken: (claims) => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) },
      'at_hash',
    ],
    ['userinfo of somebody else', { userinfo: (claims) => ({ ...claims, sub: 'eve' }) }, 'sub'],
    ['metadata of somebody else', { discovery: (metadata) => ({ ...metadata, issuer: 'https://evil.example' }) }, 'issuer'],
  ] as readonly (readonly [string, Bends, string])[]) {
    test(`nobody is signed in by ${name} (OpenID Connect Core §3.1.3.7, attacks SDK-04)`, async () => {
      await assert.rejects(signIn(bend), (error) => {
        assert.ok(error instanceof ClientError, String(error));
        assert.deepEqual([error.kind, error.code], ['mismatch', code]);
        return true;
      });
    });
  }
});
