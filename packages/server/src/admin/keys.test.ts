import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PUBLISH_LEAD_SECONDS } from '../keys/key-ring.ts';
import { ask, openAdminWorld, roleToken, type Told } from '../testing/admin-world.ts';
import type { World } from '../testing/world.ts';

let world: World;
let owner: string;
before(async () => {
  world = await openAdminWorld();
  owner = await roleToken(world, 'owner');
});
after(() => world.close());

const act = (name: 'keys.retire' | 'keys.revoke', kid: string, query = ''): Promise<Told> =>
  ask(world, owner, name, { params: { kid }, query });

function kidOf(state: string): string {
  return world.ctx.keys.list(world.now()).find((key) => key.use === 'sig' && key.state === state)?.kid ?? assert.fail(`no ${state} key`);
}

test('a key in use is not retired; a next one is taken back for another (409)', async () => {
  assert.equal((await act('keys.retire', kidOf('current'), 'dry_run=true')).status, 409);
  assert.equal((await act('keys.retire', 'nobody')).status, 404);
  await ask(world, owner, 'keys.rotate');
  const next = kidOf('next');
  const turn = world.now() + PUBLISH_LEAD_SECONDS;
  assert.equal((await act('keys.retire', next, `ends_in=${PUBLISH_LEAD_SECONDS + 1}`)).status, 409, 'in use by then');
  const look = await act('keys.retire', next, 'dry_run=true');
  assert.equal(look.status, 200, look.body.toString());
  const { dry_run: _, ...plan } = look.json;
  assert.deepEqual(plan, {
    kid: next,
    use: 'sig',
    alg: plan['alg'],
    state: 'next',
    ends_at: world.now(),
    planned_end: 0,
    loses: 'nothing',
    successor_at: turn,
  });
  assert.equal(kidOf('next'), next, 'nothing has changed');
  assert.deepEqual((await act('keys.retire', next)).json, { dry_run: false, ...plan });
  assert.notEqual(kidOf('next'), next);
});

test('withdrawing a key says before what is made anew, by whom, and what followers are told (attacks CRY-07)', async () => {
  const stolen = kidOf('next');
  const { alg, activeAt } = world.ctx.keys.list(world.now()).find(({ kid }) => kid === stolen) ?? assert.fail();
  const look = await act('keys.revoke', stolen, 'dry_run=true');
  const plan = {
    kid: stolen,
    use: 'sig',
    alg,
    successor: 'made',
    successor_at: activeAt,
    renewal: 'refresh',
    revocation: { kind: 'key', id: stolen },
  };
  assert.deepEqual(look.json, { dry_run: true, ...plan });
  assert.deepEqual((await act('keys.revoke', stolen)).json, { dry_run: false, ...plan });
  const [entry] = await world.store.listRevocations(world.tenant, Number.MAX_SAFE_INTEGER, 1);
  assert.deepEqual([entry?.kind, entry?.subject], ['key', stolen], 'as it was told');
  assert.equal((await act('keys.revoke', kidOf('current'), 'dry_run=true')).json['successor'], 'there');
});

test('what an old key has signed stops verifying when it is said, and a dry run tells so', async () => {
  const first = kidOf('current');
  await ask(world, owner, 'keys.rotate');
  world.clock.freeze((world.now() + 2 * PUBLISH_LEAD_SECONDS) * 1000);
  const token = await roleToken(world, 'owner');
  const asked = { params: { kid: first }, query: 'ends_in=60&dry_run=true' };
  const { json } = await ask(world, token, 'keys.retire', asked);
  assert.deepEqual([json['state'], json['loses'], json['ends_at']], ['retired', 'signatures', world.now() + 60]);
  assert.ok(Number(json['planned_end']) > world.now() + 60);
  await ask(world, token, 'keys.retire', { ...asked, query: 'ends_in=60' });
  assert.ok(world.ctx.keys.verifierFor(first, world.now() + 59));
  assert.equal(world.ctx.keys.verifierFor(first, world.now() + 60), undefined);
});
