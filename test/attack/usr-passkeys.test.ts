import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Lies, type SoftPasskey, softPasskey } from '@hufu/server/testing/authenticator';
import { Agent, type Page } from '../support/agent.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { givePasskey, optionsOf, showPasskey } from '../support/passkeys.ts';
import { authorizePath } from './expect.ts';

const ISSUER = 'http://localhost:4400';

function isIn(agent: Agent): boolean {
  return agent.cookies.has('hufu_session');
}

describe('USR: passkeys', () => {
  let hufu: TestHufu;
  let alices: SoftPasskey;
  before(async () => {
    hufu = await startHufu({ issuer: ISSUER, yaml: BASIC_YAML });
    alices = await givePasskey(hufu.context, USER.username, 'synced');
  });
  after(() => hufu.stop());

  /** A browser on the sign-in page. */
  async function visit(): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const agent = new Agent(hufu.origin);
    return { agent, page: await agent.get('/signin') };
  }

  async function tryWith(lies: Lies): Promise<{ readonly agent: Agent; readonly reply: Page }> {
    const { agent, page } = await visit();
    return { agent, reply: await showPasskey(agent, page, alices, lies) };
  }

  test('USR-24 · a passkey signs in once for each challenge: the same answer again, there or in another browser, is nothing (WebAuthn §13.4.3)', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const fields = { ...page.hidden, challenge: options.challenge, credential: alices.get(options) };
    const thief = new Agent(hufu.origin);
    const theirs = await thief.get('/signin');
    // In the thief's own browser, before it is used: the challenge is the other browser's.
    assert.equal(
      (await thief.post('/signin/passkey', { ...fields, ...theirs.hidden, challenge: fields.challenge, credential: fields.credential }))
        .status,
      401,
    );
    const first = await agent.post('/signin/passkey', fields);
    assert.deepEqual([first.status, first.location, isIn(agent)], [303, '/account', true]);
    agent.cookies.delete('hufu_session');
    const second = await agent.post('/signin/passkey', fields);
    assert.deepEqual([second.status, second.name, isIn(agent), isIn(thief)], [401, 'signin', false, false]);
  });

  test('USR-24 · a challenge is over after five minutes', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const fields = { ...page.hidden, challenge: options.challenge, credential: alices.get(options) };
    await hufu.advance('PT301S');
    assert.deepEqual([(await agent.post('/signin/passkey', fields)).status, isIn(agent)], [401, false]);
  });

  test('USR-24 · a challenge of ours is not made by anybody else, nor one of another purpose', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const credential = alices.get(options);
    for (const challenge of ['', options.publicKey.challenge, `${options.challenge.slice(0, -4)}AAAA`, options.challenge.repeat(20)])
      assert.equal((await agent.post('/signin/passkey', { ...page.hidden, challenge, credential })).status, 401, challenge);
    assert.equal(isIn(agent), false);
  });

  const lies: readonly (readonly [string, Lies])[] = [
    ['an origin that begins like ours', { origin: `${ISSUER}.evil.example` }],
    ['another port', { origin: 'http://localhost:4401' }],
    ['another scheme', { origin: 'https://localhost:4400' }],
    ['an app', { origin: 'android:apk-key-hash:Zm9v' }],
    ['another RP ID', { rpId: 'evil.example' }],
    ['an RP ID above ours', { rpId: 'host' }],
    ['a frame of another site', { clientData: { crossOrigin: true } }],
    ['a frame that says where it is', { clientData: { topOrigin: 'https://evil.example' } }],
    ['nobody verified', { verified: false }],
    ['nobody there', { present: false }],
    ['the act of making one', { type: 'webauthn.create' }],
    ['a payment', { type: 'payment.get' }],
    ['another challenge', { challenge: 'A'.repeat(24) }],
    ['no user handle', { userHandle: null }],
    ['another key', { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    ['another kind of authenticator than it was', { backupEligible: false }],
    ['a passkey that nobody has', { credentialId: 'A'.repeat(27) }],
  ];
  for (const [what, lie] of lies) {
    test(`USR-24 · ${what} is no sign-in (WebAuthn §7.2)`, async () => {
      const { agent, reply } = await tryWith(lie);
      assert.deepEqual([reply.status, reply.name, isIn(agent)], [401, 'signin', false]);
    });
  }

  test('USR-24 · the user handle of somebody else does not make a passkey theirs (WebAuthn §7.2 step 6)', async () => {
    const bob = await givePasskey(hufu.context, 'bob', 'synced');
    const { agent, reply } = await tryWith({ userHandle: bob.handle });
    assert.deepEqual([reply.status, isIn(agent)], [401, false]);
    const own = await visit();
    assert.equal((await showPasskey(own.agent, own.page, bob)).status, 303);
    assert.match((await own.agent.get('/account')).text, /Bob/);
  });

  test('USR-24 · a counter that does not go on is a copy: refused, written down for its owner, and no way to lock them out', async () => {
    const soft = await givePasskey(hufu.context, 'bob');
    const copy = await visit();
    assert.equal((await showPasskey(copy.agent, copy.page, soft, { counter: 9 })).status, 303);
    for (const counter of [9, 8, 1, 0]) {
      const { agent, page } = await visit();
      const reply = await showPasskey(agent, page, soft, { counter });
      assert.deepEqual([reply.status, isIn(agent)], [401, false]);
      assert.match(reply.text, /may have been copied/);
    }
    const { agent, page } = await visit();
    assert.equal((await showPasskey(agent, page, soft, { counter: 10 })).status, 303);
    const bob = (await hufu.store.findUserByName(hufu.context.tenant, 'bob')) ?? assert.fail();
    const events = await hufu.store.listUserEvents(hufu.context.tenant, bob.id, 50);
    assert.equal(events.filter(({ kind }) => kind === 'passkey_suspicious').length, 4);
  });

  test('USR-24 · nobody removes or renames the passkey of somebody else, whatever the form names (WebAuthn §7.1)', async () => {
    const bob = await givePasskey(hufu.context, 'bob', 'synced');
    const mine = await visit();
    assert.equal((await showPasskey(mine.agent, mine.page, alices)).status, 303);
    const theirs = await visit();
    assert.equal((await showPasskey(theirs.agent, theirs.page, bob)).status, 303);
    const thingsOf = async (agent: Agent): Promise<readonly string[]> =>
      [...(await agent.get('/account/security')).text.matchAll(/\/account\/security\/remove\?thing=([\w-]+)/g)].map(
        ([, thing = '']) => thing,
      );
    const [own] = await thingsOf(mine.agent);
    const things = await thingsOf(theirs.agent);
    assert.ok(own !== undefined && things.length > 0 && !things.includes(own));
    const page = await mine.agent.get(`/account/security/remove?thing=${own}`);
    assert.equal(page.name, 'account-remove');
    const bobsUser = (await hufu.store.findUserByName(hufu.context.tenant, 'bob')) ?? assert.fail();
    const rows = (await hufu.store.listFactors(hufu.context.tenant, bobsUser.id)).map(({ id }) => String(id));
    for (const thing of [...things, ...rows, bob.credentialId, '', '0']) {
      const reply = await mine.agent.post('/account/security/remove', { ...page.hidden, thing });
      assert.match(reply.location, /^\/account\/security\?outcome=gone/, thing);
      const security = await mine.agent.get('/account/security');
      const renamed = await mine.agent.post('/account/security', { ...security.hidden, act: 'rename', thing, name: 'mine by now' });
      assert.match(renamed.location, /outcome=gone/);
    }
    const again = await visit();
    assert.equal((await showPasskey(again.agent, again.page, bob)).status, 303);
    assert.doesNotMatch((await again.agent.get('/account/security')).text, /mine by now/);
    // And their own, on a page of their own, goes.
    const last = await theirs.agent.get(`/account/security/remove?thing=${things.at(-1)}`);
    assert.match((await theirs.agent.submit(last, {})).location, /outcome=factor_removed/);
  });

  test('USR-24 · a passkey is made in the session that asked for it, once, and for its own user (WebAuthn §7.1)', async () => {
    const mine = await visit();
    assert.equal((await showPasskey(mine.agent, mine.page, alices)).status, 303);
    const bob = await givePasskey(hufu.context, 'bob', 'synced');
    const theirs = await visit();
    assert.equal((await showPasskey(theirs.agent, theirs.page, bob)).status, 303);
    const PATH = '/account/security/passkey';
    const form = await mine.agent.get(PATH);
    assert.equal(form.name, 'account-passkey');
    const soft = softPasskey({ origin: ISSUER });
    const options = await optionsOf(mine.agent, form, `${PATH}/options`);
    const sent = { challenge: options.challenge, credential: soft.create(options), name: 'New' };
    const foreignForm = await theirs.agent.get(PATH);
    const foreign = await theirs.agent.post(PATH, { ...foreignForm.hidden, ...sent });
    assert.deepEqual([foreign.status, foreign.name], [400, 'account-passkey']);
    const lied = softPasskey({ origin: ISSUER });
    for (const lie of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { verified: false },
      { clientData: { crossOrigin: true } },
    ])
      assert.equal((await mine.agent.post(PATH, { ...form.hidden, ...sent, credential: lied.create(options, lie) })).status, 400);
    assert.match((await mine.agent.post(PATH, { ...form.hidden, ...sent })).location, /outcome=factor_added/);
    const again = await mine.agent.post(PATH, { ...(await mine.agent.get(PATH)).hidden, ...sent });
    assert.equal(again.status, 400);
    assert.equal((await new Agent(hufu.origin).post(`${PATH}/options`, {})).status, 403);
    const fresh = await visit();
    assert.equal((await showPasskey(fresh.agent, fresh.page, soft)).status, 303);
  });

  /** A browser after the password, before the second step. */
  async function afterPassword(user = USER): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const { agent, page } = await visit();
    const step = await agent.submit(page, user);
    assert.match(step.location, /^\/signin\/verify\?/);
    assert.equal(isIn(agent), false);
    return { agent, page: await agent.get(step.location) };
  }

  test('USR-24 · the second step takes a passkey of whoever gave the password, for that very sign-in, once (WebAuthn §7.2 step 6)', async () => {
    const bob = await givePasskey(hufu.context, 'bob', 'synced');
    const { agent, page } = await afterPassword();
    assert.equal(page.name, 'verify');
    const own = await optionsOf(agent, page);
    const other = await afterPassword();
    const stranger = await visit();
    for (const [what, challenge, credential] of [
      ['the passkey of somebody else', own.challenge, bob.get(own)],
      ['their passkey, with the user handle of somebody else', own.challenge, alices.get(own, { userHandle: bob.handle })],
      ['nobody verified', own.challenge, alices.get(own, { verified: false })],
      ...(await Promise.all(
        (
          [
            ['an answer of another sign-in', other],
            ['an answer to the first step', stranger],
          ] as const
        ).map(async ([name, from]) => {
          const options = await optionsOf(from.agent, from.page);
          return [name, options.challenge, alices.get(options)] as const;
        }),
      )),
    ] as const) {
      const reply = await agent.post('/signin/passkey', { ...page.hidden, challenge, credential });
      assert.deepEqual([reply.status, reply.name, isIn(agent)], [401, 'verify', false], what);
    }
    // A second step is no first one either.
    const sent = { challenge: own.challenge, credential: alices.get(own) };
    const alone = await agent.post('/signin/passkey', { ...(await agent.get('/signin')).hidden, ...sent });
    assert.deepEqual([alone.status, alone.name, isIn(agent)], [401, 'signin', false]);
    const reply = await agent.post('/signin/passkey', { ...page.hidden, ...sent });
    assert.deepEqual([reply.status, reply.location, isIn(agent)], [303, '/account', true]);
    agent.cookies.delete('hufu_session');
    const again = await agent.post('/signin/passkey', { ...page.hidden, ...sent });
    assert.equal(isIn(agent), false, `${again.status} ${again.location}`);
  });

  test('USR-24 · in the second step the options name the passkeys of whoever gave the password, and of nobody else', async () => {
    const { agent, page } = await afterPassword();
    const { publicKey } = await optionsOf(agent, page);
    assert.ok('allowCredentials' in publicKey && publicKey.allowCredentials !== undefined);
    const user = (await hufu.store.findUserByName(hufu.context.tenant, USER.username)) ?? assert.fail();
    const own = (await hufu.store.listFactors(hufu.context.tenant, user.id)).map(({ data }) => data['credentialId']);
    assert.deepEqual(
      publicKey.allowCredentials.map(({ id }) => id),
      own,
    );
    const elsewhere = new Agent(hufu.origin);
    await elsewhere.get('/signin');
    const stolen = await elsewhere.post('/signin/passkey/options', page.hidden);
    assert.deepEqual([stolen.status, JSON.parse(stolen.text)], [403, { problem: 'expired' }]);
  });

  test('USR-14 · a passkey is made and removed only after a sign-in of a moment ago', async () => {
    const { agent, page } = await visit();
    assert.equal((await showPasskey(agent, page, alices)).status, 303);
    const form = await agent.get('/account/security/passkey');
    const options = await optionsOf(agent, form, '/account/security/passkey/options');
    const soft = softPasskey({ origin: ISSUER });
    await hufu.advance('PT11M');
    for (const path of ['/account/security/passkey', '/account/security/remove'])
      assert.match((await agent.get(path)).location, /^\/signin\?/);
    const late = await agent.post('/account/security/passkey', {
      ...form.hidden,
      challenge: options.challenge,
      credential: soft.create(options),
    });
    assert.match(late.location, /^\/signin\?/);
  });

  test('USR-01 · the options say nothing about anybody, whatever name is sent with them, and the answers of strangers look alike', async () => {
    const { agent, page } = await visit();
    const shapes = new Set<string>();
    for (const username of [USER.username, 'bob', 'nobody-at-all', '']) {
      const reply = await agent.post('/signin/passkey/options', { ...page.hidden, username });
      const { publicKey } = JSON.parse(reply.text);
      shapes.add(JSON.stringify([reply.status, { ...publicKey, challenge: '' }]));
    }
    assert.equal(shapes.size, 1);
    assert.match([...shapes].join(''), /"allowCredentials":\[\]/);
    const texts = new Set<string>();
    for (const lie of [{ credentialId: 'A'.repeat(27) }, { userHandle: 'A'.repeat(43) }, { userHandle: null }, { backupEligible: false }]) {
      const { reply } = await tryWith(lie);
      texts.add(`${reply.status} ${reply.text.replaceAll(/(?:value|data-fields)="[^"]*"/g, '')}`);
    }
    assert.equal(texts.size, 1);
  });

  test('USR-08 · whoever has a passkey is not shut out by those who guess their password', async () => {
    const strict = await startHufu({ issuer: ISSUER, yaml: BASIC_YAML.replace('policies: { brute_force: off }\n', '') });
    const soft = await givePasskey(strict.context, USER.username);
    const guesser = new Agent(strict.origin);
    let status = 0;
    for (let i = 0; i < 40 && status !== 429; i++)
      status = (await guesser.submit(await guesser.get('/signin'), { username: USER.username, password: `guess ${i}` })).status;
    assert.equal(status, 429);
    const agent = new Agent(strict.origin);
    assert.equal((await showPasskey(agent, await agent.get('/signin'), soft)).status, 303);
    await strict.stop();
  });

  test('USR-24 · no other page signs somebody in with its owner’s passkey', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const fields = { challenge: options.challenge, credential: alices.get(options) };
    const other = await visit();
    for (const [sent, headers] of [
      [{ ...page.hidden, ...fields }, { 'sec-fetch-site': 'cross-site' }],
      [{ ...page.hidden, ...fields }, { 'sec-fetch-site': 'same-site' }],
      [{ ...other.page.hidden, ...fields }, {}],
      [fields, {}],
    ] as const) {
      assert.equal((await agent.post('/signin/passkey', sent, headers)).status, 403);
      assert.equal(isIn(agent), false);
    }
    assert.equal((await agent.post('/signin/passkey/options', {}, { 'sec-fetch-site': 'cross-site' })).status, 403);
  });

  test('HTP-08 · what is no credential is refused by its shape, whatever it is made of', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const right = JSON.parse(alices.get(options));
    const deep = Buffer.alloc(10_000, 0x81).toString('base64url');
    for (const credential of [
      '',
      'null',
      '[]',
      '{"id":1}',
      '['.repeat(10_000),
      JSON.stringify({ ...right, id: 'a'.repeat(2_000) }),
      JSON.stringify({ ...right, rawId: 'AAAA' }),
      JSON.stringify({ ...right, type: 'password' }),
      JSON.stringify({ ...right, response: { ...right.response, authenticatorData: 'AAAA' } }),
      JSON.stringify({ ...right, response: { ...right.response, authenticatorData: deep } }),
      JSON.stringify({ ...right, response: { ...right.response, clientDataJSON: 'bnVsbA' } }),
      JSON.stringify({ ...right, response: { ...right.response, signature: 'AAAA' } }),
      JSON.stringify({ ...right, response: { ...right.response, signature: { length: 3 } } }),
    ]) {
      const reply = await agent.post('/signin/passkey', { ...page.hidden, challenge: options.challenge, credential });
      assert.deepEqual([reply.status, reply.name], [401, 'signin'], credential.slice(0, 80));
    }
    assert.equal(
      (await agent.post('/signin/passkey', { ...page.hidden, challenge: options.challenge, credential: JSON.stringify(right) })).status,
      303,
    );
  });

  test('USR-24 · a passkey leads where the password would have: back to the client with a code, and nowhere else', async () => {
    const agent = new Agent(hufu.origin);
    const page = await agent.get((await agent.get(authorizePath())).location);
    const reply = await showPasskey(agent, page, alices);
    assert.ok(reply.location.startsWith('https://app.example/cb?'), reply.location);
    assert.ok(reply.answer.has('code'));
    const next = await agent.post('/signin/passkey', { ...page.hidden, next: 'https://evil.example/' });
    assert.equal(next.status, 401);
  });

  test('CRY-01 · neither challenges nor answers stand in the log or in a decision', async () => {
    const { agent, page } = await visit();
    const options = await optionsOf(agent, page);
    const credential = alices.get(options, { verified: false });
    await agent.post('/signin/passkey', { ...page.hidden, challenge: options.challenge, credential });
    await hufu.context.decisions.settled();
    const kept = JSON.stringify([hufu.logLines, await hufu.store.listDecisions(hufu.context.tenant, 1_000)]);
    const { response } = JSON.parse(credential);
    for (const secret of [options.challenge, options.publicKey.challenge, response.signature, response.userHandle, alices.credentialId])
      assert.equal(kept.includes(secret), false);
  });
});
