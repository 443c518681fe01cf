import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BROWSER, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { askUser, cookiesOf, PENDING_YAML, pollUser } from '../testing/pending.ts';
import { claimsOf, signedIn } from '../testing/visits.ts';
import { API, openWorld } from '../testing/world.ts';
import { overviewGet } from './account/overview.ts';
import { approvalsGet, approvalsPost } from './approvals.ts';

const PATH = '/account/approvals';
const world = await openWorld({ yaml: PENDING_YAML });
const alice = await signedIn(world);
const bob = await signedIn(world, 'bob');
after(() => world.close());

const show = (visitor = alice, query = ''): ReturnType<typeof approvalsGet> =>
  approvalsGet(world.ctx, getOf(world, PATH + query, cookiesOf(visitor)));

test('what waits for a user is on their account page, with who asks, the message and the scopes (OpenID Connect CIBA §8)', async () => {
  const asked = await askUser(world, { binding_message: 'W4SCT <b>' });
  const account = await overviewGet(world.ctx, getOf(world, '/account', cookiesOf(alice)));
  assert.match(account.body.toString(), /1 request waits for your answer\.<\/span> <a href="\/account\/approvals" id="account-approvals"/);
  assert.doesNotMatch((await overviewGet(world.ctx, getOf(world, '/account', cookiesOf(bob)))).body.toString(), /account-approvals/);
  const page = await show();
  assert.deepEqual([page.status, pageOf(page)], [200, 'approvals']);
  const text = page.body.toString();
  for (const part of ['First Bank', '>bank<', 'W4SCT &lt;b&gt;', '<code>read</code>', API, '5 minutes', 'Allow the request of First Bank'])
    assert.ok(text.includes(part), part);
  const done = await approvalsPost(world.ctx, postOf(world, PATH, { ...hiddenOf(page), decision: 'allow' }, { cookie: cookiesOf(alice) }));
  const said = String(done.headers['location']);
  assert.match(said, /^\/account\/approvals\?outcome=allowed\./);
  const query = said.slice(said.indexOf('?'));
  assert.match((await show(alice, query)).body.toString(), /id="approval-outcome" role="status"><p>You allowed it\./);
  for (const forged of ['?outcome=allowed', '?outcome=allowed.', '?outcome=denied.AAAAAAAAAAAAAAAA', query.replace('allowed', 'denied')])
    assert.doesNotMatch((await show(alice, forged)).body.toString(), /approval-outcome/, `${forged} (attacks CON-02)`);
  assert.doesNotMatch((await show(bob, query)).body.toString(), /approval-outcome/, "another session's mark");
  const tokens = await pollUser(world, asked);
  assert.equal(tokens.status, 200);
  assert.deepEqual(claimsOf(tokens.json['id_token'])['amr'], ['pwd'], 'as they had signed in');
});

test('nobody decides for somebody else, from elsewhere, or twice (OpenID Connect CIBA §14, attacks DEV-10)', async () => {
  const asked = await askUser(world);
  const page = await show();
  const fields = { ...hiddenOf(page), decision: 'allow' };
  const send = (sent: Record<string, string>, headers: Record<string, string>): ReturnType<typeof approvalsPost> =>
    approvalsPost(world.ctx, postOf(world, PATH, sent, headers));
  assert.equal((await send(fields, { cookie: cookiesOf(alice), 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await send(fields, { cookie: cookiesOf(bob) })).status, 403);
  assert.equal((await send(fields, { cookie: BROWSER })).headers['location'], '/signin?next=approvals');
  const csrfOfBob = hiddenOf(await show(bob))['csrf'];
  assert.equal(csrfOfBob, undefined, 'bob has no form: nothing waits for him');
  assert.match(String((await send({ ...fields, approval: 'x' }, { cookie: cookiesOf(alice) })).headers['location']), /\?outcome=gone\./);
  assert.equal((await pollUser(world, asked)).json['error'], 'authorization_pending');
  assert.match(
    String((await send({ ...fields, decision: 'deny' }, { cookie: cookiesOf(alice) })).headers['location']),
    /\?outcome=denied\./,
  );
  assert.match(String((await send(fields, { cookie: cookiesOf(alice) })).headers['location']), /\?outcome=gone\./);
  assert.equal((await pollUser(world, asked)).json['error'], 'access_denied');
});

test('the page for nobody and with nothing (OpenID Connect CIBA §8)', async () => {
  const nobody = await approvalsGet(world.ctx, getOf(world, PATH, BROWSER));
  assert.deepEqual([nobody.status, nobody.headers['location']], [303, '/signin?next=approvals']);
  assert.match((await show(bob)).body.toString(), /Nobody asks for anything/);
  assert.match((await show(bob, '?ui_locales=zh-CN')).body.toString(), /等你确认的请求/);
});
