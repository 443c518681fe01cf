import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { type ClientId, clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import { type NewGrant, type Store, StoreUnavailable } from '@hufu/store/port';
import { withOutages } from '@hufu/store/slow';
import fc from 'fast-check';
import { revocationHub } from '../revocation/hub.ts';
import { claimsOf } from '../testing/visits.ts';
import { API, openWorld, START, START_MS, type World } from '../testing/world.ts';
import { turn } from './grant-ends.ts';
import { PLACES, placeOf } from './place.ts';
import { type StatusLists, statusLists } from './status-lists.ts';

const SPA = clientId('spa');
const WEB = clientId('web');

/** Lists whose progress is moved by hand. */
interface Bench {
  readonly world: World;
  readonly lists: StatusLists;
  pass(ms: number): void;
  /** Of a grant, as the list of its place says it now. */
  statusOf(id: number): Promise<number>;
}

async function bench(part: { readonly wrap?: (store: Store) => Store } = {}): Promise<Bench> {
  const world = await openWorld(part);
  let progress = 0;
  const lists = statusLists(world.ctx, () => progress);
  return {
    world,
    lists,
    pass(ms) {
      progress += ms;
    },
    statusOf: (id) => statusIn({ world, lists }, id),
  };
}

async function statusIn({ world, lists }: Pick<Bench, 'world' | 'lists'>, id: number): Promise<number> {
  const { list, index } = placeOf(world.ctx, id);
  const found = (await lists.find(list, 'jwt')) ?? assert.fail('no list');
  const { lst } = Object(claimsOf(found.body)['status_list']);
  const bytes = inflateSync(Buffer.from(lst, 'base64url'));
  assert.equal(bytes.length, PLACES / 4);
  return ((bytes[index >> 2] ?? 0) >> ((index & 3) * 2)) & 3;
}

async function make({ world }: Bench, part: Partial<NewGrant> = {}, client: ClientId = SPA): Promise<GrantId> {
  const alice = (await world.store.findUserByName(world.tenant, 'alice')) ?? assert.fail();
  const made = await world.store.createGrant(
    world.tenant,
    {
      userId: alice.id,
      subject: alice.sub,
      clientId: client,
      sessionId: undefined,
      scopes: ['read'],
      resources: [API],
      authTime: START,
      amr: [],
      offline: true,
      claims: undefined,
      keyId: 1,
      expiresAt: START + 86_400,
      needsConsent: false,
      participation: undefined,
      credential: { kind: 'access_token', accessHash: 'a'.repeat(43), maxGrants: 1000 },
      ...part,
    },
    world.now(),
  );
  if (made.kind !== 'created') assert.fail(made.reason);
  return made.id;
}

async function disable({ world }: Bench, id: ClientId, enabled: boolean): Promise<void> {
  const client = (await world.store.findClient(world.tenant, id)) ?? assert.fail();
  await world.store.putClient(world.tenant, { ...client, enabled }, world.now());
}

test('a revoked grant is invalid from the next second on, with everything that comes from it, in a list that is there (Token Status List §7.1)', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  const [parent, other] = [await make(b), await make(b)];
  const children: GrantId[] = [];
  for (let index = 0; index < 120; index += 1) children.push(await make(b, { parentId: parent }));
  const last = await make(b, { parentId: children.at(-1) ?? parent });
  assert.equal(await b.statusOf(parent), 0);
  await store.revokeGrant(tenant, parent, 'revoked_by_user', START);
  assert.equal(await b.statusOf(parent), 0, 'for a second the answer is the one that was made');
  b.pass(1_000);
  for (const id of [parent, ...children, last]) assert.equal(await b.statusOf(id), 1);
  assert.equal(await b.statusOf(other), 0);
  await b.world.close();
});

test('a list that is built later says the same, of what has ended in any way', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  const [revoked, parent, ofClient, living] = [await make(b), await make(b), await make(b, {}, WEB), await make(b)];
  const child = await make(b, { parentId: parent });
  const ofDisabled = await make(b, {}, clientId('third'));
  const own = await store.ownGrant(tenant, clientId('machine'), ['read'], [API], 1, START);
  await store.revokeGrant(tenant, revoked, 'revoked_by_user', START);
  await store.revokeGrant(tenant, parent, 'revoked_by_user', START);
  await store.revokeClient(tenant, WEB, START);
  await store.revokeClient(tenant, clientId('machine'), START);
  await disable(b, clientId('third'), false);
  const expected = [1, 1, 1, 1, 2, 1, 0];
  const ids = [revoked, parent, child, ofClient, ofDisabled, own.id, living];
  for (const [index, id] of ids.entries()) assert.equal(await b.statusOf(id), expected[index], `${index}`);
  await b.world.close();
});

