import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { auditSealer } from '../audit/sealer.ts';
import { ADMIN_YAML, type Asked, ask, openAdminWorld, personToken, roleToken, type Told } from '../testing/admin-world.ts';
import { openReceiver, type Receiver } from '../testing/receiver.ts';
import { advance, change, expectedSignature } from '../testing/webhooks.ts';
import type { World } from '../testing/world.ts';
import { startWebhooks } from '../webhooks/webhook-job.ts';

const YAML = ADMIN_YAML.replace('policies:\n', "policies:\n  outbound: { allow_hosts: ['127.0.0.1'] }\n");
const WEBHOOK_OPERATIONS = [
  'webhooks.list',
  'webhooks.get',
  'webhooks.create',
  'webhooks.update',
  'webhooks.delete',
  'webhooks.secrets.rotate',
  'webhooks.test',
  'webhooks.deliveries.list',
  'webhooks.deliveries.redeliver',
] as const;

let world: World;
let elsewhere: World;
let receiver: Receiver;
let stop: () => Promise<void>;
let token = '';
let status = 200;
before(async () => {
  world = await openAdminWorld({ yaml: YAML });
  elsewhere = await openAdminWorld({ yaml: YAML, issuer: 'https://other.example' });
  receiver = await openReceiver((_, reply) => void reply.writeHead(status, { 'x-canary': 'canary-header' }).end('canary-body'));
  // What the start has done is no event of these tests.
  await auditSealer(world.ctx).seal('due');
  stop = startWebhooks(world.ctx);
  token = await roleToken(world, 'security');
});
after(async () => {
  await receiver.close();
  await stop();
  await world.close();
  await elsewhere.close();
});

afterEach(async () => {
  for (const { id } of await world.store.listWebhooks(world.tenant)) await world.store.removeWebhook(world.tenant, id);
});

function send(name: Parameters<typeof ask>[2], asked: Asked = {}, as: string = token): Promise<Told> {
  return ask(world, as, name, asked);
}

async function make(body: object = {}): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await send('webhooks.create', { body: { url: `${receiver.origin}/hook`, actions: ['user.*'], ...body } });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  return { id: String(Object(made.json['webhook']).webhook_id), secret: String(made.json['secret']) };
}

