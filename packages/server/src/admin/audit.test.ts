import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AuditCheckpoint, SealedEntry, Store } from '@hufu/store/port';
import { auditSealer } from '../audit/sealer.ts';
import { ask, openAdminWorld, personToken, roleToken, type Told } from '../testing/admin-world.ts';
import { signedIn, tokensOf } from '../testing/visits.ts';
import { SECRETS, START_MS, type World } from '../testing/world.ts';

let world: World;
let owner: string;
let machine: string;
before(async () => {
  world = await openAdminWorld();
  owner = await personToken(world, 'u-owner');
  machine = await roleToken(world, 'owner');
});
after(() => world.close());

/** What has been written since the last time. */
async function written(): Promise<readonly SealedEntry[]> {
  const { seq } = await world.store.readAuditHead(world.tenant);
  await auditSealer(world.ctx).seal('now');
  return await world.store.readAudit(world.tenant, seq, 1_000);
}

async function done(token: string, name: Parameters<typeof ask>[2], asked: Parameters<typeof ask>[3] = {}): Promise<Told> {
  const told = await ask(world, token, name, asked);
  assert.ok(told.status < 300, `${name}: ${told.status} ${told.body.toString()}`);
  return told;
}

test('each change of an administrator is in the log with who it was, what it was and its request (attacks ADM-12)', async () => {
  await written();
  const params = { sub: 'bob-sub' };
  const made = await done(owner, 'clients.create', { body: { metadata: { redirect_uris: ['https://n.example/cb'] } } });
  const client = { client_id: String(Object(made.json['client']).client_id) };
  await done(owner, 'clients.disable', { params: client });
  await done(machine, 'users.lock', { params, body: { seconds: 60 } });
  await done(owner, 'users.unlock', { params });
  await done(owner, 'administrators.put', { params, body: { role: 'read' } });
  await done(owner, 'administrators.remove', { params });
  await done(owner, 'limits.put', {
    params: { name: 'mine' },
    body: { key: ['client'], limit: 3, period: '1m', match: { routes: ['/oauth/token'] } },
  });
  await done(owner, 'limits.reset', { params: { name: 'mine' } });
  await done(owner, 'keys.rotate', {});
  await done(owner, 'clients.delete', { params: client, headers: { 'if-match': '*' } });
  const entries = await written();
  assert.deepEqual(
    entries
      .map(({ action, target }) => [action, target.kind, target.kind === 'client' || target.kind === 'keys' ? '' : target.id])
      .filter(([action]) => !action?.startsWith('key.retired')),
    [
      ['client.changed', 'client', ''],
      ['client.changed', 'client', ''],
      ['user.locked', 'user', 'bob-sub'],
      ['user.unlocked', 'user', 'bob-sub'],
      ['administrator.set', 'administrator', 'bob-sub'],
      ['administrator.removed', 'administrator', 'bob-sub'],
      ['limit.set', 'limit', 'mine'],
      ['limit.reset', 'limit', 'mine'],
      ...entries.filter(({ action }) => action === 'key.added').map(() => ['key.added', 'keys', '']),
      ['client.removed', 'client', ''],
    ],
  );
  assert.ok(entries.some(({ action }) => action === 'key.added'));
  const requests = world.events('admin.changed').map(({ request }) => request);
  for (const { actor, via, requestId, details, atMs } of entries) {
    const operation = String(JSON.parse(details).operation);
    const byMachine = operation === 'users.lock';
    assert.deepEqual(actor, byMachine ? { kind: 'client', id: 'ops-owner' } : { kind: 'admin', id: 'sub-owner' });
    assert.equal(via, byMachine ? 'ops-owner' : 'console');
    assert.ok(requests.includes(requestId));
    assert.equal(atMs, START_MS);
  }
  const digests = entries.map(({ details }) => JSON.parse(details));
  assert.ok(digests.every(({ operation }) => typeof operation === 'string'));
  assert.ok(digests.some(({ before_sha256: before, after_sha256: afterwards }) => before !== undefined && afterwards !== undefined));
  assert.doesNotMatch(JSON.stringify(entries), new RegExp(String(made.json['client_secret'] ?? 'no secret')));
});