test('what fell long ago and may still have tokens is in the log, and so in the list', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  // Over their limit they fall after ten minutes, whatever their tokens' time.
  const limited = { credential: { kind: 'access_token', accessHash: 'a'.repeat(43), maxGrants: 1 } } as const;
  const fallen = await make(b, limited, WEB);
  await make(b, limited, WEB);
  const later = START + 700;
  b.world.clock.freeze(later * 1000);
  for (let index = 0; index < 40; index += 1) await make(b, { expiresAt: later + 1000 });
  assert.equal(await store.findGrant(tenant, fallen), undefined, 'its row is gone');
  assert.equal(await b.statusOf(fallen), 1);
  await b.world.close();
});

test('a revoked client’s grants are invalid, a disabled one’s suspended, with what comes from them; new ones are neither', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  const grants = { web: await make(b, {}, WEB), third: await make(b, {}, clientId('third')), spa: await make(b) };
  const children = [await make(b, { parentId: grants.web }), await make(b, { parentId: grants.third })];
  await b.statusOf(grants.spa);
  await store.revokeClient(tenant, WEB, START);
  await disable(b, clientId('third'), false);
  b.pass(1_000);
  assert.deepEqual([await b.statusOf(grants.web), await b.statusOf(grants.third), await b.statusOf(grants.spa)], [1, 2, 0]);
  assert.deepEqual([await b.statusOf(children[0] ?? 0), await b.statusOf(children[1] ?? 0)], [1, 2]);
  const fresh = await make(b, {}, WEB);
  b.pass(1_000);
  assert.equal(await b.statusOf(fresh), 0);
  await b.world.close();
});

test('a client of very many grants is not walked over: the list is built anew', async () => {
  let children = 0;
  let built = 0;
  const b = await bench({
    wrap: (store) => ({
      ...store,
      listStates: (...args) => {
        built += 1;
        return store.listStates(...args);
      },
      listChildren: (...args) => {
        children += 1;
        return store.listChildren(...args);
      },
      listClientStates: async (tenant, client, _after, limit, now) => {
        const { states } = await store.listClientStates(tenant, client, undefined, limit, now);
        return { states: Array.from({ length: limit }, () => states[0] ?? assert.fail()), next: { epoch: 0, id: 0 } };
      },
    }),
  });
  const { store, tenant } = b.world;
  const [grant, other] = [await make(b, {}, WEB), await make(b)];
  await b.statusOf(grant);
  await store.revokeClient(tenant, WEB, START);
  b.pass(1_000);
  assert.deepEqual([await b.statusOf(grant), await b.statusOf(other), built], [1, 0, 2]);
  assert.ok(children <= 100, `${children} looks`);
  await b.world.close();
});

test('what rests goes on within a minute after its rest is over, though nobody says so', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  const [grant, ofDisabled, revoked] = [await make(b), await make(b, {}, WEB), await make(b)];
  const alice = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
  await b.statusOf(grant);
  await store.lockUser(tenant, alice.id, START + 3_600, START);
  await disable(b, WEB, false);
  await store.revokeGrant(tenant, revoked, 'revoked_by_user', START);
  b.pass(1_000);
  assert.deepEqual([await b.statusOf(grant), await b.statusOf(ofDisabled), await b.statusOf(revoked)], [2, 2, 1]);
  await store.lockUser(tenant, alice.id, undefined, START);
  await disable(b, WEB, true);
  b.pass(59_000);
  // The answer that is there starts the building of the next one.
  for (let round = 0; round < 100 && (await b.statusOf(grant)) !== 0; round += 1) {
    await turn();
    b.pass(1_000);
  }
  assert.deepEqual([await b.statusOf(grant), await b.statusOf(ofDisabled), await b.statusOf(revoked)], [0, 0, 1]);
  await b.world.close();
});

