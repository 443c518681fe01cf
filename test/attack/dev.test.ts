import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { userId } from '@hufu/protocol/ids';
import { Agent, type JsonReply, postForm } from '../support/agent.ts';
import { askDevice, BANK, DEVICE_CLIENTS, decideDevice, pollDevice, typeCode } from '../support/devices.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { assertTokenError } from './expect.ts';
import { arena } from './oracles.ts';
import { BOB, signedIn } from './sign-ins.ts';

const YAML = BASIC_YAML.replace('resources:', `${DEVICE_CLIENTS.slice(1)}resources:`);
const RADIO = 'radio:radio-secret-0123456789abcdef01234567';

describe('DEV: devices', () => {
  const here = arena({ yaml: YAML });

  test('DEV-01 · polls before the decision are told to wait, and those that come too soon to wait longer (RFC 8628 §3.5)', async () => {
    const asked = await askDevice(here.issuer);
    assertTokenError(await pollDevice(here.issuer, asked), 'authorization_pending');
    for (let i = 0; i < 3; i++) assertTokenError(await pollDevice(here.issuer, asked), 'slow_down');
    await here.hufu.advance('PT19S');
    assertTokenError(await pollDevice(here.issuer, asked), 'slow_down', 'twenty seconds by now');
    await here.hufu.advance('PT25S');
    assertTokenError(await pollDevice(here.issuer, asked), 'authorization_pending');
  });

  test('DEV-02 · denied, expired and used device codes say which, and bring nothing (RFC 8628 §3.5)', async () => {
    const agent = await signedIn(here.issuer);
    const [denied, expired, used] = [await askDevice(here.issuer), await askDevice(here.issuer), await askDevice(here.issuer)];
    await decideDevice(agent, denied, 'deny');
    assertTokenError(await pollDevice(here.issuer, denied), 'access_denied');
    await decideDevice(agent, used, 'allow');
    const tokens = await pollDevice(here.issuer, used);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    assertTokenError(await pollDevice(here.issuer, used), 'invalid_grant');
    await here.hufu.advance('PT10M');
    assertTokenError(await pollDevice(here.issuer, expired), 'expired_token');
    const again = { grant_type: 'refresh_token', client_id: 'tv', refresh_token: String(tokens.body['refresh_token']) };
    assert.equal((await postForm(`${here.issuer}/oauth/token`, again)).status, 200, 'a second poll is no theft');
  });

  test('DEV-03 · another client gets nothing for a device code, and takes nothing away (RFC 6749 §5.2)', async () => {
    const agent = await signedIn(here.issuer);
    const asked = await askDevice(here.issuer);
    assertTokenError(await pollDevice(here.issuer, asked, {}, RADIO), 'invalid_grant');
    await decideDevice(agent, asked, 'allow');
    assertTokenError(await pollDevice(here.issuer, asked, {}, RADIO), 'invalid_grant');
    assert.equal((await pollDevice(here.issuer, asked)).status, 200);
  });

  test('DEV-09 · the code is read however it is typed, and other letters are refused (RFC 8628 §6.1)', async () => {
    const agent = await signedIn(here.issuer);
    const code = String((await askDevice(here.issuer)).body['user_code']);
    for (const typed of [code.toLowerCase(), code.replace('-', ''), ` ${code.split('').join(' ')} `, code.replace('-', '–')])
      assert.equal((await typeCode(agent, typed)).status, 303, typed);
    for (const typed of [code.replace(/.$/, 'A'), code.replace(/^./, '0'), `${code}B`, code.slice(1)])
      assert.equal((await typeCode(agent, typed)).status, 400, typed);
  });

  test('DEV-10 · neither typing nor allowing can be done from another site, or with somebody else’s form (RFC 8628 §5.4)', async () => {
    const agent = await signedIn(here.issuer);
    const attacker = await signedIn(here.issuer, BOB);
    const asked = await askDevice(here.issuer);
    const theirs = await attacker.get((await typeCode(attacker, asked.body['user_code'])).location);
    const entry = await agent.get('/device');
    const cross = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await agent.post('/device', { ...entry.hidden, user_code: String(asked.body['user_code']) }, cross)).status, 403);
    for (const fields of [
      theirs.hidden,
      { ...theirs.hidden, csrf: entry.hidden['csrf'] ?? '' },
      { user_code: String(asked.body['user_code']) },
    ])
      assert.equal((await agent.post('/device/confirm', { ...fields, decision: 'allow' })).status, 403);
    const own = await agent.get((await typeCode(agent, asked.body['user_code'])).location);
    assert.equal((await agent.post('/device/confirm', { ...own.hidden, decision: 'allow' }, cross)).status, 403);
    assertTokenError(await pollDevice(here.issuer, asked), 'authorization_pending');
  });

  test('DEV-11 · the address with the code in it shows and decides nothing, however often the user has agreed before (RFC 8628 §3.3.1, §5.4)', async () => {
    const agent = await signedIn(here.issuer);
    await decideDevice(agent, await askDevice(here.issuer), 'allow');
    const asked = await askDevice(here.issuer);
    const page = await agent.get(String(asked.body['verification_uri_complete']).slice(here.issuer.length));
    assert.equal(page.name, 'device');
    assert.doesNotMatch(page.text, /Big Screen/);
    const confirm = await agent.get((await agent.submit(page, { user_code: String(asked.body['user_code']) })).location);
    assert.equal(confirm.name, 'device-confirm');
    for (const part of ['Big Screen', String(asked.body['user_code']), '<code>read</code>']) assert.ok(confirm.text.includes(part), part);
    assertTokenError(await pollDevice(here.issuer, asked), 'authorization_pending');
  });

  test('DEV-14 · what is issued is what was shown; neither the form nor the poll adds to it (RFC 8628 §3.4)', async () => {
    const agent = await signedIn(here.issuer);
    const asked = await askDevice(here.issuer, { scope: 'read' });
    const page = await agent.get((await typeCode(agent, asked.body['user_code'])).location);
    await agent.submit(page, { decision: 'allow', scope: 'openid profile read write offline_access', client_id: 'radio' });
    const tokens = await pollDevice(here.issuer, asked, { scope: 'openid profile read write' });
    assert.deepEqual([tokens.status, tokens.body['scope'], tokens.body['id_token']], [200, 'read', undefined]);
    assert.equal(
      (await postForm(`${here.issuer}/oauth/device_authorization`, { client_id: 'tv', scope: 'write' })).body['error'],
      'invalid_scope',
    );
  });

  test('TOK-19 · DEV-14 · a client asks nobody for a scope that is not its own, on a device or behind the browser’s back (RFC 6749 §5.2)', async () => {
    for (const scope of ['write', 'openid write', 'unknown', 'openid admin', 'Read', 'read  read', '\0']) {
      assertTokenError(await askDevice(here.issuer, { scope }), 'invalid_scope', `device: ${JSON.stringify(scope)}`);
      const fields = { scope: `openid ${scope}`, login_hint: USER.username };
      assertTokenError(
        await postForm(`${here.issuer}/oauth/bc-authorize`, fields, `bank:${BANK.secret}`),
        'invalid_scope',
        `CIBA: ${scope}`,
      );
    }
  });

  test('CON-08 · access that is taken back takes along what was allowed on a device and is not fetched yet (ASVS 10.7.3)', async () => {
    const agent = await signedIn(here.issuer);
    const [fetched, waiting, later] = [await askDevice(here.issuer), await askDevice(here.issuer), await askDevice(here.issuer)];
    await decideDevice(agent, fetched, 'allow');
    await decideDevice(agent, waiting, 'allow');
    const tokens = await pollDevice(here.issuer, fetched);
    assert.equal(tokens.status, 200);
    assert.equal((await agent.submit(await agent.get('/account'), { client_id: 'tv' })).status, 303);
    assertTokenError(await pollDevice(here.issuer, waiting), 'invalid_grant');
    const again = { grant_type: 'refresh_token', client_id: 'tv', refresh_token: String(tokens.body['refresh_token']) };
    assertTokenError(await postForm(`${here.issuer}/oauth/token`, again), 'invalid_grant');
    await decideDevice(agent, later, 'allow');
    assert.equal((await pollDevice(here.issuer, later)).status, 200, 'what is allowed afterwards is');
  });

  test('DEV-16 · the page says from where, when and by whom it was asked, warns, cannot be framed, and nothing is remembered (RFC 8628 §5.4)', async () => {
    const agent = await signedIn(here.issuer);
    const asked = await askDevice(here.issuer);
    const page = await agent.get((await typeCode(agent, asked.body['user_code'])).location);
    for (const part of ['127.0.0.1', 'The device says it is', ' UTC', 'Big Screen', 'If somebody sent you the code'])
      assert.ok(page.text.includes(part), part);
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    await agent.submit(page, { decision: 'allow' });
    const { store, context } = here.hufu;
    const user = (await store.findUserByName(context.tenant, USER.username)) ?? assert.fail();
    assert.deepEqual(await store.listConsents(context.tenant, user.id), []);
  });

  test('DEV-21 · the device code is no function of the user code, has 144 random bits, and stands nowhere at rest (RFC 8628 §5.2)', async () => {
    const replies = await Promise.all(Array.from({ length: 15 }, () => askDevice(here.issuer, {}, RADIO)));
    const codes = replies.map(({ body }) => String(body['device_code']));
    assert.equal(new Set(codes.map((code) => code.slice(4, 28))).size, codes.length);
    const dump = JSON.stringify(here.database.prepare('SELECT * FROM pending_authorizations').all());
    for (const { body } of replies) {
      const [device, user] = [String(body['device_code']), String(body['user_code'])];
      for (const text of [device, device.slice(4, 28), user, user.replace('-', '')]) assert.equal(dump.includes(text), false);
      for (const text of [user, user.replace('-', '')]) {
        for (const encoding of ['hex', 'base64url'] as const)
          assert.equal(dump.includes(createHash('sha256').update(text).digest(encoding)), false, 'its hash is keyed');
      }
    }
  });

  test('DEV-20 · somebody of another tenant decides nothing', async () => {
    const { store, context } = here.hufu;
    const other = (await store.ensureTenant('other')).id;
    const asked = await askDevice(here.issuer);
    const rows = here.database.prepare('SELECT id FROM pending_authorizations ORDER BY id DESC LIMIT 1').all();
    const id = Number(Object(rows[0])['id']);
    const now = Math.floor(context.clock.nowMs() / 1000);
    assert.equal(await store.findPending(other, id), undefined);
    assert.equal(await store.denyPending(other, id, userId(1), now), 'unknown');
    assertTokenError(await pollDevice(here.issuer, asked), 'authorization_pending');
  });

  test('DEV-22 · a bad binding message, an unknown user, and more asks than a user can bear are refused (OpenID Connect CIBA §13, §14)', async () => {
    const ask = (part: Record<string, string>): Promise<JsonReply> =>
      postForm(
        `${here.issuer}/oauth/bc-authorize`,
        { scope: 'openid', login_hint: USER.username, ...part },
        `${BANK.clientId}:${BANK.secret}`,
      );
    for (const binding_message of ['x'.repeat(129), '\u202eevil', 'two\nlines'])
      assert.equal((await ask({ binding_message })).body['error'], 'invalid_binding_message');
    assert.equal((await ask({ login_hint: 'nobody' })).body['error'], 'unknown_user_id');
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask({}).then(({ status }) => status)));
    assert.ok(statuses.filter((status) => status === 200).length <= 5, 'at most five of all clients wait for a user');
    assert.equal((await ask({})).status, 429);
    const agent = await signedIn(here.issuer);
    const page = await agent.get('/account/approvals');
    assert.equal(page.name, 'approvals');
    assert.ok((page.text.match(/class="approval"/g) ?? []).length <= 5);
  });
});

