import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { askDevice, confirmation, cookiesOf, decideDevice, PENDING_YAML, poll, typeCode } from '../testing/pending.ts';
import { signedIn } from '../testing/visits.ts';
import { API, openWorld, PASSWORD, START_MS } from '../testing/world.ts';
import { deviceGet, devicePost } from './device.ts';
import { confirmGet, confirmPost } from './device-confirm.ts';
import { signInGet, signInPost } from './sign-in.ts';

const world = await openWorld({ yaml: PENDING_YAML });
const alice = await signedIn(world);
const bob = await signedIn(world, 'bob');
after(() => world.close());

test('whoever is not signed in does that first, and comes back with the code; nothing is looked up for a stranger (RFC 8628 §3.3, attacks DEV-15)', async () => {
  const own = await openWorld({
    yaml: PENDING_YAML,
    wrap: (store) => ({ ...store, findPendingByUserCode: () => assert.fail('looked up') }),
  });
  const first = await deviceGet(own.ctx, getOf(own, '/device?user_code=wdjb-mjht'));
  assert.deepEqual([first.status, first.headers['location']], [303, '/signin?next=device%20WDJBMJHT']);
  assert.equal((await devicePost(own.ctx, postOf(own, '/device', { user_code: 'WDJB-MJHT' }))).status, 303);
  assert.equal(
    (await confirmGet(own.ctx, getOf(own, '/device/confirm?user_code=WDJB-MJHT&entry=x'))).headers['location'],
    '/signin?next=device%20WDJBMJHT',
  );
  const page = await signInGet(own.ctx, getOf(own, first));
  assert.equal(pageOf(page), 'signin');
  const wrong = await signInPost(own.ctx, postOf(own, '/signin', { ...hiddenOf(page), username: 'alice', password: 'no' }));
  assert.deepEqual([wrong.status, hiddenOf(wrong)['next']], [401, 'device WDJBMJHT']);
  const done = await signInPost(own.ctx, postOf(own, '/signin', { ...hiddenOf(wrong), username: 'alice', password: PASSWORD }));
  assert.deepEqual([done.status, done.headers['location']], [303, '/device?user_code=WDJB-MJHT']);
  const back = await deviceGet(own.ctx, getOf(own, done, `${BROWSER}; ${cookieOf(done, 'session') ?? ''}`));
  assert.equal(pageOf(back), 'device');
  assert.match(back.body.toString(), /name="user_code" value="WDJB-MJHT"/);
  await own.close();
});

test('signing in leads to nothing that a link names but pages of ours (RFC 9700 §4.11)', async () => {
  for (const [next, to] of [
    ['https://evil.example/', '/account'],
    ['//evil.example', '/account'],
    ['device //evil.example', '/account'],
    ['device', '/device'],
    ['approvals', '/account/approvals'],
    ['', '/account'],
  ] as const) {
    const page = await signInGet(world.ctx, getOf(world, `/signin?next=${encodeURIComponent(next)}`));
    const done = await signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(page), next, username: 'bob', password: PASSWORD }));
    assert.deepEqual([done.status, done.headers['location']], [303, to], next);
  }
});

test('the confirmation names the client, the code, what is asked for, from where and when, and warns (RFC 8628 §3.3, §5.4, attacks DEV-11, DEV-16)', async () => {
  const asked = await askDevice(world, { scope: 'openid read offline_access' }, { 'user-agent': 'Approved by IT <b>\u202e' });
  const complete = new URL(String(asked.json['verification_uri_complete']));
  const entry = await deviceGet(world.ctx, getOf(world, complete.pathname + complete.search, cookiesOf(alice)));
  assert.equal(pageOf(entry), 'device', 'the address alone shows nothing and does nothing');
  assert.doesNotMatch(entry.body.toString(), /Big Screen/);
  const typed = await devicePost(
    world.ctx,
    postOf(world, '/device', { ...hiddenOf(entry), user_code: complete.searchParams.get('user_code') ?? '' }, { cookie: cookiesOf(alice) }),
  );
  assert.equal(typed.status, 303);
  const page = await confirmGet(world.ctx, getOf(world, typed, cookiesOf(alice)));
  const text = page.body.toString();
  assert.deepEqual([page.status, pageOf(page)], [200, 'device-confirm']);
  for (const part of [
    'Big Screen',
    '>tv<',
    String(asked.json['user_code']),
    '192.0.2.1',
    '2026-01-01 00:00:00 UTC',
    '<code>read</code>',
    API,
    'offline_access',
    'alice',
    'Allow it only if you started this yourself',
    'id="device-allow"',
    'id="device-deny"',
    'id="device"',
  ])
    assert.ok(text.includes(part), part);
  assert.ok(text.includes('Approved by IT &lt;b&gt;'), 'what the device says of itself is text and nothing else');
  assert.ok(text.includes('The device says it is'));
  assert.equal((await poll(world, asked)).json['error'], 'authorization_pending');
});