test('a lock is over in the list on the second in which it ends', async () => {
  const b = await bench();
  const { store, tenant } = b.world;
  const grant = await make(b);
  const alice = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
  await store.lockUser(tenant, alice.id, START + 60, START);
  assert.equal(await b.statusOf(grant), 2);
  b.world.clock.freeze(START_MS + 59_000);
  assert.equal(await statusIn({ ...b, lists: statusLists(b.world.ctx) }, grant), 2);
  b.world.clock.freeze(START_MS + 60_000);
  assert.equal(await statusIn({ ...b, lists: statusLists(b.world.ctx) }, grant), 0);
  await b.world.close();
});

test('a revocation that commits while a list is built is in it, wherever the building stands', async () => {
  for (const at of [0, 1, 2, 3]) {
    let reads = 0;
    let revoke: () => Promise<unknown> = () => Promise.resolve();
    const verbs = new Set(['statusHead', 'listStates', 'readRevocations', 'listChildren']);
    const b = await bench({
      wrap: (store) =>
        new Proxy(store, {
          get(target, name: keyof Store) {
            const verb: unknown = Reflect.get(target, name);
            if (typeof verb !== 'function' || !verbs.has(name)) return verb;
            return async (...args: unknown[]) => {
              if (reads === at) await revoke();
              reads += 1;
              return await Reflect.apply(verb, target, args);
            };
          },
        }),
    });
    const parent = await make(b);
    const child = await make(b, { parentId: parent });
    // So that there is a log to read.
    await b.world.store.revokeGrant(b.world.tenant, await make(b), 'revoked_by_user', START);
    revoke = () => b.world.store.revokeGrant(b.world.tenant, parent, 'revoked_by_user', START);
    // Begun before, so that an answer without it would be true of an earlier moment; the next one may not be.
    await b.statusOf(parent);
    b.pass(1_000);
    assert.deepEqual([await b.statusOf(parent), await b.statusOf(child), reads >= 4], [1, 1, true], `at read ${at}`);
    await b.world.close();
  }
});

test('whatever happens, a list never calls valid what the server takes no more, and one that is built afterwards says no more than that', async () => {
  const step = fc.record({
    kind: fc.constantFrom('make', 'child', 'child', 'revoke', 'revokeClient', 'disable', 'enable', 'lock', 'unlock', 'read'),
    pick: fc.nat(),
    client: fc.constantFrom('spa', 'web', 'third'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
      const b = await bench();
      const { store, tenant } = b.world;
      const alice = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
      const ids: GrantId[] = [];
      let hasRested = false;
      const act = async ({ kind, pick, client }: (typeof steps)[number]): Promise<void> => {
        const id = ids[pick % Math.max(1, ids.length)];
        if (kind === 'make') ids.push(await make(b, {}, clientId(client)));
        else if (kind === 'child') ids.push(await make(b, id === undefined ? {} : { parentId: id }, clientId(client)));
        else if (kind === 'revoke' && id !== undefined) await store.revokeGrant(tenant, id, 'revoked_by_user', START);
        else if (kind === 'revokeClient') await store.revokeClient(tenant, clientId(client), START);
        else if (kind === 'disable' || kind === 'enable') await disable(b, clientId(client), kind === 'enable');
        else if (kind === 'lock' || kind === 'unlock')
          await store.lockUser(tenant, alice.id, kind === 'lock' ? START + 60 : undefined, START);
        else if (kind === 'read' && id !== undefined) await b.statusOf(id);
        b.pass(1_000);
        hasRested ||= kind === 'disable' || kind === 'lock';
      };
      // Nothing is made for whoever is locked, disabled or dead.
      for (const one of steps) await act(one).catch((error: unknown) => assert.ok(error instanceof assert.AssertionError));
      const afterwards = { ...b, lists: statusLists(b.world.ctx) };
      for (const id of ids) {
        const { dead, suspendedUntil } = (await store.findGrant(tenant, id)) ?? assert.fail();
        const isTaken = dead === undefined && (suspendedUntil ?? 0) <= START;
        const [carriedOn, built] = [await b.statusOf(id), await statusIn(afterwards, id)];
        assert.equal(built === 0, isTaken, `${id}: ${built}, ${dead?.reason}`);
        if (!isTaken || !hasRested) assert.equal(carriedOn === 0, isTaken, `${id} carried on: ${carriedOn}, ${dead?.reason}`);
      }
      await b.world.close();
    }),
    { numRuns: 40 },
  );
});