describe('webhooks through the admin API', () => {
  test('one is made with a secret that is shown once, listed, changed under its tag, given a new secret, tried, and removed', async () => {
    const { id, secret } = await make({ description: 'to chat' });
    const got = await send('webhooks.get', { params: { webhook_id: id } });
    assert.equal(got.status, 200);
    assert.deepEqual([got.json['description'], got.json['actions'], got.json['failures']], ['to chat', ['user.*'], 0]);
    const list = await send('webhooks.list');
    for (const { json } of [got, list]) assert.doesNotMatch(JSON.stringify(json), /whsec_|sealed/);
    const body = { url: `${receiver.origin}/other`, actions: ['*'], description: '', enabled: true };
    const params = { webhook_id: id };
    assert.equal((await send('webhooks.update', { params, body })).status, 428);
    assert.equal((await send('webhooks.update', { params, body, headers: { 'if-match': '"9"' } })).status, 412);
    const changed = await send('webhooks.update', { params, body, headers: { 'if-match': String(got.headers['etag']) } });
    assert.deepEqual([changed.status, changed.json['url'], changed.headers['etag']], [200, body.url, '"2"']);
    const rotated = await send('webhooks.secrets.rotate', { params, body: { overlap: 60 } });
    const second = String(rotated.json['secret']);
    assert.notEqual(second, secret);
    assert.deepEqual(
      Object(rotated.json['webhook']).secrets.map(({ expires_at: end }: { expires_at?: number }) => end),
      [undefined, world.now() + 60],
    );
    const before = receiver.heard.length;
    const tried = await send('webhooks.test', { params });
    assert.deepEqual(tried.json, { delivered: true });
    const heard = receiver.heard[before] ?? assert.fail();
    assert.equal(heard.headers['webhook-signature'], [second, secret].map((one) => expectedSignature(one, heard)).join(' '));
    assert.match(String(heard.headers['webhook-id']), /^test_/);
    assert.equal(JSON.parse(heard.body).type, 'webhook.test');
    assert.equal((await send('webhooks.delete', { params })).status, 204);
    assert.equal((await send('webhooks.get', { params })).status, 404);
    assert.equal((await send('webhooks.delete', { params })).status, 404);
  });

  test('a wider filter counts from the change on; what waits behind an event that could not be sent is judged by it', async () => {
    const { id } = await make({ url: `${receiver.origin}/wider`, actions: ['key.*'] });
    const params = { webhook_id: id };
    const seqs = (): readonly number[] =>
      receiver.heard.flatMap(({ path, body }) => (path === '/wider' ? [Number(Object(JSON.parse(body)).data.seq)] : []));
    const widen = async (actions: readonly string[]): Promise<void> => {
      const { headers } = await send('webhooks.get', { params });
      const body = { url: `${receiver.origin}/wider`, actions, description: '', enabled: true };
      assert.equal((await send('webhooks.update', { params, body, headers: { 'if-match': String(headers['etag']) } })).status, 200);
    };
    await change(world, 40);
    const { seq: before } = await world.store.readAuditHead(world.tenant);
    await widen(['user.disabled']);
    await change(world, 4);
    await until(() => seqs().length === 2);
    assert.ok(
      seqs().every((seq) => seq > before),
      'nothing of what it did not want when it was done',
    );
    status = 503;
    await change(world, 4);
    await until(() => seqs().length === 3);
    await until(async () => (await send('webhooks.get', { params })).json['failures'] === 1);
    status = 200;
    await widen(['user.*']);
    advance(world, 6);
    await until(() => seqs().length === 7);
    const [, , third = 0, again, ...rest] = seqs();
    assert.deepEqual([again, ...rest], [third, third + 1, third + 2, third + 3]);
  });

  test('deliveries are told with their state, and one that was given up is sent once more', async () => {
    const { id } = await make({ url: `${receiver.origin}/deliveries` });
    const params = { webhook_id: id };
    await change(world, 3);
    await until(async () => rows(await send('webhooks.deliveries.list', { params })).length === 3);
    const first = await send('webhooks.deliveries.list', { params, query: 'limit=2' });
    const rest = await send('webhooks.deliveries.list', { params, query: `limit=2&cursor=${String(first.json['next'])}` });
    assert.deepEqual([rows(first).length, rows(rest).length, rest.json['next']], [2, 1, null]);
    assert.deepEqual(rows(await send('webhooks.deliveries.list', { params, query: 'state=dead' })), []);
    const [delivery] = rows(first);
    const seq = String(delivery?.['seq']);
    const count = receiver.heard.length;
    assert.equal((await send('webhooks.deliveries.redeliver', { params: { ...params, seq } })).status, 204);
    assert.equal((await receiver.count(count + 1)).at(-1)?.headers['webhook-id'], delivery?.['message_id']);
    assert.equal((await send('webhooks.deliveries.redeliver', { params: { ...params, seq: '999999' } })).status, 404);
  });

  test('an address that may not be called is refused in one text, whatever is there (attacks SSR-01, SSR-05, SSR-06, SSR-12)', async () => {
    const texts = new Set<string>();
    const params = { webhook_id: (await make()).id };
    const changed = { actions: ['*'], description: '', enabled: true };
    for (const url of [
      'http://public.example/',
      'https://10.0.0.1/',
      'https://[::1]/',
      'https://3232235777/',
      'https://169.254.169.254/latest',
      'https://public.example:22/',
      'https://public.example:6379/',
      'https://user:secret@public.example/',
      'file:///etc/passwd',
      'gopher://public.example/',
      'nonsense',
      'http://①②⑦.0.0.2/',
    ]) {
      const { status: got, json } = await send('webhooks.create', { body: { url, actions: ['*'] } });
      assert.equal(got, 400, url);
      texts.add(String(json['detail']));
      const update = await send('webhooks.update', { params, body: { ...changed, url }, headers: { 'if-match': '*' } });
      assert.equal(update.status, 400, url);
      texts.add(String(update.json['detail']));
    }
    assert.equal(texts.size, 1, [...texts].join('\n'));
    for (const actions of [[], [''], ['user'.repeat(40)], ['*.created'], ['user*'], ['User.created'], ['user created']])
      assert.equal((await send('webhooks.create', { body: { url: 'https://a.example/', actions } })).status, 400, JSON.stringify(actions));
  });

  test('there are twenty and no more (attacks SSR-14)', async () => {
    for (let i = 0; i < 20; i += 1) await make();
    const full = await send('webhooks.create', { body: { url: 'https://a.example/', actions: ['*'] } });
    assert.deepEqual([full.status, full.json['error']], [409, 'conflict']);
  });

  test('nothing of what a receiver answers reaches whoever tries it, looks at deliveries or reads the log (attacks SSR-07)', async () => {
    const { id } = await make({ url: `${receiver.origin}/canary` });
    const params = { webhook_id: id };
    for (const answered of [500, 404, 302, 200]) {
      status = answered;
      const { json } = await send('webhooks.test', { params });
      assert.deepEqual(json, answered === 200 ? { delivered: true } : { delivered: false, reason: 'refused' });
    }
    status = 418;
    await change(world, 1);
    await until(async () => rows(await send('webhooks.deliveries.list', { params })).length === 1);
    const told = JSON.stringify([(await send('webhooks.deliveries.list', { params })).json, (await send('webhooks.get', { params })).json]);
    // As a word: ports, and ids of random letters, have these digits too.
    assert.doesNotMatch(told + world.lines.join('\n'), /canary-|(?<![\w-])418(?![\w-])/);
    status = 200;
  });

  test('whoever lacks the role, is another tenant’s, or has signed in too long ago gets nowhere with one that is there (attacks ADM-20)', async () => {
    const { id } = await make({ url: `${receiver.origin}/guarded` });
    await change(world, 1);
    const params = { webhook_id: id, seq: '1' };
    const body = { url: 'https://evil.example/', actions: ['*'], description: '', enabled: true };
    const bodyOf = (name: (typeof WEBHOOK_OPERATIONS)[number]): Asked => {
      if (name === 'webhooks.update') return { body, headers: { 'if-match': '*' } };
      if (name === 'webhooks.create') return { body: { url: 'https://evil.example/', actions: ['*'] } };
      return name === 'webhooks.secrets.rotate' ? { body: {} } : {};
    };
    const small = await Promise.all([roleToken(world, 'read'), roleToken(world, 'support'), personToken(world, 'u-support')]);
    const foreign = await roleToken(elsewhere, 'owner');
    for (const name of WEBHOOK_OPERATIONS) {
      for (const one of small) assert.equal((await send(name, { params, ...bodyOf(name) }, one)).status, 403, name);
      for (const one of ['', foreign]) assert.equal((await send(name, { params, ...bodyOf(name) }, one)).status, 401, name);
      // At their own issuer there is no such thing.
      const there = await ask(elsewhere, foreign, name, { params, ...bodyOf(name) });
      const isOfAll = name === 'webhooks.list' || name === 'webhooks.create';
      assert.equal(there.status, isOfAll ? (name === 'webhooks.list' ? 200 : 201) : 404, name);
      if (name === 'webhooks.list') assert.deepEqual(there.json['webhooks'], []);
    }
    const old = await openAdminWorld({ yaml: YAML });
    const person = await personToken(old, 'u-security');
    const made = await ask(old, person, 'webhooks.create', { body: { url: 'https://a.example/', actions: ['*'] } });
    assert.equal(made.status, 201);
    const own = { webhook_id: String(Object(made.json['webhook']).webhook_id), seq: '1' };
    old.clock.advance(301_000);
    for (const name of ['webhooks.create', 'webhooks.update', 'webhooks.delete', 'webhooks.secrets.rotate'] as const) {
      const { status: got, json } = await ask(old, person, name, { params: own, ...bodyOf(name) });
      assert.deepEqual([got, json['error']], [401, 'insufficient_user_authentication'], name);
    }
    assert.equal((await ask(old, person, 'webhooks.get', { params: own })).json['url'], 'https://a.example/');
    await old.close();
    await until(() => receiver.heard.some(({ path }) => path === '/guarded'));
    assert.equal((await send('webhooks.get', { params })).json['version'], 1);
  });

  test('who made, changed and asked for what is in the audit log, and neither address nor secret is (attacks ADM-12, CRY-01)', async () => {
    const { id, secret } = await make({ url: `${receiver.origin}/audited?key=capability` });
    const params = { webhook_id: id };
    await send('webhooks.secrets.rotate', { params, body: {} });
    await send('webhooks.delete', { params });
    await change(world, 1);
    const entries = (await world.store.listAudit(world.tenant, { target: { kind: 'webhook', id } }, 10)).toReversed();
    assert.deepEqual(
      entries.map(({ action, actor, details }) => [action, actor.kind, Object(JSON.parse(details)).operation]),
      [
        ['webhook.created', 'client', 'webhooks.create'],
        ['webhook.changed', 'client', 'webhooks.secrets.rotate'],
        ['webhook.removed', 'client', 'webhooks.delete'],
      ],
    );
    const all = JSON.stringify([entries, world.lines]);
    assert.ok(!all.includes('capability') && !all.includes(secret));
  });
});

function rows({ json }: Told): readonly Readonly<Record<string, unknown>>[] {
  return Object(json)['items'] ?? assert.fail(JSON.stringify(json));
}
