import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { Store } from '@hufu/store/port';
import { type Answer, GOOD_METADATA, manageAt, OPEN_YAML, registerAt } from '../testing/registrations.ts';
import { openWorld } from '../testing/world.ts';

const world = await openWorld({ yaml: OPEN_YAML.replace('open }', 'open, brute_force: off }') });
after(() => world.close());

interface Own {
  readonly id: string;
  readonly token: string;
  readonly json: Readonly<Record<string, unknown>>;
}

async function newcomer(metadata: object = GOOD_METADATA): Promise<Own> {
  const { json } = await registerAt(world, metadata);
  return { id: String(json['client_id']), token: String(json['registration_access_token']), json };
}

const put = (own: Own, metadata: object): Promise<Answer> => manageAt(world, 'PUT', own, { client_id: own.id, ...metadata });
const epochOf = async ({ id }: Own): Promise<number | undefined> => (await world.store.findClient(world.tenant, clientId(id)))?.epoch;

test('a client reads what it has registered, but for its secret (RFC 7592 §2.1, §3, attacks REG-06)', async () => {
  const own = await newcomer({ ...GOOD_METADATA, initiate_login_uri: 'https://new.example/login' });
  const reply = await manageAt(world, 'GET', own);
  const { client_secret: _, client_secret_expires_at: __, ...rest } = own.json;
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.deepEqual(reply.json, rest);
});

test('every wrong token is answered alike: another’s, none, of a client that is not there or not registered (RFC 7592 §2, attacks REG-05)', async () => {
  const [own, other] = [await newcomer(), await newcomer()];
  const configured = await openWorld({
    yaml: `${OPEN_YAML}\nclients: [{ client_id: fixed, client_secret: fixed-secret-0123456789, redirect_uris: ['https://f.example/cb'] }]`,
  });
  const answers = [
    await manageAt(world, 'GET', { id: own.id, token: other.token }),
    await manageAt(world, 'GET', { id: own.id, token: `${own.token.slice(0, -1)}${own.token.endsWith('A') ? 'B' : 'A'}` }),
    await manageAt(world, 'GET', { id: own.id, token: 'x y' }),
    await manageAt(world, 'GET', { id: own.id, token: String(own.json['client_secret']) }),
    await manageAt(world, 'GET', { id: 'client_nobody', token: own.token }),
    await manageAt(world, 'GET', { id: '', token: own.token }),
    await manageAt(world, 'PUT', { id: own.id, token: other.token }, { client_id: own.id, ...GOOD_METADATA }),
    await manageAt(world, 'DELETE', { id: own.id, token: other.token }),
    await manageAt(configured, 'GET', { id: 'fixed', token: 'hfg_x' }),
    await manageAt(configured, 'DELETE', { id: 'fixed', token: '.'.repeat(43) }),
  ];
  for (const { status, json, headers } of answers) {
    assert.equal(status, 401);
    assert.deepEqual(json, { error: 'invalid_token', error_description: 'the registration access token is not the one of this client' });
    assert.match(String(headers['www-authenticate']), /^Bearer error="invalid_token"/);
  }
  const none = await manageAt(world, 'GET', { id: own.id });
  assert.deepEqual([none.status, none.headers['www-authenticate']], [401, 'Bearer realm="hufu"']);
  assert.equal((await manageAt(world, 'GET', own)).status, 200, 'and nothing has happened');
  await configured.close();
});

test('a disabled client manages itself no more', async () => {
  const own = await newcomer();
  const record = await world.store.findClient(world.tenant, clientId(own.id));
  assert.ok(record !== undefined);
  await world.store.putClient(world.tenant, { ...record, enabled: false }, world.now());
  assert.equal((await manageAt(world, 'GET', own)).status, 401);
});

test('a replacement replaces everything: what it leaves out has its default again (RFC 7592 §2.2)', async () => {
  const own = await newcomer({ ...GOOD_METADATA, contacts: ['a@new.example'], policy_uri: 'https://new.example/p' });
  const reply = await put(own, { redirect_uris: ['https://new.example/other'], client_name: null });
  assert.equal(reply.status, 200);
  const { client_name, contacts, policy_uri, redirect_uris, registration_access_token, client_secret } = reply.json;
  assert.deepEqual(
    { client_name, contacts, policy_uri, redirect_uris, registration_access_token, client_secret },
    {
      client_name: undefined,
      contacts: [],
      policy_uri: undefined,
      redirect_uris: ['https://new.example/other'],
      registration_access_token: own.token,
      client_secret: undefined,
    },
  );
  assert.deepEqual((await manageAt(world, 'GET', own)).json, reply.json);
});

test('a replacement says whose it is, and is judged like a registration (RFC 7592 §2.2, attacks REG-03)', async () => {
  const own = await newcomer();
  const errorOf = async (metadata: object): Promise<unknown> => (await manageAt(world, 'PUT', own, metadata)).json['error'];
  assert.equal(await errorOf({ ...GOOD_METADATA }), 'invalid_client_metadata');
  assert.equal(await errorOf({ ...GOOD_METADATA, client_id: 'client_other' }), 'invalid_client_metadata');
  assert.equal(await errorOf({ ...GOOD_METADATA, client_id: own.id, client_secret: 'another' }), 'invalid_client_metadata');
  assert.equal(await errorOf({ ...GOOD_METADATA, client_id: own.id, client_secret: 'x'.repeat(60_000) }), 'invalid_client_metadata');
  assert.equal(await errorOf({ client_id: own.id, redirect_uris: ['https://new.example/#x'] }), 'invalid_redirect_uri');
  assert.equal(await errorOf({ ...GOOD_METADATA, client_id: own.id, client_secret: own.json['client_secret'] }), undefined);
  // What some send back as it came.
  assert.equal(await errorOf({ ...own.json, hufu: { first_party: true }, client_id_issued_at: 1 }), undefined);
  const record = await world.store.findClient(world.tenant, clientId(own.id));
  assert.equal('hufu' in (record?.metadata ?? {}), false);
});