test('a code that nobody waits with is refused on the page, and after five the account waits; a right one costs nothing (RFC 8628 §5.1, attacks DEV-07)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  const visitor = await signedIn(own);
  const asked = await askDevice(own);
  for (let i = 0; i < 10; i++) assert.equal((await typeCode(own, visitor, String(asked.json['user_code']))).status, 303);
  for (let i = 0; i < 4; i++) {
    const wrong = await typeCode(own, visitor, `BCDF-GHJ${'BCDF'[i] ?? ''}`);
    assert.deepEqual([wrong.status, pageOf(wrong)], [400, 'device']);
    assert.match(wrong.body.toString(), /No device waits with this code/);
    assert.equal((await own.why(wrong)).failed, 'user_code');
  }
  const slowed = await typeCode(own, visitor, String(asked.json['user_code']));
  assert.deepEqual([slowed.status, slowed.headers['retry-after']], [429, '3600'], 'nor is a right one heard then');
  assert.equal((await typeCode(own, visitor, 'no code at all')).status, 400, 'what cannot be a code is no guess');
  own.clock.freeze(START_MS + 3_600_000);
  assert.equal((await typeCode(own, visitor, 'BCDF-GHJK')).status, 400);
  await own.close();
});

test('a form from elsewhere, or of another session, neither looks a code up nor decides (RFC 8628 §5.4, attacks DEV-10)', async () => {
  const asked = await askDevice(world);
  const code = String(asked.json['user_code']);
  const foreign = await devicePost(
    world.ctx,
    postOf(world, '/device', { user_code: code }, { cookie: cookiesOf(alice), 'sec-fetch-site': 'cross-site' }),
  );
  assert.equal(foreign.status, 403);
  const page = await confirmation(world, alice, code);
  const fields = { ...hiddenOf(page), decision: 'allow' };
  for (const [sent, headers, status] of [
    [fields, { cookie: cookiesOf(alice), 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...fields, csrf: 'x'.repeat(43) }, { cookie: cookiesOf(alice) }, 403],
    [fields, { cookie: alice.cookie }, 403],
    [fields, { cookie: cookiesOf(bob) }, 403],
    [fields, { cookie: BROWSER }, 303],
  ] as const) {
    assert.equal((await confirmPost(world.ctx, postOf(world, '/device/confirm', sent, headers))).status, status);
    assert.equal((await poll(world, asked)).json['error'] === 'access_denied', false);
  }
  assert.notEqual((await poll(world, asked)).status, 200);
});

test('the confirmation of one session is nothing to another, and does not say whether the code is there (attacks DEV-10)', async () => {
  const asked = await askDevice(world);
  const location = String((await typeCode(world, alice, String(asked.json['user_code']))).headers['location']);
  for (const address of [
    location,
    location.replace(/user_code=[^&]*/, 'user_code=BCDF-GHJK'),
    '/device/confirm',
    '/device/confirm?user_code=BCDF-GHJK',
  ]) {
    const page = await confirmGet(world.ctx, getOf(world, address, cookiesOf(bob)));
    assert.deepEqual([page.status, pageOf(page)], [400, 'device-done']);
  }
});

test('an answer is given once, and what the form adds to it is not heard (RFC 8628 §3.3, attacks DEV-14)', async () => {
  const asked = await askDevice(world);
  const page = await confirmation(world, alice, String(asked.json['user_code']));
  const send = (fields: Record<string, string>): ReturnType<typeof confirmPost> =>
    confirmPost(world.ctx, postOf(world, '/device/confirm', { ...hiddenOf(page), ...fields }, { cookie: cookiesOf(alice) }));
  const done = await send({ decision: 'allow', scope: 'openid read write', client_id: 'spa' });
  assert.deepEqual([done.status, pageOf(done)], [200, 'device-done']);
  assert.match(done.body.toString(), /Device connected/);
  const again = await send({ decision: 'deny' });
  assert.match(again.body.toString(), /Too late/);
  const tokens = await poll(world, asked);
  assert.deepEqual([tokens.status, tokens.json['scope']], [200, 'openid read']);
  const late = await typeCode(world, bob, String(asked.json['user_code']));
  assert.equal(late.status, 400, 'a code that was answered is over');
});

test('no answer counts for a client that was switched off, lost the grant type or a scope meanwhile (RFC 8628 §3.3)', async () => {
  for (const change of [
    { enabled: false },
    { metadata: { grant_types: ['refresh_token', 'authorization_code'], response_types: ['code'], redirect_uris: ['https://x.example/'] } },
    { metadata: { scope: 'openid' } },
  ]) {
    const own = await openWorld({ yaml: PENDING_YAML });
    const visitor = await signedIn(own);
    const asked = await askDevice(own);
    const page = await confirmation(own, visitor, String(asked.json['user_code']));
    const client = (await own.store.listClients(own.tenant, '', 10)).find(({ clientId }) => clientId === 'tv') ?? assert.fail();
    const { enabled = true, metadata = {} } = change as { enabled?: boolean; metadata?: object };
    await own.store.putClient(own.tenant, { ...client, enabled, metadata: { ...client.metadata, ...metadata } }, own.now());
    const reply = await confirmPost(
      own.ctx,
      postOf(own, '/device/confirm', { ...hiddenOf(page), decision: 'allow' }, { cookie: cookiesOf(visitor) }),
    );
    assert.match(reply.body.toString(), /Too late/, JSON.stringify(change));
    await own.close();
  }
});

test('the pages speak Chinese as well, and deny is a button of its own (RFC 8628 §3.3)', async () => {
  const asked = await askDevice(world);
  const location = String((await typeCode(world, alice, String(asked.json['user_code']))).headers['location']);
  const page = await confirmGet(world.ctx, getOf(world, `${location}&ui_locales=zh-CN`, cookiesOf(alice)));
  assert.match(page.body.toString(), /要连接这台设备吗/);
  await decideDevice(world, alice, asked.json['user_code'], 'deny');
  assert.equal((await poll(world, asked)).json['error'], 'access_denied');
});
