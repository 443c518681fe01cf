import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { isFault } from './testing/fault.ts';
import { json, openIssuer } from './testing/issuer.ts';

const OPENID = '/.well-known/openid-configuration';

test('the metadata has to name the issuer that was asked, byte for byte (RFC 8414 §3.3, attacks SDK-03)', async () => {
  for (const issuer of ['https://evil.example', 'https://id.example/', 'https://ID.example', undefined]) {
    const world = await openIssuer();
    world.metadata['issuer'] = issuer;
    await assert.rejects(world.client().metadata(), isFault('mismatch', 'issuer'));
  }
});

test('an address that is not https, or that hides its host, gets no token (RFC 8414 §2, attacks SDK-03)', async () => {
  for (const address of [
    'http://id.example/token',
    'http://localhost/token',
    'https://a@id.example/token',
    'javascript:x',
    'https:\\id.example',
    'x',
  ]) {
    const world = await openIssuer();
    world.metadata['token_endpoint'] = address;
    const metadata = await world.client().metadata();
    assert.throws(() => metadata.endpoint('token_endpoint'), isFault('mismatch', 'token_endpoint'), address);
  }
  const world = await openIssuer();
  delete world.metadata['token_endpoint'];
  const metadata = await world.client().metadata();
  assert.throws(() => metadata.endpoint('token_endpoint'), isFault('unsupported', 'token_endpoint'));
});

test('redirects are not followed, and no cookies go along (RFC 8414 §3, attacks SDK-03)', async () => {
  const seen: RequestInit[] = [];
  const world = await openIssuer();
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    seen.push(init);
    return world.fetch(url, init);
  };
  await world.client({ fetch }).metadata();
  assert.deepEqual(
    seen.map(({ redirect, credentials, cache }) => [redirect, credentials, cache]),
    [['error', 'omit', 'no-store']],
  );
});

test('where there is no OpenID document, that of RFC 8414 is read, in front of the path (RFC 8414 §3.1)', async () => {
  const world = await openIssuer('https://id.example/tenants/a');
  world.answers.set(`/tenants/a${OPENID}`, () => json(404, {}));
  world.answers.set('/.well-known/oauth-authorization-server/tenants/a', () => json(200, world.metadata));
  const metadata = await world.client().metadata();
  assert.equal(metadata.endpoint('token_endpoint'), 'https://id.example/tenants/a/token');
});

test('what is there and wrong is not looked for elsewhere, and what fails is asked for again (RFC 8414 §3.2)', async () => {
  const world = await openIssuer();
  const client = world.client();
  world.answers.set(OPENID, () => json(503, {}));
  await assert.rejects(client.metadata(), isFault('unavailable', 'status_503'));
  world.answers.set(OPENID, () => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  await assert.rejects(client.metadata(), isFault('malformed', 'malformed'));
  world.answers.set(OPENID, () => json(200, ['x']));
  await assert.rejects(client.metadata(), isFault('malformed', 'malformed'));
  world.answers.delete(OPENID);
  await client.metadata();
  assert.deepEqual([...world.fetched], [[OPENID, 4]]);
});

test('a hundred callers cost one request, an hour costs another, and an outage none of what is known (RFC 8414 §3)', async () => {
  const world = await openIssuer();
  const client = world.client();
  await Promise.all(Array.from({ length: 100 }, () => client.metadata()));
  assert.equal(world.fetched.get(OPENID), 1);
  world.nowMs += 3_600_000;
  world.answers.set(OPENID, () => Promise.reject(new TypeError('away')));
  assert.equal((await client.metadata()).issuer, world.issuer);
  assert.equal(world.fetched.get(OPENID), 2);
});

test('what is known serves at once while the server hangs, and it is asked again a minute after a failure (RFC 8414 §3)', async () => {
  const world = await openIssuer();
  const client = world.client();
  await client.metadata();
  world.nowMs += 3_600_000;
  let fail = (): void => {};
  world.answers.set(OPENID, () => new Promise((_resolve, reject) => (fail = () => reject(new TypeError('reset')))));
  for (let i = 0; i < 100; i++) assert.equal((await client.metadata()).issuer, world.issuer);
  assert.equal(world.fetched.get(OPENID), 2);
  fail();
  await new Promise((resolve) => setImmediate(resolve));
  world.nowMs += 59_999;
  for (let i = 0; i < 100; i++) await client.metadata();
  assert.equal(world.fetched.get(OPENID), 2);
  world.nowMs += 1;
  world.answers.delete(OPENID);
  world.metadata['token_endpoint'] = 'https://id.example/new';
  await client.metadata();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await client.metadata()).endpoint('token_endpoint'), 'https://id.example/new');
  assert.equal(world.fetched.get(OPENID), 3);
});

test('whoever gives up does not wait for a server that hangs, and takes nothing from the others (RFC 8414 §3)', async () => {
  const world = await openIssuer();
  const client = world.client();
  let go = (): void => {};
  world.answers.set(OPENID, () => new Promise((resolve) => (go = () => resolve(json(200, world.metadata)))));
  const patient = client.metadata();
  const giving = new AbortController();
  const hasty = client.metadata(giving.signal);
  giving.abort(new Error('enough'));
  await assert.rejects(hasty, /enough/);
  go();
  assert.equal((await patient).issuer, world.issuer);
  assert.equal(world.fetched.get(OPENID), 1);
});

test('what is no issuer is a mistake of the program (RFC 8414 §2)', () => {
  for (const issuer of ['http://id.example', 'https://id.example?x', 'https://id.example#x', 'id.example', 'https://a:b@id.example'])
    assert.throws(() => createClient({ issuer, clientId: 'app' }), TypeError, issuer);
  for (const issuer of ['http://localhost:4400', 'http://127.0.0.1:1', 'http://[::1]', 'https://id.example/'])
    assert.equal(createClient({ issuer, clientId: 'app' }).issuer, issuer);
});
