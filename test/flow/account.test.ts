import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { startHufu, type TestHufu, USER } from '../support/hufu.ts';

const THIRD = { clientId: 'third', redirectUri: 'https://third.example/cb', scope: 'openid profile read' };
const SECRET = 'third:third-secret-0123456789abcdef01234567';

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu();
});
after(() => hufu.stop());

test('a user sees which app has access and takes it away: refresh token, access token and unredeemed code die (attacks CON-08)', async () => {
  const agent = new Agent(hufu.issuer);
  const tokens = await exchange(agent, THIRD, await authorizeAs(agent, THIRD, USER), SECRET);
  const unredeemed = await authorizeAs(agent, THIRD, USER);
  const page = await agent.get('/account');
  assert.equal(page.name, 'account');
  assert.match(page.text, /Third Party/);
  const removed = await agent.submit(page, {});
  assert.equal(removed.status, 303);
  const after = await agent.get(removed.location);
  assert.match(after.text, /Third Party no longer has access/);
  assert.match(after.text, /No app has access/);
  const refresh = await postForm(
    `${hufu.issuer}/oauth/token`,
    { grant_type: 'refresh_token', refresh_token: String(tokens.body['refresh_token']) },
    SECRET,
  );
  assert.equal(refresh.body['error'], 'invalid_grant');
  assert.equal((await exchange(agent, THIRD, unredeemed, SECRET)).body['error'], 'invalid_grant');
  const info = await fetch(`${hufu.issuer}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${String(tokens.body['access_token'])}` },
  });
  assert.equal(info.status, 401);
});

test('nobody takes access away from outside the page or in another session (RFC 9700 §4.7)', async () => {
  const agent = new Agent(hufu.issuer);
  await authorizeAs(agent, THIRD, USER);
  const page = await agent.get('/account');
  assert.equal((await agent.post('/account', { client_id: 'third' })).status, 403);
  assert.equal(
    (
      await agent.post('/account', {
        ...page.hidden,
        csrf: page.hidden['csrf']?.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) ?? '',
      })
    ).status,
    403,
  );
  assert.equal((await agent.post('/account', page.hidden, { 'sec-fetch-site': 'cross-site' })).status, 403);
  const other = new Agent(hufu.issuer);
  await authorizeAs(other, { ...THIRD }, { username: 'bob', password: 'bobs long password here' });
  assert.equal((await other.post('/account', page.hidden)).status, 403);
  assert.match((await agent.get('/account')).text, /Third Party/);
});

test('whoever is not signed in signs in first and lands on the account page', async () => {
  const agent = new Agent(hufu.issuer);
  const first = await agent.get('/account');
  assert.equal(first.location, '/signin');
  const signedIn = await agent.submit(await agent.get('/signin'), USER);
  assert.equal(signedIn.location, '/account');
});
