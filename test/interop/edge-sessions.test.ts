/** Sessions of browsers in whole gateways, in front of a real service and with a real authorization server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { type EdgeExample, MEI, startEdgeExample } from '../support/edge-example.ts';

let edge: EdgeExample;
before(async () => {
  edge = await startEdgeExample();
});
after(() => edge?.stop());

/** Mei, signed in at a gateway: her cookies there. */
async function signIn(at: string = edge.app): Promise<string> {
  const [atApp, atHufu] = [new Agent(at), new Agent(edge.issuer)];
  let page: Page = await atApp.get('/edge/login?return_to=/x');
  for (let step = 0; step < 8 && page.location !== '/x'; step += 1) {
    if (page.location.startsWith(edge.app)) page = await atApp.get(page.location.slice(edge.app.length));
    else if (page.location !== '') page = await atHufu.get(page.location);
    else if (page.name === 'signin') page = await atHufu.submit(page, MEI);
    else if (page.name === 'consent') page = await atHufu.submit(page, { decision: 'allow' });
  }
  assert.equal(page.location, '/x');
  return [...atApp.cookies].map((pair) => pair.join('=')).join('; ');
}

async function call(cookie: string, at: string = edge.app, more: RequestInit = {}): Promise<Response> {
  const headers = new Headers(more.headers);
  if (cookie !== '') headers.set('cookie', cookie);
  if (!headers.has('x-csrf')) headers.set('x-csrf', '1');
  if (headers.get('x-csrf') === '') headers.delete('x-csrf');
  return await fetch(`${at}/api/notes`, { ...more, headers });
}

test('gateways that are alone share their sessions by a database and a secret, and sign out as others do', async () => {
  const [one, other] = edge.alone;
  const cookie = await signIn(one);
  for (const at of [one, other]) assert.equal((await call(cookie, at)).status, 200);
  assert.equal((await call(cookie)).status, 401, 'another edge does not know it');
  const headers = { cookie, 'x-csrf': '1' };
  assert.equal((await fetch(`${other}/edge/logout`, { method: 'POST', headers })).status, 200);
  let status = 200;
  while (status === 200) ({ status } = await call(cookie, one));
  assert.equal(status, 401);
});

test('100 calls on one session at two gateways, at an issuer that takes its time, cause one renewal and no sign-out', async () => {
  const cookie = await signIn();
  edge.delayMs = 4_000;
  edge.asked = [];
  await edge.hufu.advance('PT1H');
  const replies = await Promise.all(Array.from({ length: 100 }, (_, index) => call(cookie, index % 2 === 0 ? edge.app : edge.other)));
  edge.delayMs = 0;
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  assert.deepEqual(
    edge.asked.map(({ grant }) => grant),
    ['refresh_token'],
  );
});

test('of every mix of method, Origin, header and cookie only what a page of ours can send has the session (draft-ietf-oauth-browser-based-apps §6.1.3.3, attacks SES-07)', async () => {
  const cookie = await signIn();
  const origins = [undefined, 'null', 'https://evil.example', edge.other, `${edge.app}.evil.example`, edge.app];
  for (const method of ['GET', 'POST'])
    for (const origin of origins)
      for (const header of ['', '0', 'true', '1'])
        for (const sent of [cookie, '']) {
          const reply = await call(sent, edge.app, { method, headers: { 'x-csrf': header, ...(origin !== undefined && { origin }) } });
          const isOurs = header === '1' && (origin === undefined || origin === edge.app);
          const expected = sent === '' ? 401 : isOurs ? 200 : 403;
          assert.equal(reply.status, expected, `${method} ${origin} ${header} ${sent === '' ? 'without' : 'with'} the cookie`);
          if (reply.status !== 200) assert.doesNotMatch(await reply.text(), /buy milk/);
          else await reply.body?.cancel();
        }
});

test('a page that means another session is told so, and a sign-out at one gateway ends the session at the other', async () => {
  const cookie = await signIn();
  const headers = { cookie, 'x-csrf': '1' };
  const { handle } = Object(await (await fetch(`${edge.app}/edge/session`, { headers })).json());
  assert.equal((await call(cookie, edge.other, { headers: { 'x-hufu-session': handle } })).status, 200);
  const changed = await call(cookie, edge.other, { headers: { 'x-hufu-session': 'another' } });
  assert.deepEqual([changed.status, Object(await changed.json()).code], [409, 'session_changed']);
  assert.equal((await fetch(`${edge.app}/edge/logout`, { method: 'POST', headers })).status, 200);
  let status = 200;
  while (status === 200) ({ status } = await call(cookie, edge.other));
  assert.equal(status, 401);
});

test('a service gets the cookies of its own, and none of the edge (attacks GTW-13)', async () => {
  const cookie = await signIn();
  const reply = await call(`${cookie}; theme=dark`);
  const { got } = Object(await reply.json());
  assert.ok(Array.isArray(got) && got.includes('cookie'), 'a cookie of the service’s own goes on');
  assert.ok(!got.includes('authorization') && !got.includes('x-csrf'));
});
