import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { giveApp } from '@hufu/server/testing/second-factors';
import { Agent, type JsonReply, type Page, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { type Arena, arena } from './oracles.ts';
import { BOB, type Person } from './sign-ins.ts';

const SECRET = 'legacy-secret-0123456789abcdef012345678';
const LEGACY = `  - { client_id: legacy, client_secret: ${SECRET}, grant_types: [password], scope: read, hufu: { unsafe_password_grant: true } }\n`;
const withPolicy = (policy: string): string =>
  BASIC_YAML.replace('brute_force: off', `brute_force: off, sign_up: open, ${policy}`).replace('resources:', `${LEGACY}resources:`);

function ask({ issuer }: Arena, { username, password }: Person): Promise<JsonReply> {
  return postForm(`${issuer}/oauth/token`, { grant_type: 'password', username, password, scope: 'read' }, `legacy:${SECRET}`);
}

function assertOff(page: Page, what: string): void {
  assert.equal(page.status, 403, `${what}: ${page.text.slice(0, 300)}`);
  assert.match(page.text, /this way to sign in is switched off/, what);
}

describe('USR: ways to sign in that the policy does not have', () => {
  const passkeys = arena({ yaml: withPolicy('sign_in: { methods: [passkey] }') });
  const passwords = arena({ yaml: withPolicy('sign_in: { methods: [password] }') });

  test('USR-22 · where passwords are off, the right one opens nothing: not the form, not the token endpoint, and nobody chooses one (ZITADEL CVE-2024-49757)', async () => {
    const agent = new Agent(passkeys.issuer);
    const page = await agent.get('/signin');
    assert.doesNotMatch(page.text, /name="password"|\/recover|\/signup/);
    assertOff(await agent.post('/signin', { ...page.hidden, ...USER }), 'the form, sent all the same');
    for (const path of ['/recover', '/signup']) {
      assertOff(await agent.get(path), path);
      const fields = { address: 'alice@example.com', username: 'mei', password: 'two halves make a tally' };
      assertOff(await agent.post(path, { ...page.hidden, ...fields }), path);
    }
    assert.equal(agent.cookies.has('hufu_session'), false);
    const { store, context } = passkeys.hufu;
    assert.equal(await store.findUserByName(context.tenant, 'mei'), undefined);
    assert.equal((await ask(passkeys, USER)).body['error'], 'invalid_grant');
    assert.equal((await ask(passwords, USER)).status, 200, 'where they are on, it is right');
  });

  test('USR-22 · where mail and passkeys are off, their pages and forms are too', async () => {
    const agent = new Agent(passwords.issuer);
    const { hidden } = await agent.get('/signin');
    assertOff(await agent.get('/signin/email'), 'the page');
    assertOff(await agent.post('/signin/email', { ...hidden, address: 'alice@example.com' }), 'a mail');
    assertOff(await agent.post('/signin/passkey', { ...hidden, passkey: '{}' }), 'a passkey');
    const options = await agent.post('/signin/passkey/options', { ...hidden });
    assert.deepEqual([options.status, /challenge/.test(options.text)], [403, false]);
  });

  test('USR-22 · the password grant is no way past a second factor', async () => {
    const { store, context: ctx } = passwords.hufu;
    assert.equal((await ask(passwords, BOB)).status, 200);
    await giveApp({ ctx, store, tenant: ctx.tenant, now: () => Math.floor(ctx.clock.nowMs() / 1000) }, BOB.username);
    assert.equal((await ask(passwords, BOB)).body['error'], 'invalid_grant');
  });
});
