/** Refresh tokens when users, clients and time move on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import type { UserRecord } from '@hufu/store/port';
import { Agent, authorizeAs, exchange, type JsonReply } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';
import { assertClientRefused, assertInactive, assertTokenError } from './expect.ts';
import { type Arena, arena } from './oracles.ts';
import { SPA, WEB, WEB_BASIC } from './sign-ins.ts';
import { introspected, now, refreshed } from './token-requests.ts';

interface Somebody {
  readonly user: UserRecord;
  readonly agent: Agent;
  readonly spa: JsonReply;
  readonly offline: JsonReply;
}

const THIRD = {
  clientId: 'third',
  redirectUri: 'https://third.example/cb',
  scope: 'openid offline_access read',
  parameters: { prompt: 'consent' },
};
const THIRD_BASIC = 'third:third-secret-0123456789abcdef01234567';

/** A person of this case's own with a grant that lives with the session and one that outlives it. */
async function somebody(here: Arena, name: string): Promise<Somebody> {
  const { store, context } = here.hufu;
  const password = `the long password of ${name}`;
  const made = await store.createUser(
    context.tenant,
    { sub: context.random.text(20), username: name, passwordHash: await context.passwords.hash(password), claims: {} },
    now(here),
  );
  const agent = new Agent(here.issuer);
  const spa = await exchange(agent, SPA, await authorizeAs(agent, SPA, { username: name, password }));
  const offline = await exchange(agent, THIRD, await authorizeAs(agent, THIRD, { username: name, password }), THIRD_BASIC);
  for (const { body } of [spa, offline]) assert.match(String(body['refresh_token']), /^hfr_/);
  return { user: made.user, agent, spa, offline };
}

async function assertAllDead(here: Arena, { spa, offline }: Somebody): Promise<void> {
  assertTokenError(await refreshed(here, spa.body['refresh_token']), 'invalid_grant');
  assertTokenError(await refreshed(here, offline.body['refresh_token'], {}, THIRD_BASIC), 'invalid_grant');
  for (const { body } of [spa, offline]) assertInactive(await introspected(here, body['access_token']));
}

describe('REF: users', () => {
  const here = arena({ yaml: BASIC_YAML });

  test('REF-10 · a disabled user’s tokens are dead at once, and enabling revives nothing (RFC 6749 §5.2)', async () => {
    const person = await somebody(here, 'ref10');
    const { store, context } = here.hufu;
    await store.setUserEnabled(context.tenant, person.user.id, false, now(here));
    await assertAllDead(here, person);
    await store.setUserEnabled(context.tenant, person.user.id, true, now(here));
    await assertAllDead(here, person);
  });

  test('REF-11 · a new password signs every app out (RFC 9700 §4.14)', async () => {
    const person = await somebody(here, 'ref11 password');
    const { store, context } = here.hufu;
    const hash = await context.passwords.hash('another long password');
    const keep = { session: undefined, revokes: 'all' } as const;
    await store.changePassword(context.tenant, person.user.id, person.user.authVersion, hash, keep, now(here));
    await assertAllDead(here, person);
  });

  test('REF-11 · so does signing out everywhere, and nobody else is signed out by it (RFC 9700 §4.14)', async () => {
    const [person, other] = [await somebody(here, 'ref11 everywhere'), await somebody(here, 'ref11 other')];
    const { store, context } = here.hufu;
    await store.revokeUser(context.tenant, person.user.id, 'revoked_by_user', now(here));
    await assertAllDead(here, person);
    assert.equal((await refreshed(here, other.spa.body['refresh_token'])).status, 200);
  });

  test('REF-11 · signing out at one browser ends what lives with its session, not what is offline (OpenID Connect Core §11)', async () => {
    const person = await somebody(here, 'ref11 session');
    await person.agent.submit(await person.agent.get('/oauth/logout'), { decision: 'sign_out' });
    assertTokenError(await refreshed(here, person.spa.body['refresh_token']), 'invalid_grant');
    assert.equal((await refreshed(here, person.offline.body['refresh_token'], {}, THIRD_BASIC)).status, 200);
  });
});

