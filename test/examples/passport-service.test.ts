import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, type Page, postForm } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { type Running, type RunningHufu, startExample, startHufu, waitFor } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };
const OURS = { 'x-csrf': '1' };

let edge: string;
let service: string;
let hufu: RunningHufu;
let running: Running;
before(async () => {
  edge = `http://localhost:${await freePort()}`;
  const port = await freePort();
  service = `http://localhost:${port}`;
  hufu = await startHufu('examples/passport-service/hufu.yaml', { EDGE_URL: edge, SERVICE_URL: service });
  running = startExample('passport-service', { PORT: String(port), EDGE_URL: edge });
  await waitFor(service, running);
});
after(async () => {
  await running?.stop();
  await hufu?.stop();
});

/** Mei, signed in at the gateway. */
async function signIn(): Promise<Agent> {
  const [atEdge, atHufu] = [new Agent(edge), new Agent(hufu.issuer)];
  let page: Page = await atEdge.get('/edge/login?return_to=/x');
  for (let step = 0; step < 8 && page.location !== '/x'; step += 1) {
    if (page.location.startsWith(edge)) page = await atEdge.get(page.location);
    else page = page.location === '' ? await atHufu.submit(page, MEI) : await atHufu.get(page.location);
  }
  assert.equal(page.location, '/x');
  return atEdge;
}

test('the example service knows a machine and a person by their Passports, and whoever comes past the gateway is nobody (attacks GTW-01)', async () => {
  const reply = await postForm(
    `${hufu.issuer}/oauth/token`,
    { grant_type: 'client_credentials' },
    'crane:for-this-machine-only-make-another',
  );
  const authorization = `Bearer ${String(reply.body['access_token'])}`;
  const asked = await fetch(`${edge}/`, { headers: { authorization, passport: 'forged' } });
  assert.equal(await asked.text(), 'a machine: crane, level 2\n');
  assert.equal(asked.headers.get('passport'), null);
  const mei = await signIn();
  assert.equal((await mei.get('/', OURS)).text, 'a person, level 2\n');
  const past = await fetch(`${service}/`);
  assert.deepEqual([past.status, await past.text()], [401, 'no_passport\n']);
  assert.equal((await fetch(`${service}/`, { headers: { passport: authorization } })).status, 401);
});

test('what needs more than is known is refused by the gateway, or by the service, with what would do (RFC 9470 §3)', async () => {
  const mei = await signIn();
  const vault = await mei.get('/vault', OURS);
  assert.equal(vault.status, 401);
  assert.match(vault.headers.get('www-authenticate') ?? '', /insufficient_user_authentication.*acr_values="urn:hufu:acr:2 urn:hufu:acr:3"/);
  const unload = await mei.get('/unload', OURS);
  assert.equal(unload.text, 'level 3 is needed, and it is 2\n');
  assert.match(
    unload.headers.get('www-authenticate') ?? '',
    /insufficient_user_authentication.*acr_values="urn:hufu:acr:2 urn:hufu:acr:3"/,
  );
  assert.equal(unload.headers.get('passport-action'), null);
});

test('a service signs somebody out, and nobody else', async () => {
  const [mei, other] = [await signIn(), await signIn()];
  const cookies = [...mei.cookies];
  assert.equal((await mei.get('/leave', OURS)).text, 'come back soon\n');
  assert.equal(mei.cookies.size, 0);
  // Somebody who has kept them has nothing.
  for (const [name, value] of cookies) mei.cookies.set(name, value);
  assert.equal((await mei.get('/', OURS)).status, 401);
  assert.equal((await other.get('/', OURS)).status, 200);
});
