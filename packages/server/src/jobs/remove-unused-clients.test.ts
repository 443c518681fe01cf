import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { findClient } from '../clients.ts';
import { ensureStored } from '../registration/ensure-stored.ts';
import { registerAt, registrationYaml } from '../testing/registrations.ts';
import { openWorld, type World } from '../testing/world.ts';
import { unusedClientRemover } from './remove-unused-clients.ts';

const DAY = 86_400;
const YAML = `${registrationYaml('registration: open, brute_force: off, registered_clients: { unused: 30d }')}
clients: [{ client_id: fixed, client_secret: fixed-secret-0123456789, grant_types: [client_credentials] }]`;
let world: World = await openWorld({ yaml: YAML });
beforeEach(async () => {
  await world.close();
  world = await openWorld({ yaml: YAML });
});
after(() => world.close());

const newcomer = async (): Promise<string> => String((await registerAt(world)).json['client_id']);
const isThere = async (id: string): Promise<boolean> => (await world.store.findClient(world.tenant, clientId(id))) !== undefined;

async function use(id: string): Promise<void> {
  const client = await findClient(world.ctx, id);
  assert.ok(client !== undefined);
  await ensureStored(world.ctx, client, world.now());
}

/** A day after the other, with a run each. */
async function days(count: number, each: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const remove = unusedClientRemover(world.ctx);
  for (let day = 0; day < count; day++) {
    world.clock.advance(DAY * 1000);
    await each();
    await remove(world.now());
  }
}

test('a client that nobody ever used falls when its time is over, and no other (attacks REG-10)', async () => {
  const id = await newcomer();
  await days(29);
  assert.equal(await isThere(id), true);
  await days(1);
  assert.equal(await isThere(id), false);
  await days(100);
  assert.equal(await isThere('fixed'), true);
  assert.deepEqual(
    world.events('client.removed').map(({ client, reason }) => [client, reason]),
    [[id, 'unused']],
  );
});

test('a client that is used stays, however its grants end, and falls a while after the last time (attacks REG-10)', async () => {
  const id = await newcomer();
  await days(200, () => use(id));
  assert.equal(await isThere(id), true);
  await days(29);
  assert.equal(await isThere(id), true, 'within the time');
  await days(31);
  assert.equal(await isThere(id), false, 'and twice the time is enough');
});

test('another time in the configuration makes nobody fall who was used within it (attacks REG-10)', async () => {
  const id = await newcomer();
  await days(40, () => use(id));
  for (const unused of ['90d', '20d']) {
    const other = await openWorld({ yaml: YAML.replace('30d', unused), store: world.store });
    other.clock.advance(41 * DAY * 1000);
    await unusedClientRemover(other.ctx)(other.now());
    assert.equal(await isThere(id), true, unused);
    await other.close();
  }
});

test('a client with a grant stays', async () => {
  const id = await newcomer();
  await world.store.ownGrant(world.tenant, clientId(id), [], [], world.ctx.keys.sealKeyId, world.now());
  await days(100);
  assert.equal(await isThere(id), true);
});

test('a run looks at a batch, and the next ones at what follows', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 450; i++) ids.push(await newcomer());
  world.clock.advance(31 * DAY * 1000);
  const remove = unusedClientRemover(world.ctx);
  const left: number[] = [];
  for (let run = 0; run < 4; run++) {
    await remove(world.now());
    left.push(await world.store.countClients(world.tenant, 'registered', 1_000));
  }
  assert.deepEqual(
    left,
    [250, 50, 0, 0].map((count) => count),
    String(left),
  );
});