test('two nodes tell of what either has ended', async () => {
  const one = await bench();
  const other = await openWorld({ store: one.world.store });
  const node = statusLists(other.ctx, () => 0);
  const id = await make(one);
  assert.deepEqual([await one.statusOf(id), await statusIn({ world: other, lists: node }, id)], [0, 0]);
  await other.store.revokeGrant(other.tenant, id, 'revoked_by_user', START);
  one.pass(1_000);
  other.clock.advance(2_000);
  assert.deepEqual([await one.statusOf(id), await statusIn({ world: other, lists: node }, id)], [1, 1]);
  await other.close();
  await one.world.close();
});

test('iat is the moment before the log was read, exp twice the ttl after it (Token Status List §5.1)', async () => {
  const b = await bench({
    wrap: (store) => ({
      ...store,
      statusHead: async (tenant) => {
        const head = await store.statusHead(tenant);
        b.world.clock.advance(3_000);
        return head;
      },
    }),
  });
  const id = await make(b);
  const found = (await b.lists.find(placeOf(b.world.ctx, id).list, 'jwt')) ?? assert.fail();
  const { iat, exp, ttl } = claimsOf(found.body);
  // Two heads were read, the second one for this answer.
  assert.deepEqual([iat, exp, ttl, found.issuedAt], [START + 3, START + 33, 15, START + 3]);
  await b.world.close();
});

test('one list is built at a time, once for all who ask, and whoever waits too long is told to come again', async () => {
  let pages = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const b = await bench({
    wrap: (store) => ({
      ...store,
      listStates: async (...args) => {
        pages += 1;
        await held;
        return await store.listStates(...args);
      },
    }),
  });
  const { list } = placeOf(b.world.ctx, await make(b));
  const asked = Array.from({ length: 1_000 }, () => b.lists.find(list, 'jwt'));
  await assert.rejects(b.lists.find(list, 'jwt'), { code: 'temporarily_unavailable', retryAfterSeconds: 1 });
  release();
  const bodies = new Set((await Promise.all(asked)).map((found) => found?.body));
  assert.deepEqual([bodies.size, pages], [1, 1]);
  await b.world.close();
});

test('while the store is away the list of a moment ago is told until its ttl is over, and nothing after that', async () => {
  let isAway = false;
  const b = await bench({ wrap: (store) => withOutages(store, () => (isAway ? 'before' : 'none')) });
  const { list } = placeOf(b.world.ctx, await make(b));
  const found = await b.lists.find(list, 'jwt');
  isAway = true;
  b.pass(14_999);
  assert.equal((await b.lists.find(list, 'jwt'))?.body, found?.body);
  b.pass(1);
  await assert.rejects(b.lists.find(list, 'jwt'), StoreUnavailable);
  isAway = false;
  assert.ok((await b.lists.find(list, 'jwt')) !== undefined);
  b.world.clock.advance(15_000);
  isAway = true;
  await assert.rejects(b.lists.find(list, 'jwt'), StoreUnavailable, 'nor by the server’s clock');
  await b.world.close();
});

test('a database that was restored from an older copy is read anew', async () => {
  const copy = await openWorld();
  const restored: { store?: Store } = {};
  const b = await bench({
    wrap: (store) => ({
      ...store,
      statusHead: (tenant) => (restored.store ?? store).statusHead(tenant),
      listStates: (...args) => (restored.store ?? store).listStates(...args),
      readRevocations: (...args) => (restored.store ?? store).readRevocations(...args),
    }),
  });
  const { store, tenant } = b.world;
  const ids = [await make(b), await make(b), await make(b)] as const;
  for (const id of [await make({ ...b, world: copy }), await make({ ...b, world: copy }), await make({ ...b, world: copy })])
    assert.ok(ids.includes(id), 'the same grants');
  for (const id of ids.slice(0, 2)) await store.revokeGrant(tenant, id, 'revoked_by_user', START);
  assert.deepEqual([await b.statusOf(ids[0]), await b.statusOf(ids[1]), await b.statusOf(ids[2])], [1, 1, 0]);
  restored.store = copy.store;
  await copy.store.revokeGrant(copy.tenant, ids[2], 'revoked_by_user', START);
  b.pass(1_000);
  assert.deepEqual([await b.statusOf(ids[0]), await b.statusOf(ids[1]), await b.statusOf(ids[2])], [0, 0, 1]);
  await copy.close();
  await b.world.close();
});