test('a sign-in is in the log under the name of who signed in, and no credential is', async () => {
  await written();
  const visitor = await signedIn(world, 'alice');
  const tokens = await tokensOf(world, { scope: 'openid read offline_access' }, visitor);
  const token = String(tokens['access_token']);
  const entries = await written();
  const [first] = entries;
  assert.deepEqual(
    [first?.action, first?.actor, first?.target],
    ['session.opened', { kind: 'user', id: 'alice-sub' }, { kind: 'user', id: 'alice-sub' }],
  );
  assert.doesNotMatch(JSON.stringify(entries), new RegExp(`${token.slice(0, 20)}|${SECRETS.machine}`));
});

test('the log is listed with filters, page by page, and one entry is shown', async () => {
  await written();
  const ops = { kind: 'client', id: 'ops-owner' };
  const all = await done(owner, 'audit.list', { query: 'limit=200' });
  const items = all.json['items'] as readonly { readonly seq: number; readonly action: string; readonly actor: typeof ops }[];
  assert.ok(items.length > 10);
  const one = await done(owner, 'audit.list', { query: 'actor_kind=client&actor=ops-owner&action=user.locked&limit=1' });
  assert.deepEqual(
    (one.json['items'] as typeof items).map(({ action, actor }) => [action, actor]),
    [['user.locked', ops]],
  );
  assert.equal(one.json['next'], null);
  const first = await done(owner, 'audit.list', { query: 'limit=2' });
  const next = await done(owner, 'audit.list', { query: `limit=2&cursor=${encodeURIComponent(String(first.json['next']))}` });
  assert.deepEqual(
    [...(first.json['items'] as typeof items), ...(next.json['items'] as typeof items)].map(({ seq }) => seq),
    items.slice(0, 4).map(({ seq }) => seq),
  );
  assert.deepEqual((await done(owner, 'audit.list', { query: 'target_kind=user&target=bob-sub' })).json['next'], null);
  assert.deepEqual((await done(owner, 'audit.list', { query: 'since=4000000000' })).json['items'], []);
  assert.equal((await ask(world, owner, 'audit.list', { query: 'actor=x' })).status, 400);
  assert.equal((await ask(world, owner, 'audit.list', { query: 'since=2&until=1' })).status, 400);
  const shown = await done(owner, 'audit.get', { params: { seq: String(items[0]?.seq) } });
  assert.deepEqual(shown.json, items[0]);
  assert.equal((await ask(world, owner, 'audit.get', { params: { seq: '999999' } })).status, 404);
});

test('checkpoints and the state of the end are shown; what was meddled with is named', async () => {
  // The keys that tests share were put there before there was a server.
  const known = 'mac 1';
  const faultsOf = ({ json }: Told): string[] =>
    (json['faults'] as readonly { readonly kind: string; readonly seq: number }[]).map(({ kind, seq }) => `${kind} ${seq}`);
  const state = await done(owner, 'audit.state', {});
  assert.deepEqual([faultsOf(state), Object(state.json['checkpoint']).seq], [[known], state.json['seq']]);
  const points = await done(owner, 'audit.checkpoints', { query: 'limit=1' });
  assert.equal((points.json['items'] as unknown[]).length, 1);
  assert.equal(typeof points.json['next'], 'string');
  // The first at or after an entry is the one that seals it.
  const seqOf = (told: Told): number => Number(Object((told.json['items'] as unknown[])[0]).seq);
  const end = Number(state.json['seq']);
  assert.equal(seqOf(await done(owner, 'audit.checkpoints', { query: `from=${seqOf(points)}&limit=1` })), seqOf(points));
  const later = await done(owner, 'audit.checkpoints', { query: `from=${seqOf(points) + 1}&limit=1` });
  assert.ok(seqOf(later) > seqOf(points) && seqOf(later) <= end);
  assert.deepEqual((await done(owner, 'audit.checkpoints', { query: `from=${end + 1}` })).json['items'], []);
  // As if somebody without the master key had written to it.
  await world.store
    .actingAs({ actor: { kind: 'cli', id: '' }, via: '', requestId: '', nowMs: () => START_MS, mac: () => 'x' })
    .setUserEnabled(world.tenant, (await world.store.findUserByName(world.tenant, 'bob'))?.id ?? assert.fail(), false, 1);
  await written();
  const bad = await done(owner, 'audit.state', {});
  assert.deepEqual(faultsOf(bad), [known, `mac ${String(bad.json['seq'])}`]);
});

