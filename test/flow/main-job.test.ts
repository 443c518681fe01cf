import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { OPAQUE_RESOURCE, RESOURCE, startHufu, type TestHufu, USER } from '../support/hufu.ts';

const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid profile email read' };

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu();
});
after(() => hufu.stop());

test('a person signs in, an app gets tokens, renews them, reads userinfo and signs out (OpenID Connect Core §3.1)', async () => {
  const agent = new Agent(hufu.issuer);
  const answer = await authorizeAs(agent, { ...SPA, parameters: { state: 's1', nonce: 'n1' } }, USER);
  assert.equal(answer.page.status, 303);
  assert.equal(answer.page.answer.get('state'), 's1');
  assert.equal(answer.page.answer.get('iss'), hufu.issuer);

  const first = await exchange(agent, SPA, answer);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.equal(first.headers.get('cache-control'), 'no-store');
  assert.match(String(first.body['refresh_token']), /^hfr_/);
  assert.equal(first.body['scope'], SPA.scope);

  const info = await fetch(`${hufu.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${String(first.body['access_token'])}` } });
  assert.equal(info.status, 200);
  const claims = Object(await info.json());
  assert.equal(claims.email, 'alice@example.com');
  assert.equal(claims.name, 'Alice Example');

  const second = await postForm(`${hufu.issuer}/oauth/token`, {
    grant_type: 'refresh_token',
    client_id: 'spa',
    refresh_token: String(first.body['refresh_token']),
  });
  assert.equal(second.status, 200, JSON.stringify(second.body));
  assert.notEqual(second.body['refresh_token'], first.body['refresh_token']);

  const out = await agent.get(
    `/oauth/logout?id_token_hint=${String(second.body['id_token'])}&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fout&state=x`,
  );
  assert.equal(out.location, 'https://app.example/out?state=x');
  const dead = await postForm(`${hufu.issuer}/oauth/token`, {
    grant_type: 'refresh_token',
    client_id: 'spa',
    refresh_token: String(second.body['refresh_token']),
  });
  assert.equal(dead.body['error'], 'invalid_grant');
  assert.ok(dead.headers.get('hufu-decision'));
});

test('a machine client gets a JWT, or an opaque token where the resource wants one (RFC 6749 §4.4, RFC 9068 §2)', async () => {
  const basic = 'machine:machine-secret-0123456789abcdef012345';
  const jwt = await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'client_credentials', scope: 'read' }, basic);
  assert.equal(jwt.status, 200, JSON.stringify(jwt.body));
  assert.equal(String(jwt.body['access_token']).split('.').length, 3);
  assert.equal(jwt.body['refresh_token'], undefined);
  const opaque = await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'client_credentials', scope: 'opaque' }, basic);
  assert.match(String(opaque.body['access_token']), /^hfm_/);
  const api = 'api:api-secret-0123456789abcdef0123456789';
  for (const [token, aud] of [
    [jwt, RESOURCE],
    [opaque, OPAQUE_RESOURCE],
  ] as const) {
    const seen = await postForm(`${hufu.issuer}/oauth/introspect`, { token: String(token.body['access_token']) }, api);
    assert.equal(seen.body['active'], true);
    assert.equal(seen.body['aud'], aud);
    const stranger = await postForm(
      `${hufu.issuer}/oauth/introspect`,
      { token: String(token.body['access_token']) },
      'web:web-secret-0123456789abcdef0123456789',
    );
    assert.deepEqual(stranger.body, { active: false });
    await postForm(`${hufu.issuer}/oauth/revoke`, { token: String(token.body['access_token']) }, basic);
    const gone = await postForm(`${hufu.issuer}/oauth/introspect`, { token: String(token.body['access_token']) }, api);
    assert.deepEqual(gone.body, { active: false });
  }
});