test('the secret stays as long as one is needed, and another comes when it has gone (RFC 7592 §2.2)', async () => {
  const own = await newcomer();
  const secrets = async (): Promise<readonly string[] | undefined> =>
    (await world.store.findClient(world.tenant, clientId(own.id)))?.secrets.map(({ hash }) => hash);
  const before = await secrets();
  await put(own, { ...GOOD_METADATA, client_name: 'Renamed' });
  await put(own, { ...GOOD_METADATA, client_name: 'Renamed again', client_secret: own.json['client_secret'] });
  assert.deepEqual(await secrets(), before);
  assert.equal('client_secret' in (await put(own, { ...GOOD_METADATA, token_endpoint_auth_method: 'none' })).json, false);
  assert.deepEqual(await secrets(), []);
  const again = await put(own, GOOD_METADATA);
  assert.match(String(again.json['client_secret']), /^[\w-]{43}$/);
  assert.notEqual(again.json['client_secret'], own.json['client_secret']);
  assert.equal(again.json['client_secret_expires_at'], 0);
  assert.notDeepEqual(await secrets(), before);
});

test('a secret that has to be readable from now on is the one that comes along, or else a new one (OpenID Connect Core §10.1)', async () => {
  const keyed = { ...GOOD_METADATA, id_token_signed_response_alg: 'HS256' };
  const sealed = async ({ id }: Own): Promise<readonly boolean[] | undefined> =>
    (await world.store.findClient(world.tenant, clientId(id)))?.secrets.map((secret) => secret.sealed !== undefined);
  const [told, untold] = [await newcomer(), await newcomer()];
  assert.equal('client_secret' in (await put(told, { ...keyed, client_secret: told.json['client_secret'] })).json, false);
  assert.match(String((await put(untold, keyed)).json['client_secret']), /^[\w-]{43}$/);
  assert.equal('client_secret' in (await put(untold, keyed)).json, false, 'once');
  assert.deepEqual([await sealed(told), await sealed(untold)], [[true], [true]]);
});

test('grants die when another could stand behind the client, and live on otherwise (RFC 7592 §2.2, attacks REF-13, REG-16)', async () => {
  const own = await newcomer();
  const first = (await epochOf(own)) ?? 0;
  await put(own, { client_name: 'Renamed', redirect_uris: ['https://new.example/elsewhere'] });
  assert.equal(await epochOf(own), first, 'the same host');
  const steps: readonly object[] = [
    { redirect_uris: ['https://other.example/cb'] },
    { redirect_uris: ['https://other.example/cb'], token_endpoint_auth_method: 'none' },
    { redirect_uris: ['https://other.example/cb'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://other.example/jwks' },
    { redirect_uris: ['https://other.example/cb'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://other.example/jwks2' },
  ];
  let last = first;
  for (const step of steps) {
    assert.equal((await put(own, step)).status, 200);
    const epoch = (await epochOf(own)) ?? 0;
    assert.ok(epoch > last, JSON.stringify(step));
    last = epoch;
  }
  // What users agreed to was somebody else: nobody is sent to the new place by an old consent.
  const { user: alice } = await world.store.createUser(
    world.tenant,
    { sub: 'a', username: 'alice', passwordHash: undefined, claims: {} },
    world.now(),
  );
  const client = clientId(own.id);
  await world.store.giveConsent(world.tenant, alice.id, client, ['openid'], [], world.now());
  await put(own, { client_name: 'Renamed again', ...steps[3] });
  assert.ok(await world.store.findConsent(world.tenant, alice.id, client));
  await put(own, { redirect_uris: ['https://evil.example/cb'] });
  assert.equal(await world.store.findConsent(world.tenant, alice.id, client), undefined);
});

test('a replacement that is cut off leaves no grant that outlives the change (attacks REF-13)', async () => {
  const own = await newcomer();
  const first = (await epochOf(own)) ?? 0;
  const wrap = (store: Store): Store =>
    new Proxy(store, {
      get(target, name) {
        if (name === 'putClient') return () => Promise.reject(new Error('cut off'));
        const verb: unknown = Reflect.get(target, name);
        return typeof verb === 'function' ? verb.bind(target) : verb;
      },
    });
  const other = await openWorld({ store: world.store, wrap, yaml: OPEN_YAML });
  assert.equal((await manageAt(other, 'PUT', own, { client_id: own.id, redirect_uris: ['https://other.example/cb'] })).status, 500);
  assert.equal(await epochOf(own), first + 1);
  await other.close();
});

test('a client removes itself, and its token with it (RFC 7592 §2.3, attacks REG-05)', async () => {
  const own = await newcomer();
  const reply = await manageAt(world, 'DELETE', own);
  assert.deepEqual([reply.status, reply.body, reply.headers['cache-control']], [204, '', 'no-store']);
  assert.equal(await world.store.findClient(world.tenant, clientId(own.id)), undefined);
  for (const method of ['GET', 'DELETE'] as const) assert.equal((await manageAt(world, method, own)).status, 401);
  const token = { id: own.id, token: own.token };
  assert.equal((await manageAt(world, 'PUT', token, { client_id: own.id, ...GOOD_METADATA })).status, 401, 'nor does it come back');
});