test('the end of a long log is looked at each time, whatever was found before: entries, and checkpoints as they stand there (attacks ADM-12)', async () => {
  const long = await openAdminWorld();
  const token = await roleToken(long, 'owner');
  const bob = (await long.store.findUserByName(long.tenant, 'bob'))?.id ?? assert.fail();
  const sealer = auditSealer(long.ctx);
  for (let turn = 0; turn < 21; turn += 1) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => long.ctx.store.setUserEnabled(long.tenant, bob, index % 2 === 0, turn)));
    await sealer.seal('now');
  }
  const { seq } = await long.store.readAuditHead(long.tenant);
  assert.ok(seq > 1_000);
  let meddle: { entry?: (entry: SealedEntry) => SealedEntry | undefined; point?: (point: AuditCheckpoint) => AuditCheckpoint } = {};
  const store = {
    ...long.ctx.store,
    readAudit: async (...args: Parameters<Store['readAudit']>) => {
      const read = await long.store.readAudit(...args);
      return read.flatMap((entry) => (meddle.entry === undefined ? entry : (meddle.entry(entry) ?? [])));
    },
    listAuditCheckpoints: async (...args: Parameters<Store['listAuditCheckpoints']>) => {
      const read = await long.store.listAuditCheckpoints(...args);
      return read.map((point) => meddle.point?.(point) ?? point);
    },
  };
  const ctx = { ...long.ctx, store };
  const faults = async (): Promise<readonly string[]> => {
    const { status, json } = await ask({ ...long, ctx }, token, 'audit.state', {});
    assert.equal(status, 200);
    assert.deepEqual([json['verified_from'], json['verified_to']], [seq - 999, seq]);
    const told = json['faults'] as readonly { readonly kind: string; readonly seq: number }[];
    return told.map(({ kind, seq: at }) => `${kind} ${at}`);
  };
  assert.deepEqual(await faults(), []);
  const some = seq - 500;
  meddle = { entry: (entry) => (entry.seq === some ? { ...entry, action: 'user.enabled ' } : entry) };
  assert.deepEqual(await faults(), [`mac ${some}`, `altered ${some}`]);
  meddle = { entry: (entry) => (entry.seq === some ? undefined : entry) };
  assert.deepEqual(await faults(), [`missing ${some}`]);
  meddle = {};
  assert.deepEqual(await faults(), []);
  const { seq: signed = 0 } = (await long.store.listAuditCheckpoints(long.tenant, some, 1))[0] ?? {};
  const changed = (point: AuditCheckpoint): AuditCheckpoint => ({ ...point, jws: `${point.jws.slice(0, -4)}AAAA` });
  meddle = { point: (point) => (point.seq === signed ? changed(point) : point) };
  assert.deepEqual(await faults(), [`signature ${signed}`]);
  assert.deepEqual(await faults(), [`signature ${signed}`], 'what was wrong stays so');
  meddle = { point: (point) => (point.seq === signed ? { ...point, hash: 'A'.repeat(43) } : point) };
  assert.deepEqual(await faults(), [`signature ${signed}`]);
  meddle = {};
  assert.deepEqual(await faults(), []);
  await long.close();
});

test('a change whose entry cannot be written answers 500 and has not happened (attacks ADM-12)', async () => {
  const failing = await openAdminWorld();
  const token = await roleToken(failing, 'owner');
  const ctx = { ...failing.ctx, signAudit: () => assert.fail('no key') };
  const told = await ask({ ...failing, ctx }, token, 'users.disable', { params: { sub: 'bob-sub' } });
  assert.equal(told.status, 500);
  assert.equal((await failing.store.findUserByName(failing.tenant, 'bob'))?.enabled, true);
  await failing.close();
});
