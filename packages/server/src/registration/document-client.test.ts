import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { findClient, findStoredClient } from '../clients.ts';
import { authorize } from '../endpoints/authorize.ts';
import { logout } from '../endpoints/logout.ts';
import { pushedAuthorizationRequest } from '../endpoints/par.ts';
import { signedOut } from '../endpoints/signed-out.ts';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import { consentGet, consentPost } from '../interaction/consent.ts';
import { openDocumentHost, type Served } from '../testing/documents.ts';
import { BROWSER, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { registrationYaml } from '../testing/registrations.ts';
import { answerOf, ask, authorizationQuery, post, signedIn, VERIFIER, type Visitor } from '../testing/visits.ts';
import { openWorld, type World } from '../testing/world.ts';

const host = await openDocumentHost();
const LIMITED_YAML = registrationYaml('registration: open, outbound: { allow_hosts: [127.0.0.1] }');
const YAML = `limits: off${LIMITED_YAML}`;
let world: World = await openWorld({ yaml: YAML });
let number = 0;
/** Each test has a document of its own. */
let id = '';

beforeEach(() => {
  id = `${host.origin}/client-${++number}`;
});
after(async () => {
  await world.close();
  await host.close();
});

const REDIRECT = 'https://doc.example/cb';
const GOOD = { client_name: 'By document', redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token'] };

function put(metadata: object, served: Served = {}, at: string = id): void {
  host.put(new URL(at).pathname, { body: { client_id: at, ...metadata }, ...served });
}

const timesAsked = (at: string = id): number => host.asked.filter((path) => path === new URL(at).pathname).length;
const rowOf = (at: string = id) => world.store.findClient(world.tenant, clientId(at));

test('a document describes a client, and nobody wrote it down (OAuth Client ID Metadata Document §4)', async () => {
  put(GOOD);
  const client = await findClient(world.ctx, id);
  assert.deepEqual(
    [
      client?.id,
      client?.metadata.clientName?.untagged,
      client?.metadata.tokenEndpointAuthMethod,
      client?.confidential,
      client?.record.source,
    ],
    [id, 'By document', 'none', false, 'document'],
  );
  assert.equal(await findClient(world.ctx, id), client, 'the same object while it is the same copy');
  assert.equal(await rowOf(), undefined);
  assert.equal(await findStoredClient(world.ctx, id), undefined);
});

test('a client that is described by a document pushes, and gets its row with that (RFC 9126 §2)', async () => {
  put(GOOD);
  const pushed = await post(
    world,
    pushedAuthorizationRequest,
    authorizationQuery({ client_id: id, redirect_uri: REDIRECT, scope: 'openid' }),
  );
  assert.equal(pushed.status, 201, pushed.body.toString());
  const query = new URLSearchParams({ client_id: id, request_uri: String(pushed.json['request_uri']) }).toString();
  const reply = await authorize(world.ctx, world.http({ path: '/oauth/authorize', query }));
  assert.match(String(reply.headers['location']), /^\/signin\?/);
});

test('a document that is not of its address, or has a secret, is none (OAuth Client ID Metadata Document §4.1, attacks REG-13)', async () => {
  const bad: readonly object[] = [
    { client_id: `${id}/` },
    { client_id: id.toUpperCase() },
    { client_id: id.replace('/client', ':80/client') },
    { client_id: undefined },
    { client_secret: 'x' },
    { client_secret: null },
    { client_secret_expires_at: 0 },
    { token_endpoint_auth_method: 'client_secret_basic' },
    { token_endpoint_auth_method: 'client_secret_post' },
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { token_endpoint_auth_method: 'tls_client_auth' },
    { token_endpoint_auth_method: ['none'] },
    { token_endpoint_auth_method: 'private_key_jwt' },
    { id_token_signed_response_alg: 'HS256' },
    { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://doc.example/jwks', userinfo_signed_response_alg: 'HS256' },
    { grant_types: ['client_credentials'] },
    { redirect_uris: ['javascript:alert(1)'] },
    { redirect_uris: [] },
    { logo_uri: 'https://10.0.0.1/logo' },
    { sector_identifier_uri: `${host.origin}/nothing` },
  ];
  for (const part of bad) {
    put({ ...GOOD, ...part });
    assert.equal(await findClient(world.ctx, id), undefined, JSON.stringify(part));
  }
  put({ ...GOOD, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://doc.example/jwks', hufu: { first_party: true } });
  const client = await findClient(world.ctx, id);
  assert.deepEqual([client?.confidential, client?.metadata.settings.firstParty], [true, false]);
});

test('only 200 with small JSON is a document, and what is none is not kept (OAuth Client ID Metadata Document §4, §4.4, §6.6, attacks REG-14)', async () => {
  const other = `${host.origin}/other`;
  put(GOOD, {}, other);
  const bad: readonly Served[] = [
    { status: 201 },
    { status: 204 },
    { status: 404 },
    { status: 500 },
    { status: 302, headers: { location: other } },
    { status: 308, headers: { location: other } },
    { headers: { 'content-type': 'text/html' } },
    { headers: { 'content-type': 'application/javascript' } },
    { body: JSON.stringify({ client_id: id, ...GOOD }).padEnd(5_121) },
    { body: 'nonsense' },
    { body: '[]' },
    { body: 'null' },
  ];
  for (const served of bad) {
    put(GOOD, served);
    assert.equal(await findClient(world.ctx, id), undefined, JSON.stringify(served).slice(0, 100));
  }
  assert.equal(timesAsked(), bad.length);
  put(GOOD, {
    headers: { 'content-type': 'application/client-metadata+json; charset=utf-8' },
    body: JSON.stringify({ client_id: id, ...GOOD }).padEnd(5_120),
  });
  assert.notEqual(await findClient(world.ctx, id), undefined);
  assert.equal(timesAsked(other), 0, 'no redirect was followed');
});

test('a host that never answers is given up after three seconds (OAuth Client ID Metadata Document §6.6, attacks REG-14)', async () => {
  const slow = await openWorld({ yaml: YAML });
  put(GOOD, { silent: true });
  const [one, two] = [findClient(slow.ctx, id), findClient(slow.ctx, id)];
  assert.deepEqual([await one, await two], [undefined, undefined]);
  assert.equal(timesAsked(), 1, 'and asked once by those who wait');
  await slow.close();
});

test('a copy is used while it is fresh: a minute at least, a day at most (OAuth Client ID Metadata Document §4.4)', async () => {
  const fresh = await openWorld({ yaml: YAML });
  put(GOOD, { headers: { 'cache-control': 'max-age=1' } });
  const seen: number[] = [];
  for (const seconds of [0, 59, 1, 59, 1]) {
    fresh.clock.advance(seconds * 1000);
    await findClient(fresh.ctx, id);
    seen.push(timesAsked());
  }
  assert.deepEqual(seen, [1, 1, 2, 2, 3]);
  put(GOOD, { headers: { 'cache-control': 'max-age=99999999' } });
  fresh.clock.advance(60_000);
  await findClient(fresh.ctx, id);
  fresh.clock.advance(86_399_000);
  await findClient(fresh.ctx, id);
  assert.equal(timesAsked(), 4);
  fresh.clock.advance(1_000);
  await findClient(fresh.ctx, id);
  assert.equal(timesAsked(), 5);
  await fresh.close();
});

test('while its host is away, a copy does for a day; what its host takes back is gone at once', async () => {
  const away = await openWorld({ yaml: YAML });
  put(GOOD, { headers: { 'cache-control': 'max-age=60' } });
  await findClient(away.ctx, id);
  put(GOOD, { status: 503 });
  away.clock.advance(86_399_000);
  assert.notEqual(await findClient(away.ctx, id), undefined);
  away.clock.advance(1_000);
  assert.equal(await findClient(away.ctx, id), undefined);
  put(GOOD);
  assert.notEqual(await findClient(away.ctx, id), undefined);
  away.clock.advance(300_000);
  put(GOOD, { status: 404 });
  assert.equal(await findClient(away.ctx, id), undefined);
  put(GOOD, { status: 503 });
  assert.equal(await findClient(away.ctx, id), undefined);
  await away.close();
});

test('a host is asked twenty times at once and then each two seconds, whoever names it (attacks REG-14)', async () => {
  const own = await openWorld({ yaml: LIMITED_YAML });
  const before = host.asked.length;
  const all = Array.from({ length: 60 }, (_, i) => findClient(own.ctx, `${host.origin}/nobody-${i}`));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([undefined]));
  assert.equal(host.asked.length - before, 20);
  own.clock.advance(2_000);
  await findClient(own.ctx, `${host.origin}/nobody-x`);
  await findClient(own.ctx, `${host.origin}/nobody-y`);
  assert.equal(host.asked.length - before, 21);
  await own.close();
});

test('addresses mean nothing where the policy is off, nor to hosts of the inside (attacks REG-12, SSR-01)', async () => {
  put(GOOD);
  const before = host.asked.length;
  for (const policies of ['registration: token, outbound: { allow_hosts: [127.0.0.1] }', 'registration: open']) {
    const closed = await openWorld({ yaml: registrationYaml(policies) });
    assert.equal(await findClient(closed.ctx, id), undefined, policies);
    assert.equal(await findClient(closed.ctx, 'https://127.0.0.1/client'), undefined, policies);
    await closed.close();
  }
  assert.equal(host.asked.length, before);
});

test('a client of the store goes before a document of that address (attacks REG-18)', async () => {
  put(GOOD);
  const metadata = { redirect_uris: ['https://config.example/cb'], token_endpoint_auth_method: 'none' };
  await world.store.putClient(
    world.tenant,
    { clientId: clientId(id), metadata, secrets: [], enabled: true, source: 'config' },
    world.now(),
  );
  assert.deepEqual((await findClient(world.ctx, id))?.metadata.redirectUris, ['https://config.example/cb']);
  assert.equal(timesAsked(), 0);
});

/** Goes from the request over the consent page to the answer. */
async function consent(visitor: Visitor): Promise<HttpReply> {
  const asked = await ask(world, visitor, { client_id: id, redirect_uri: REDIRECT, scope: 'openid' });
  assert.match(String(asked.headers['location']), /^\/consent\?/);
  const headers = { cookie: `${visitor.cookie}; ${BROWSER}` };
  const page = await consentGet(world.ctx, getOf(world, asked, headers.cookie));
  assert.equal(pageOf(page), 'consent');
  return await consentPost(world.ctx, postOf(world, '/consent', { ...hiddenOf(page), decision: 'allow' }, headers));
}

const codeOf = async (visitor: Visitor): Promise<string> => answerOf(await consent(visitor)).get('code') ?? '';

async function tokens(visitor: Visitor): Promise<Readonly<Record<string, unknown>>> {
  const fields = {
    grant_type: 'authorization_code',
    client_id: id,
    redirect_uri: REDIRECT,
    code: await codeOf(visitor),
    code_verifier: VERIFIER,
  };
  const reply = await post(world, token, fields);
  assert.equal(reply.status, 200, reply.body.toString());
  return reply.json;
}

const refresh = async (of: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> => {
  const reply = await post(world, token, { grant_type: 'refresh_token', client_id: id, refresh_token: String(of['refresh_token']) });
  return [reply.status, reply.json['error']];
};

test('before anybody has signed in, a document sends nobody anywhere (RFC 9700 §4.11.2, attacks REG-14)', async () => {
  put(GOOD);
  for (const part of [{ response_type: 'bogus' }, { scope: 'unknown' }, { prompt: 'none' }, { request: 'x' }]) {
    const reply = await ask(world, undefined, { client_id: id, redirect_uri: REDIRECT, ...part });
    assert.deepEqual([reply.status, reply.headers['location']], [400, undefined], JSON.stringify(part));
    assert.equal(pageOf(reply), 'error');
  }
  const page = await ask(world, undefined, { client_id: id, redirect_uri: REDIRECT, scope: 'openid' });
  assert.match(String(page.headers['location']), /^\/signin/);
});

describe('what is granted to a client of a document', () => {
  test('is asked for each time, and only then the client is written down (OAuth Client ID Metadata Document §6.3, attacks REG-16)', async () => {
    put(GOOD);
    const visitor = await signedIn(world);
    await ask(world, visitor, { client_id: id, redirect_uri: REDIRECT, scope: 'openid' });
    assert.equal(await rowOf(), undefined);
    assert.match(await codeOf(visitor), /^hfc_/);
    assert.deepEqual([(await rowOf())?.source, (await rowOf())?.version], ['document', 1]);
    assert.equal((await findStoredClient(world.ctx, id))?.metadata.clientName?.untagged, 'By document');
    await consent(visitor);
    assert.equal((await rowOf())?.version, 1);
  });

  test('whoever signs out waits for no document (attacks LOG-10)', async () => {
    put({ ...GOOD, frontchannel_logout_uri: 'https://doc.example/bye' });
    const visitor = await signedIn(world);
    const first = await tokens(visitor);
    world.clock.advance(86_400_000);
    const asked = timesAsked();
    const query = new URLSearchParams({ id_token_hint: String(first['id_token']) }).toString();
    const gone = await logout(world.ctx, world.http({ path: '/oauth/logout', query, headers: { cookie: visitor.cookie } }));
    const cookie = gone.headers['set-cookie'];
    const browser = (Array.isArray(cookie) ? cookie : [String(cookie)]).map((line) => line.split(';', 1)[0]).join('; ');
    const next = new URL(String(gone.headers['location']), 'https://id.example');
    const page = await signedOut(world.ctx, world.http({ path: next.pathname, query: next.search.slice(1), headers: { cookie: browser } }));
    assert.match(page.body.toString(), /src="https:\/\/doc\.example\/bye\?/);
    assert.equal(timesAsked(), asked);
  });

  test('lives on when the document changes its name, and dies with another host, key or method (attacks REG-16)', async () => {
    const keyed = { ...GOOD, token_endpoint_auth_method: 'private_key_jwt' };
    const changes: readonly (readonly [object, number])[] = [
      [{ ...GOOD, client_name: 'Renamed', logo_uri: 'https://doc.example/logo' }, 200],
      [{ ...GOOD, redirect_uris: [REDIRECT, 'https://doc.example/other'] }, 200],
      [{ ...GOOD, redirect_uris: [REDIRECT, 'https://evil.example/cb'] }, 400],
      [{ ...keyed, jwks_uri: 'https://doc.example/jwks' }, 401],
    ];
    for (const [changed, status] of changes) {
      id = `${host.origin}/client-${++number}`;
      put(GOOD);
      const first = await tokens(await signedIn(world));
      put(changed);
      world.clock.advance(300_000);
      assert.deepEqual((await refresh(first))[0], status, JSON.stringify(changed));
      put(GOOD);
      world.clock.advance(300_000);
      // What died does not come back with the old document.
      if (status !== 200) assert.deepEqual(await refresh(first), [400, 'invalid_grant'], JSON.stringify(changed));
      else assert.equal((await findStoredClient(world.ctx, id))?.record.epoch, 0);
    }
  });

  test('is not thrown away while the host is: 503, and then as before', async () => {
    put(GOOD, { headers: { 'cache-control': 'max-age=60' } });
    const first = await tokens(await signedIn(world));
    put(GOOD, { status: 502 });
    world.clock.advance(86_400_000);
    assert.deepEqual(await refresh(first), [503, 'temporarily_unavailable']);
    put(GOOD);
    assert.deepEqual(await refresh(first), [200, undefined]);
    put(GOOD, { status: 410 });
    world.clock.advance(300_000);
    assert.deepEqual(await refresh(first), [401, 'invalid_client'], 'taken back');
  });

  test('a node with an older copy does not undo what another node has read (attacks REG-16)', async () => {
    put(GOOD, { headers: { 'cache-control': 'max-age=86400' } });
    const other = await openWorld({ store: world.store, yaml: YAML });
    await findClient(other.ctx, id);
    const first = await tokens(await signedIn(world));
    put({ ...GOOD, client_name: 'Renamed' }, { headers: { 'cache-control': 'max-age=86400' } });
    other.clock.freeze(world.clock.nowMs() + 86_400_000);
    assert.equal((await findClient(other.ctx, id))?.metadata.clientName?.untagged, 'Renamed');
    const version = (await rowOf())?.version;
    assert.equal((await findClient(world.ctx, id))?.metadata.clientName?.untagged, 'Renamed', 'although the copy here is fresh');
    assert.deepEqual([(await rowOf())?.version, (await refresh(first))[0]], [version, 200]);
    await other.close();
  });

  test('a client that was disabled stays so, whatever its document says', async () => {
    put(GOOD);
    await tokens(await signedIn(world));
    const row = await rowOf();
    assert.ok(row !== undefined);
    await world.store.putClient(world.tenant, { ...row, enabled: false }, world.now());
    put({ ...GOOD, client_name: 'Again' });
    world.clock.advance(300_000);
    const asked = timesAsked();
    assert.equal((await findClient(world.ctx, id))?.record.enabled, false);
    assert.equal(timesAsked(), asked);
    const reply = await ask(world, await signedIn(world), { client_id: id, redirect_uri: REDIRECT });
    assert.equal(reply.status, 400);
  });

  test('there are no more of them than the policy allows (attacks REG-10)', async () => {
    const before = world;
    world = await openWorld({ yaml: YAML.replace('open,', 'open, registered_clients: { max: 1 },') });
    put(GOOD);
    assert.match(await codeOf(await signedIn(world)), /^hfc_/);
    id = `${host.origin}/client-${++number}`;
    put(GOOD);
    assert.equal((await consent(await signedIn(world))).status, 503);
    await world.close();
    world = before;
  });
});