describe('REF: clients that change', () => {
  const here = arena({ yaml: BASIC_YAML });

  /** What a restart with another `hufu.yaml` does. */
  async function reconfigure(yaml: string): Promise<void> {
    const { config } = here.hufu.context;
    const text = `issuer: ${config.issuer}\nmode: test\ndata_dir: ${config.dataDir}\n${yaml}`;
    await applyConfig({ ...here.hufu.context, config: readConfig({ text, file: 'test.yaml', env: {} }) }, now(here));
  }

  test('REF-13 · a client that becomes public does not take its refresh tokens along (RFC 6749 §6)', async () => {
    const agent = new Agent(here.issuer);
    const tokens = await exchange(
      agent,
      WEB,
      await authorizeAs(agent, WEB, { username: 'bob', password: 'bobs long password here' }),
      WEB_BASIC,
    );
    assert.equal(tokens.status, 200);
    await here.hufu.advance('PT2S');
    await reconfigure(
      BASIC_YAML.replace(
        '- client_id: web\n    client_secret: web-secret-0123456789abcdef0123456789',
        '- client_id: web\n    token_endpoint_auth_method: none',
      ),
    );
    assertTokenError(await refreshed(here, tokens.body['refresh_token'], { client_id: 'web' }), 'invalid_grant');
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], {}, WEB_BASIC));
    await reconfigure(BASIC_YAML);
    assertTokenError(await refreshed(here, tokens.body['refresh_token'], {}, WEB_BASIC), 'invalid_grant', 'nor when it is changed back');
    assertInactive(await introspected(here, tokens.body['access_token']));
  });

  test('REF-13 · a client that moves its secret into the body loses them too (RFC 6749 §2.3.1)', async () => {
    const agent = new Agent(here.issuer);
    const tokens = await exchange(
      agent,
      WEB,
      await authorizeAs(agent, WEB, { username: 'bob', password: 'bobs long password here' }),
      WEB_BASIC,
    );
    await here.hufu.advance('PT2S');
    await reconfigure(BASIC_YAML.replace('- client_id: web\n', '- client_id: web\n    token_endpoint_auth_method: client_secret_post\n'));
    const secret = WEB_BASIC.slice(4);
    assertTokenError(await refreshed(here, tokens.body['refresh_token'], { client_id: 'web', client_secret: secret }), 'invalid_grant');
    assertClientRefused(await refreshed(here, tokens.body['refresh_token'], { client_id: 'web' }));
  });

  test('REF-13 · a client that may no longer refresh does not (RFC 6749 §5.2)', async () => {
    await reconfigure(BASIC_YAML);
    const agent = new Agent(here.issuer);
    const tokens = await exchange(agent, SPA, await authorizeAs(agent, SPA, { username: 'bob', password: 'bobs long password here' }));
    await reconfigure(BASIC_YAML.replace('grant_types: [authorization_code, refresh_token]', 'grant_types: [authorization_code]'));
    assertTokenError(await refreshed(here, tokens.body['refresh_token']), 'unauthorized_client');
  });
});

describe('REF: time', () => {
  const here = arena({
    yaml: BASIC_YAML.replace(
      'policies: { brute_force: off }',
      'policies: { brute_force: off, refresh_tokens: { absolute: 1h, idle: 10m } }',
    ),
  });

  async function begin(): Promise<JsonReply> {
    const agent = new Agent(here.issuer);
    return exchange(agent, SPA, await authorizeAs(agent, SPA, { username: 'bob', password: 'bobs long password here' }));
  }

  test('REF-14 · fifty rotations never move the end of the family (RFC 9700 §4.14)', async () => {
    let tokens = await begin();
    const first = tokens;
    for (let i = 0; i < 50; i++) {
      await here.hufu.advance('PT1M');
      tokens = await refreshed(here, tokens.body['refresh_token']);
      assert.equal(tokens.status, 200, `${i}: ${JSON.stringify(tokens.body)}`);
    }
    await here.hufu.advance('PT9M');
    tokens = await refreshed(here, tokens.body['refresh_token']);
    assert.equal(tokens.status, 200);
    // What is handed out at the end does not outlive it.
    assert.ok(Number(tokens.body['expires_in']) <= 60, `expires_in ${String(tokens.body['expires_in'])}`);
    await here.hufu.advance('PT1M');
    assertTokenError(await refreshed(here, tokens.body['refresh_token']), 'invalid_grant');
    for (const { body } of [first, tokens]) assertInactive(await introspected(here, body['access_token']));
  });

  test('REF-14 · a refresh token that nobody used for too long is dead (RFC 9700 §4.14)', async () => {
    const used = await begin();
    const unused = await begin();
    await here.hufu.advance('PT9M');
    const next = await refreshed(here, used.body['refresh_token']);
    assert.equal(next.status, 200);
    await here.hufu.advance('PT1M');
    assertTokenError(await refreshed(here, unused.body['refresh_token']), 'invalid_grant');
    await here.hufu.advance('PT8M');
    assert.equal((await refreshed(here, next.body['refresh_token'])).status, 200);
  });
});
