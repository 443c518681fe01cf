import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { NO_PROFILE } from '@hufu/protocol/profiles/profile';
import { findClient } from '../clients.ts';
import { applyConfig } from '../jobs/apply-config.ts';
import { unusedClientRemover } from '../jobs/remove-unused-clients.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import { placeOf, writePlace } from '../status/place.ts';
import { ADMIN_YAML, ask, openAdminWorld, personToken, roleToken, type Told } from '../testing/admin-world.ts';
import { postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { START, type World } from '../testing/world.ts';

let world: World;
let owner: string;
before(async () => {
  world = await openAdminWorld();
  owner = await roleToken(world, 'owner');
});
after(() => world.close());

const METADATA = { client_name: 'New', redirect_uris: ['https://new.example/cb'] };

async function makeClient(metadata: object = METADATA): Promise<{ readonly id: string; readonly secret: string; readonly etag: string }> {
  const { status, json, headers, body } = await ask(world, owner, 'clients.create', { body: { metadata } });
  assert.equal(status, 201, body.toString());
  return { id: String(Object(json['client']).client_id), secret: String(json['client_secret']), etag: String(headers['etag']) };
}

function pointers({ json }: Told): readonly string[] {
  const errors = json['errors'];
  return Array.isArray(errors) ? errors.map((error) => String(Object(error).pointer)) : [];
}

test('a client is made, shown without its secret, used, changed, given another secret, disabled, enabled and removed (RFC 7591 §2)', async () => {
  const { id, secret, etag } = await makeClient({ ...METADATA, grant_types: ['client_credentials'], redirect_uris: [], scope: 'read' });
  const params = { client_id: id };
  const token = (text: string): Promise<Told> => postToken(world, { grant_type: 'client_credentials' }, { basic: `${id}:${text}` });
  assert.equal((await token(secret)).status, 200);
  const got = await ask(world, owner, 'clients.get', { params });
  assert.deepEqual([got.headers['etag'], got.json['source'], got.json['name']], [etag, 'admin', 'New']);
  assert.ok(!got.body.toString().includes(secret));
  const stored = (await world.store.findClient(world.tenant, clientId(id))) ?? assert.fail();
  assert.ok(!got.body.toString().includes(stored.secrets[0]?.hash.slice(0, 8) ?? 'none'), 'nor is anything of its hash shown');

  const more = await ask(world, owner, 'clients.secrets.create', { params, body: { overlap: 60 } });
  assert.equal(more.status, 201);
  for (const text of [secret, String(more.json['client_secret'])]) assert.equal((await token(text)).status, 200);
  const old = Object(got.json['secrets'])[0].id;
  assert.equal((await ask(world, owner, 'clients.secrets.delete', { params: { ...params, secret_id: old } })).status, 204);
  assert.equal((await token(secret)).status, 401);
  const last = await ask(world, owner, 'clients.secrets.delete', { params: { ...params, secret_id: String(more.json['id']) } });
  assert.equal(last.status, 409, 'the only one');

  const seen = String((await ask(world, owner, 'clients.get', { params })).headers['etag']);
  const metadata = { client_name: 'Newer', grant_types: ['client_credentials'], scope: 'read write' };
  const changed = await ask(world, owner, 'clients.update', { params, headers: { 'if-match': seen }, body: { metadata } });
  assert.deepEqual([changed.status, Object(changed.json['client']).name], [200, 'Newer']);
  const look = await ask(world, owner, 'clients.disable', { params, query: 'dry_run=true' });
  assert.deepEqual(look.json, { dry_run: true, grants: 1, users: 0, capped: false });
  assert.equal((await token(String(more.json['client_secret']))).status, 200, 'it was only a look');
  assert.equal((await ask(world, owner, 'clients.disable', { params })).json['dry_run'], false);
  assert.equal((await token(String(more.json['client_secret']))).status, 401);
  assert.equal((await ask(world, owner, 'clients.enable', { params })).json['enabled'], true);
  assert.equal((await token(String(more.json['client_secret']))).status, 200);
  assert.equal((await ask(world, owner, 'clients.delete', { params })).status, 428, 'nobody removes what they have not read (RFC 6585 §3)');
  const now = String((await ask(world, owner, 'clients.get', { params })).headers['etag']);
  assert.equal((await ask(world, owner, 'clients.delete', { params, headers: { 'if-match': now } })).status, 200);
  assert.equal((await ask(world, owner, 'clients.get', { params })).status, 404);
});

test('a client that an administrator made is one that somebody stands behind, and does not fall because nobody uses it', async () => {
  const own = await openAdminWorld({ yaml: `${ADMIN_YAML}  registered_clients: { profile: mcp, max: 1 }\n` });
  const token = await roleToken(own, 'security');
  const made = await ask(own, token, 'clients.create', { body: { metadata: METADATA } });
  const id = clientId(String(Object(made.json['client']).client_id));
  const client = (await findClient(own.ctx, id)) ?? assert.fail();
  assert.equal(client.metadata.rules, NO_PROFILE, 'no stranger’s profile');
  await ensureStored(own.ctx, client, START);
  await unusedClientRemover(own.ctx)(START + 10 * 365 * 86_400);
  assert.equal((await own.store.findClient(own.tenant, id))?.source, 'admin');
  await applyConfig(own.ctx, START);
  assert.equal((await own.store.findClient(own.tenant, id))?.enabled, true, 'hufu.yaml does not speak of it');
  await own.close();
});

test('a client that others could stand behind after the change loses what was granted to it (attacks REG-16)', async () => {
  const { id, secret } = await makeClient();
  const own = { client_id: id, client_secret: secret, redirect_uri: 'https://new.example/cb', scope: 'openid' };
  const params = { client_id: id };
  const stored = (await world.store.findClient(world.tenant, clientId(id))) ?? assert.fail();
  // Nobody is asked for consent here.
  await world.store.putClient(world.tenant, { ...stored, metadata: { ...stored.metadata, hufu: { first_party: true } } }, START);
  const token = (await tokensOf(world, own))['access_token'];
  assert.ok(token !== undefined);
  const metadata = { ...METADATA, redirect_uris: ['https://else.example/cb'] };
  const update = (asked: Readonly<Record<string, unknown>>, query = ''): Promise<Told> =>
    ask(world, owner, 'clients.update', { params, headers: { 'if-match': '*' }, body: { metadata: asked }, query });
  const ends = { grants: 1, users: 1, capped: false };
  const look = await update({ ...metadata, token_endpoint_auth_method: 'none' }, 'dry_run=true');
  const would = Object(look.json['client']);
  assert.deepEqual(look.json['effect'], { dry_run: true, ...ends });
  assert.deepEqual([would.auth_method, would.secrets, would.metadata.redirect_uris], ['none', [], metadata.redirect_uris]);
  assert.deepEqual((await update({ ...METADATA, client_name: 'Else' }, 'dry_run=true')).json['effect'], {
    dry_run: true,
    grants: 0,
    users: 0,
    capped: false,
  });
  const refused = await update({ ...metadata, redirect_uris: ['https://else.example/#x'] }, 'dry_run=true');
  assert.deepEqual([refused.status, pointers(refused)], [400, ['/metadata/redirect_uris/0']], 'judged as if it were no look');
  const there = await ask(world, owner, 'clients.get', { params });
  assert.deepEqual([there.headers['etag'], there.json['auth_method']], [look.headers['etag'], 'client_secret_basic']);
  assert.equal((await world.store.listGrants(world.tenant, { clientId: clientId(id) }, 10)).length, 1, 'it was only a look');
  const changed = await update(metadata);
  assert.equal(changed.status, 200, changed.body.toString());
  assert.deepEqual(changed.json['effect'], { dry_run: false, ...ends });
  assert.deepEqual(await world.store.listGrants(world.tenant, { clientId: clientId(id) }, 10), []);
});

test('who has read an older version changes nothing, nor does who lost a race (attacks ADM-13)', async () => {
  const { id, etag } = await makeClient();
  const params = { client_id: id };
  const update = (tag: string, name: string): Promise<Told> =>
    ask(world, owner, 'clients.update', { params, headers: { 'if-match': tag }, body: { metadata: { ...METADATA, client_name: name } } });
  assert.equal((await update(etag, 'first')).status, 200);
  const late = await update(etag, 'late');
  assert.deepEqual([late.status, late.json['type']], [412, 'urn:hufu:problem:precondition_failed']);
  assert.equal(late.headers['etag'], (await ask(world, owner, 'clients.get', { params })).headers['etag']);
  const both = await Promise.all(['a', 'b'].map((name) => update(String(late.headers['etag']), name)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 412]);
  const user = await ask(world, owner, 'users.create', { body: { username: 'racer' } });
  const sub = { sub: String(user.json['sub']) };
  const put = (tag: string): Promise<Told> =>
    ask(world, owner, 'users.claims.put', { params: sub, headers: { 'if-match': tag }, body: { claims: { name: 'R' } } });
  assert.equal((await put(String(user.headers['etag']))).status, 200);
  assert.equal((await put(String(user.headers['etag']))).status, 412);
  assert.equal((await put('W/"x"')).status, 400, 'no weak tag (RFC 9110 §13.1.1)');
});

test('a child is looked for below its parent alone (attacks ADM-02)', async () => {
  const [one, two] = [await makeClient(), await makeClient()];
  const secretOf = async (id: string): Promise<string> =>
    Object((await ask(world, owner, 'clients.get', { params: { client_id: id } })).json['secrets'])[0].id;
  await ask(world, owner, 'clients.secrets.create', { params: { client_id: one.id }, body: {} });
  const crossed = { client_id: one.id, secret_id: await secretOf(two.id) };
  assert.equal((await ask(world, owner, 'clients.secrets.delete', { params: crossed })).status, 404);
  await signedIn(world, 'bob');
  const session = Object((await ask(world, owner, 'users.sessions.list', { params: { sub: 'bob-sub' } })).json['items'])[0];
  const device = Object((await ask(world, owner, 'users.devices.list', { params: { sub: 'bob-sub' } })).json['items'])[0];
  assert.equal(session.device_id, device.id);
  assert.equal((await ask(world, owner, 'users.sessions.end', { params: { sub: 'alice-sub', sid: session.sid } })).status, 404);
  assert.equal((await ask(world, owner, 'users.devices.remove', { params: { sub: 'alice-sub', device_id: device.id } })).status, 404);
  assert.equal((await ask(world, owner, 'users.sessions.end', { params: { sub: 'bob-sub', sid: session.sid } })).status, 204);
  assert.equal((await ask(world, owner, 'users.sessions.end', { params: { sub: 'bob-sub', sid: session.sid } })).status, 404);
  assert.equal((await ask(world, owner, 'users.devices.remove', { params: { sub: 'bob-sub', device_id: device.id } })).status, 204);
});

test('members that are nobody’s to say are refused, each with its pointer (attacks ADM-04, RFC 6901 §3, §5)', async () => {
  for (const member of [
    'id',
    'sub',
    'tenant',
    'tenantId',
    'roles',
    'role',
    'emailVerified',
    'passwordHash',
    'password_hash',
    'createdAt',
    'source',
    'enabled',
    '__proto__',
    'a/b~c',
  ]) {
    const body = `{"username":"mallory",${JSON.stringify(member)}:"x"}`;
    const reply = await ask(world, owner, 'users.create', { body });
    assert.deepEqual([reply.status, pointers(reply)], [400, [`/${member.replace('~', '~0').replace('/', '~1')}`]], member);
  }
  for (const member of ['client_id', 'client_secret', 'source', 'epoch', 'version', 'enabled', 'tenant']) {
    const reply = await ask(world, owner, 'clients.create', { body: { metadata: { ...METADATA, [member]: 'x' } } });
    assert.deepEqual([reply.status, pointers(reply)], [400, [`/metadata/${member}`]], member);
  }
  const claims = async (body: unknown): Promise<Told> => ask(world, owner, 'users.create', { body: { username: 'mallory', claims: body } });
  assert.deepEqual(pointers(await claims({ sub: 'alice-sub' })), ['/claims/sub']);
  assert.deepEqual(pointers(await claims({ owner: true })), ['/claims/owner']);
  assert.equal(await world.store.findUserByName(world.tenant, 'mallory'), undefined);
  const query = await ask(world, owner, 'users.list', { query: 'tenant=2&limit=0&limit=1' });
  assert.deepEqual([query.status, pointers(query)], [400, ['query/tenant', 'query/limit', 'query/limit']]);
  assert.equal((await ask(world, owner, 'keys.rotate', { body: { force: true } })).status, 400, 'nothing is sent where nothing is read');
});

test('nobody makes a client that could do what they cannot', async () => {
  for (const [metadata, pointer] of [
    [{ ...METADATA, scope: 'openid hufu:admin:owner' }, '/metadata/scope'],
    [{ ...METADATA, scope: 'hufu:revocations' }, '/metadata/scope'],
    [{ ...METADATA, hufu: { follows_revocations: true } }, '/metadata/hufu/follows_revocations'],
    [{ ...METADATA, hufu: { resource_server_of: ['https://nowhere.example'] } }, '/metadata/hufu/resource_server_of/0'],
    [{ ...METADATA, redirect_uris: ['javascript:x'] }, '/metadata/redirect_uris/0'],
  ] as const) {
    const reply = await ask(world, owner, 'clients.create', { body: { metadata } });
    assert.deepEqual([reply.status, pointers(reply)], [400, [pointer]]);
  }
  const config = { params: { client_id: 'console' }, headers: { 'if-match': '*' } };
  assert.equal((await ask(world, owner, 'clients.update', { ...config, body: { metadata: METADATA } })).status, 409);
  for (const name of ['clients.disable', 'clients.enable', 'clients.delete'] as const)
    assert.equal((await ask(world, owner, name, config)).status, 409, name);
  assert.equal((await ask(world, owner, 'clients.secrets.create', { ...config, body: {} })).status, 409);
});

test('the same request with an Idempotency-Key happens once, and its secret comes again; another request is told so', async () => {
  const send = (name: string, key = 'k-1', token = owner): Promise<Told> =>
    ask(world, token, 'clients.create', { headers: { 'idempotency-key': key }, body: { metadata: { ...METADATA, client_name: name } } });
  const first = await send('once');
  const again = await send('once');
  assert.deepEqual(again.json, first.json);
  assert.deepEqual([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']], [undefined, 'true']);
  const other = await send('twice');
  assert.deepEqual([other.status, other.json['error']], [422, 'idempotency_mismatch']);
  const anothers = await send('once', 'k-1', await personToken(world, 'u-security'));
  assert.notDeepEqual(anothers.json, first.json, 'a key is its caller’s');
  const both = await Promise.all([send('race', 'k-2'), send('race', 'k-2')]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409]);
  assert.equal((await send('race', 'ü')).status, 400);
  const bad = { headers: { 'idempotency-key': 'k-3' }, body: { username: 'a b' } };
  assert.equal((await ask(world, owner, 'users.create', bad)).status, 400);
  assert.equal((await ask(world, owner, 'users.create', { ...bad, body: { username: 'good.name' } })).status, 201, 'nothing had happened');
  const kept = await world.store.beginReply(world.tenant, 'none', 'd', START + 1, START);
  assert.equal(kept.kind, 'begun');
});

test('lists go on where they were, with the same filters, in the same tenant alone (attacks ADM-07)', async () => {
  const own = await openAdminWorld();
  const token = await roleToken(own, 'read');
  const all: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 20; pages += 1) {
    const { json } = await ask(own, token, 'users.list', { query: `limit=2${cursor === '' ? '' : `&cursor=${cursor}`}` });
    all.push(...Object(json['items']).map((user: { username: string }) => user.username));
    if (json['next'] === null) break;
    cursor = String(json['next']);
  }
  assert.deepEqual(all, ['alice', 'bob', 'u-owner', 'u-read', 'u-security', 'u-support']);
  assert.equal((await ask(own, token, 'users.list', { query: `prefix=u&cursor=${cursor}` })).status, 400, 'other filters');
  assert.equal((await ask(own, token, 'clients.list', { query: `cursor=${cursor}` })).status, 400, 'another list');
  assert.equal((await ask(own, token, 'users.list', { query: `cursor=${cursor.slice(0, -6)}AAAAAA` })).status, 400, 'changed');
  assert.equal((await ask(world, owner, 'users.list', { query: 'cursor=AAAA' })).status, 400);
  const found = await ask(own, token, 'users.list', { query: 'prefix=U-S' });
  assert.deepEqual(
    Object(found.json['items']).map(({ sub }: { sub: string }) => sub),
    ['sub-security', 'sub-support'],
  );
  const byEmail = await ask(own, token, 'users.list', { query: 'email=ALICE%40example.com' });
  assert.equal(Object(byEmail.json['items'])[0]?.sub, 'alice-sub');
  const clients = await ask(own, token, 'clients.list', { query: 'prefix=ops-&source=config&enabled=true&limit=2' });
  assert.deepEqual(
    Object(clients.json['items']).map(({ client_id }: { client_id: string }) => client_id),
    ['ops-limits', 'ops-owner'],
  );
  await own.close();
});

test('grants are listed, shown with their user, and revoked with what was told before', async () => {
  await tokensOf(world, { scope: 'openid read' });
  const { json } = await ask(world, owner, 'grants.list', { query: 'user=alice-sub&client_id=spa' });
  const [grant] = Object(json['items']);
  const params = { grant_id: String(grant.id).replace('/', '-') };
  const shown = await ask(world, owner, 'grants.get', { params });
  assert.deepEqual([shown.json['state'], shown.json['user']], ['live', { sub: 'alice-sub', username: 'alice' }]);
  const look = await ask(world, owner, 'grants.revoke', { params, query: 'dry_run=true' });
  assert.deepEqual(look.json, { dry_run: true, grants: 1, users: 1, capped: false });
  const done = await ask(world, await personToken(world, 'u-support'), 'grants.revoke', { params });
  assert.deepEqual(done.json, { dry_run: false, grants: 1, users: 1, capped: false });
  assert.equal((await ask(world, owner, 'grants.get', { params })).json['reason'], 'revoked_by_admin');
  assert.deepEqual((await ask(world, owner, 'grants.list', { query: 'user=nobody' })).json, { items: [], next: null });
  const named = world.events('admin.changed').at(-1);
  assert.deepEqual(
    [named?.['operation'], named?.['by'], named?.['target'], named?.['id']],
    ['grants.revoke', 'user:sub-support', 'grant', grant.id],
  );
  const { items } = (await ask(world, owner, 'revocations.list', { query: 'limit=1' })).json as { items: { id: string; kind: string }[] };
  assert.deepEqual([items[0]?.kind, items[0]?.id], ['grant', grant.id]);
});

test('a user is made with a password that people may have, signs in, loses factors, and goes', async () => {
  const weak = await ask(world, owner, 'users.create', { body: { username: 'carol', password: 'password' } });
  assert.deepEqual([weak.status, pointers(weak)], [400, ['/password']]);
  const made = await ask(world, owner, 'users.create', {
    body: { username: 'carol', password: 'correct horse battery', claims: { email: 'carol@example.com', email_verified: true } },
  });
  assert.deepEqual([made.status, made.json['source'], made.json['has_password']], [201, 'admin', true]);
  assert.ok(!made.body.toString().includes('argon2'));
  const params = { sub: String(made.json['sub']) };
  assert.equal((await ask(world, owner, 'users.create', { body: { username: 'Carol' } })).status, 409);
  await signedIn(world, 'carol');
  assert.equal((await ask(world, owner, 'users.revoke', { params })).status, 200);
  assert.deepEqual((await ask(world, owner, 'users.sessions.list', { params })).json, { items: [] });
  assert.deepEqual((await ask(world, owner, 'users.factors.reset', { params })).json, { items: [], recovery_codes: 0 });
  assert.equal((await ask(world, owner, 'users.disable', { params })).status, 200);
  const disabled = await ask(world, owner, 'users.list', { query: 'state=disabled' });
  assert.deepEqual(Object(disabled.json['items']).length, 1);
  assert.equal((await ask(world, owner, 'users.enable', { params })).json['enabled'], true);
  const locked = await ask(world, owner, 'users.lock', { params, body: { seconds: 60 } });
  assert.equal(locked.json['locked_until'], world.now() + 60);
  assert.equal((await ask(world, owner, 'users.unlock', { params })).json['locked_until'], undefined);
  const { headers } = await ask(world, owner, 'users.get', { params });
  assert.equal((await ask(world, owner, 'users.delete', { params, headers: { 'if-match': String(headers['etag']) } })).status, 200);
  assert.equal((await ask(world, owner, 'users.get', { params })).status, 404);
  assert.equal((await ask(world, owner, 'users.delete', { params: { sub: 'bob-sub' }, headers: { 'if-match': '*' } })).status, 409);
});

test('keys are rotated and revoked, and refusals explained, with the setting to look at', async () => {
  const own = await openAdminWorld();
  const token = await roleToken(own, 'security');
  const before = (await ask(own, token, 'keys.list')).json['items'] as { kid: string; use: string }[];
  const look = await ask(own, token, 'keys.rotate', { query: 'dry_run=true' });
  const done = await ask(own, token, 'keys.rotate');
  assert.deepEqual([look.json['added'], look.json['dry_run']], [done.json['added'], true]);
  const after = (await ask(own, token, 'keys.list')).json['items'] as { kid: string }[];
  assert.equal(after.length, before.length + Number(done.json['added']));
  const kid = before.find(({ use }) => use === 'sig')?.kid ?? assert.fail();
  assert.equal((await ask(own, token, 'keys.revoke', { params: { kid }, query: 'dry_run=true' })).json['kid'], kid);
  assert.equal((await ask(own, token, 'keys.revoke', { params: { kid } })).status, 200);
  assert.equal((await ask(own, token, 'keys.revoke', { params: { kid } })).status, 404);

  const refused = await postToken(own, { grant_type: 'nothing', client_id: 'spa' });
  await own.ctx.decisions.settled();
  const id = String(refused.headers['hufu-decision']);
  const why = await ask(own, token, 'decisions.get', { params: { decision_id: id } });
  const checks = why.json['checks'] as { check: string; outcome: string; title: string }[];
  assert.deepEqual([checks.at(-1)?.check, checks.at(-1)?.outcome, why.json['error']], ['grant_type', 'failed', 'unsupported_grant_type']);
  const ids = async (query: string): Promise<readonly string[]> =>
    Object((await ask(own, token, 'decisions.list', { query })).json['items']).map((item: { id: string }) => item.id);
  assert.deepEqual(await ids('client_id=spa&error=unsupported_grant_type'), [id]);
  assert.deepEqual(await ids(`since=${START}&until=${START + 1}&endpoint=token`), [id]);
  assert.deepEqual(await ids(`until=${START}`), []);
  assert.equal((await ask(own, token, 'decisions.list', { query: `since=${START + 1}&until=${START}` })).status, 400);
  await own.close();
});

test('a store that is away is 503, and never a refusal', async () => {
  const { StoreUnavailable } = await import('@hufu/store/port');
  let isAway = false;
  const own = await openAdminWorld({
    wrap: (store) => ({
      ...store,
      searchUsers: (...args) => (isAway ? Promise.reject(new StoreUnavailable('away')) : store.searchUsers(...args)),
    }),
  });
  const token = await roleToken(own, 'read');
  isAway = true;
  const { status, json, headers } = await ask(own, token, 'users.list');
  assert.deepEqual([status, json['error'], headers['retry-after']], [503, 'temporarily_unavailable', '1']);
  await own.close();
});

test('a grant is named as everywhere else (Token Status List §6.2)', async () => {
  await tokensOf(world, { scope: 'openid' });
  const [grant] = await world.store.listGrants(world.tenant, {}, 1);
  const { json } = await ask(world, owner, 'grants.list', { query: 'limit=1' });
  assert.equal(Object(json['items'])[0]?.id, writePlace(placeOf(world.ctx, grant?.id ?? 0)));
});