test('a database that was restored and has gone on past the list since is read anew: its log has another name', async () => {
  const copy = await openWorld();
  const restored: { store?: Store } = {};
  const b = await bench({
    wrap: (store) => ({
      ...store,
      readRevocationHead: (tenant) => (restored.store ?? store).readRevocationHead(tenant),
      renewRevocationEpoch: (...args) => (restored.store ?? store).renewRevocationEpoch(...args),
      statusHead: (tenant) => (restored.store ?? store).statusHead(tenant),
      listStates: (...args) => (restored.store ?? store).listStates(...args),
      readRevocations: (...args) => (restored.store ?? store).readRevocations(...args),
    }),
  });
  const hub = revocationHub(b.world.ctx);
  await hub.look();
  await copy.store.renewRevocationEpoch(copy.tenant, undefined, hub.epoch);
  const ids: GrantId[] = [];
  for (let index = 0; index < 5; index += 1) {
    ids.push(await make(b));
    await make({ ...b, world: copy });
  }
  const [first, second, ...others] = ids;
  for (const id of [first, second]) await b.world.store.revokeGrant(b.world.tenant, id ?? grantId(1), 'revoked_by_user', START);
  assert.deepEqual(await Promise.all(ids.map(b.statusOf)), [1, 1, 0, 0, 0]);
  await hub.look();
  restored.store = copy.store;
  await hub.look();
  for (const id of others) await copy.store.revokeGrant(copy.tenant, id, 'revoked_by_user', START);
  b.pass(1_000);
  assert.deepEqual(await Promise.all(ids.map(b.statusOf)), [0, 0, 1, 1, 1]);
  await copy.close();
  await b.world.close();
});

test('while the store is away a list that is due is not tried, nor complained of, with each request', async () => {
  let isAway = false;
  let heads = 0;
  const b = await bench({
    wrap: (store) => ({
      ...store,
      statusHead: (tenant) => {
        heads += 1;
        return isAway ? Promise.reject(new StoreUnavailable('away')) : store.statusHead(tenant);
      },
    }),
  });
  const id = await make(b);
  const { store, tenant } = b.world;
  await store.putClient(tenant, { ...((await store.findClient(tenant, SPA)) ?? assert.fail()), enabled: false }, START);
  const { list } = placeOf(b.world.ctx, id);
  await b.lists.find(list, 'jwt');
  isAway = true;
  b.pass(61_000);
  const before = heads;
  for (let index = 0; index < 50; index += 1) await b.lists.find(list, 'jwt').catch(() => undefined);
  // One for each that asks and is told, and one for the list.
  assert.equal(heads - before, 51);
  assert.deepEqual(b.world.events('job.failed'), []);
  await b.world.close();
});

test('a list that no grant has a place in is none, and is not asked for again and again', async () => {
  let heads = 0;
  const b = await bench({
    wrap: (store) => ({
      ...store,
      statusHead: (tenant) => {
        heads += 1;
        return store.statusHead(tenant);
      },
    }),
  });
  const there = placeOf(b.world.ctx, 1).list;
  assert.equal(await b.lists.find(there, 'jwt'), undefined, 'nobody has been given anything yet');
  b.pass(1_000);
  await make(b);
  const { list: second } = placeOf(b.world.ctx, PLACES + 1);
  heads = 0;
  for (let index = 0; index < 50; index += 1) assert.equal(await b.lists.find(second, 'jwt'), undefined);
  assert.equal(heads, 1);
  b.pass(1_000);
  assert.ok((await b.lists.find(there, 'jwt')) !== undefined);
  await b.world.close();
});

test('of more lists than are kept the one that was used longest ago falls', async () => {
  const built: number[] = [];
  const b = await bench({
    wrap: (store) => ({
      ...store,
      statusHead: async (tenant) => ({ ...(await store.statusHead(tenant)), lastGrant: 20 * PLACES }),
      listStates: (_tenant, from) => {
        if (from % PLACES === 0) built.push(from / PLACES);
        return Promise.resolve([]);
      },
    }),
  });
  const ask = async (order: number): Promise<unknown> => b.lists.find(placeOf(b.world.ctx, order * PLACES + 1).list, 'jwt');
  for (let order = 0; order < 16; order += 1) await ask(order);
  await ask(0);
  await ask(16);
  await ask(0);
  assert.equal(built.length, 17);
  await ask(1);
  assert.deepEqual(built.slice(17), [1]);
  await b.world.close();
});