describe('DEV: devices and guessers', () => {
  const here = arena({ yaml: YAML.replace('policies: { brute_force: off }', '') });

  test('DEV-07 · five wrong codes an hour of one account, and then not even a right one is heard (RFC 8628 §5.1)', async () => {
    const agent = await signedIn(here.issuer);
    const asked = await askDevice(here.issuer);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await typeCode(agent, `BBBB-BBB${'CDFGHJ'[i] ?? ''}`)).status);
    assert.deepEqual(statuses, [400, 400, 400, 400, 429, 429]);
    const slowed = await typeCode(agent, asked.body['user_code']);
    assert.deepEqual([slowed.status, Number(slowed.headers.get('retry-after')) > 3_000], [429, true]);
    const other = await signedIn(here.issuer, BOB);
    assert.equal((await decideDevice(other, asked, 'allow')).status, 200, 'somebody else is not hurt');
    assert.equal((await pollDevice(here.issuer, asked)).status, 200);
  });

  test('DEV-15 · signing in on the way to the device page is signing in: the same page, the same throttle, the same rules (RFC 8628 §3.3)', async () => {
    const agent = new Agent(here.issuer);
    const first = await agent.get('/device');
    assert.equal(first.location, '/signin?next=device');
    let page = await agent.get(first.location);
    assert.equal(page.name, 'signin');
    for (let i = 0; i < 5; i++) {
      page = await agent.submit(page, { username: USER.username, password: 'wrong' });
      assert.equal(page.status, 401);
    }
    assert.equal((await agent.submit(page, USER)).status, 429);
  });

  test('DEV-17 · a flood of requests is cut off, another client is not hurt, and the rows fall (RFC 8628 §5.1)', async () => {
    const statuses = (await Promise.all(Array.from({ length: 300 }, () => askDevice(here.issuer)))).map(({ status }) => status);
    assert.ok(statuses.filter((status) => status === 200).length <= 20);
    assert.ok(statuses.includes(429));
    assert.equal((await askDevice(here.issuer, {}, RADIO)).status, 200);
    await here.hufu.advance('P2D');
    const count = (): number => Number(Object(here.database.prepare('SELECT count(*) AS n FROM pending_authorizations').all()[0])['n']);
    for (let i = 0; i < 40; i++) await askDevice(here.issuer, {}, RADIO);
    assert.ok(count() <= 45, `${count()} rows`);
  });

  test('DEV-18 · user codes do not collide in what a server issues in a day, and no failure but a collision is tried again (RFC 8628 §6.1)', async () => {
    const codes = new Set<string>();
    for (let i = 0; i < 100; i++) codes.add(String((await askDevice(here.issuer, {}, RADIO)).body['user_code']));
    assert.equal(codes.size, 100);
  });
});