test('the refresh token just used gives the same successor again, an older one revokes the grant (product 3.2, RFC 9700 §4.14.2)', async () => {
  const agent = new Agent(hufu.issuer);
  const first = await exchange(agent, SPA, await authorizeAs(agent, SPA, USER));
  const refresh = (token: unknown): ReturnType<typeof postForm> =>
    postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(token) });
  const r1 = first.body['refresh_token'];
  const [a, b] = await Promise.all([refresh(r1), refresh(r1)]);
  assert.equal(a.status, 200, JSON.stringify(a.body));
  assert.equal(a.body['refresh_token'], b.body['refresh_token']);
  const claimsOf = (reply: typeof a): Record<string, unknown> =>
    Object(JSON.parse(Buffer.from(String(reply.body['access_token']).split('.')[1] ?? '', 'base64url').toString()));
  assert.deepEqual(claimsOf(a), claimsOf(b));
  const c = await refresh(a.body['refresh_token']);
  assert.equal(c.status, 200);
  const theft = await refresh(r1);
  assert.equal(theft.body['error'], 'invalid_grant');
  assert.equal((await refresh(c.body['refresh_token'])).body['error'], 'invalid_grant');
});

test('a code works once; the second use revokes what the first one got (RFC 6749 §4.1.2)', async () => {
  const agent = new Agent(hufu.issuer);
  const answer = await authorizeAs(agent, SPA, USER);
  const first = await exchange(agent, SPA, answer);
  assert.equal(first.status, 200);
  const second = await exchange(agent, SPA, answer);
  assert.equal(second.body['error'], 'invalid_grant');
  const refresh = await postForm(`${hufu.issuer}/oauth/token`, {
    grant_type: 'refresh_token',
    client_id: 'spa',
    refresh_token: String(first.body['refresh_token']),
  });
  assert.equal(refresh.body['error'], 'invalid_grant');
});

test('a third party asks for consent, and no means access_denied (OpenID Connect Core §3.1.2.4)', async () => {
  const agent = new Agent(hufu.issuer);
  const THIRD = {
    clientId: 'third',
    redirectUri: 'https://third.example/cb',
    scope: 'openid profile read offline_access',
    parameters: { prompt: 'consent' },
  };
  const answer = await authorizeAs(agent, THIRD, USER);
  const tokens = await exchange(agent, THIRD, answer, 'third:third-secret-0123456789abcdef01234567');
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
  assert.match(String(tokens.body['scope']), /offline_access/);
});

test('a refusal can be explained: the decision names the check that failed (M26)', async () => {
  const reply = await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'client_credentials' }, 'machine:wrong');
  assert.equal(reply.status, 401);
  assert.equal(reply.body['error'], 'invalid_client');
  const id = reply.headers.get('hufu-decision') ?? '';
  await hufu.context.decisions.settled();
  const record = await hufu.store.findDecision(hufu.context.tenant, id);
  const checks = Object(JSON.parse(record?.record ?? '{}')).checks;
  assert.equal(checks.at(-1).check, 'client_authentication');
  assert.equal(checks.at(-1).outcome, 'failed');
});

test('a confidential client that does without rotation keeps its refresh token (FAPI 2.0 Security Profile §5.3.2.1)', async () => {
  const WEB = { clientId: 'steady', redirectUri: 'https://steady.example/cb', scope: 'openid read' };
  const basic = 'steady:steady-secret-0123456789abcdef0123456';
  const agent = new Agent(hufu.issuer);
  const first = await exchange(agent, WEB, await authorizeAs(agent, WEB, USER), basic);
  const token = String(first.body['refresh_token']);
  for (let round = 0; round < 3; round++) {
    const again = await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'refresh_token', refresh_token: token }, basic);
    assert.equal(again.body['refresh_token'], token);
  }
});

test('a clock frozen before the server was born lets people and machines go on (M27)', async () => {
  const past = await startHufu();
  try {
    await authorizeAs(new Agent(past.issuer), SPA, USER);
    await past.freeze('2001-01-01T00:00:00Z');
    const tokens = await exchange(new Agent(past.issuer), SPA, await authorizeAs(new Agent(past.issuer), SPA, USER));
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    const machine = await postForm(
      `${past.issuer}/oauth/token`,
      { grant_type: 'client_credentials', scope: 'read' },
      'machine:machine-secret-0123456789abcdef012345',
    );
    assert.equal(machine.status, 200);
    await past.advance('P400D');
    const refreshed = await postForm(`${past.issuer}/oauth/token`, {
      grant_type: 'refresh_token',
      client_id: 'spa',
      refresh_token: String(tokens.body['refresh_token']),
    });
    assert.equal(refreshed.body['error'], 'invalid_grant');
  } finally {
    await past.stop();
  }
});
