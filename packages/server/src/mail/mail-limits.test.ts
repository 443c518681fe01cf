import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASIC_YAML, openWorld, START_MS, type World } from '../testing/world.ts';
import { isFirstToday, type MailAttempt, takeMail } from './mail-limits.ts';

const ATTEMPT: MailAttempt = { address: 'ada@post.example', browserId: 'b0', isKnown: false, isReset: false, isNobody: false };

/** From a network and a browser of its own each time: only what is counted of all is met. */
let networks = 0;
async function fromAnywhere(world: World, part: Partial<MailAttempt> = {}): Promise<string> {
  networks += 1;
  const http = world.http({ address: `198.51.${networks >> 8}.${networks & 255}` });
  const taken = await takeMail(world.ctx, http, { ...ATTEMPT, browserId: `b${networks}`, ...part });
  return taken.kind === 'limited' ? 'limited' : taken.sends ? 'sends' : 'silent';
}

test('a mailbox gets twenty mails a day from strangers, whatever is written behind a plus; the answer stays the same (attacks USR-01)', async () => {
  const world = await openWorld();
  for (let i = 0; i < 20; i += 1) assert.equal(await fromAnywhere(world, { address: `ada+${i}@Post.example` }), 'sends');
  assert.equal(await fromAnywhere(world), 'silent');
  assert.equal(await fromAnywhere(world, { address: 'adam@post.example' }), 'sends');
  world.clock.freeze(START_MS + 86_400_000);
  assert.equal(await fromAnywhere(world), 'sends');
  await world.close();
});

test('whom strangers have used that up for still signs in where they have before, and gets a new password (attacks USR-08)', async () => {
  const world = await openWorld();
  for (let i = 0; i < 25; i += 1) await fromAnywhere(world);
  assert.equal(await fromAnywhere(world), 'silent');
  assert.equal(await fromAnywhere(world, { isKnown: true, browserId: 'known' }), 'sends');
  assert.equal(await fromAnywhere(world, { isReset: true }), 'sends');
  for (let i = 0; i < 30; i += 1) await fromAnywhere(world, { isReset: true });
  assert.equal(await fromAnywhere(world, { isReset: true }), 'silent');
  assert.equal(await fromAnywhere(world, { isReset: true, isKnown: true, browserId: 'known' }), 'sends');
  await world.close();
});

test('addresses that nobody has cost a hundred mails an hour, and nobody is told when they are spent', async () => {
  const world = await openWorld();
  const outcomes: string[] = [];
  for (let i = 0; i < 102; i += 1) outcomes.push(await fromAnywhere(world, { address: `nobody${i}@post.example`, isNobody: true }));
  assert.deepEqual(outcomes.slice(-3), ['sends', 'silent', 'silent']);
  assert.equal(await fromAnywhere(world), 'sends', 'those who are there go on');
  await world.close();
});

test('a network is a /64, and the same address in other letters the same (RFC 6585 §4)', async () => {
  const world = await openWorld();
  const from = async (address: string, part: Partial<MailAttempt>): Promise<string> =>
    (await takeMail(world.ctx, world.http({ address }), { ...ATTEMPT, ...part })).kind;
  for (let i = 0; i < 20; i += 1)
    assert.equal(await from(`2001:db8:1:2::${i}`, { address: `n${i}@post.example`, browserId: `x${i}` }), 'allowed');
  assert.equal(await from('2001:db8:1:2:ffff::1', { address: 'n20@post.example', browserId: 'x20' }), 'limited');
  assert.equal(await from('2001:db8:1:3::1', { address: 'n20@post.example', browserId: 'x20' }), 'allowed');
  for (let i = 0; i < 5; i += 1)
    assert.equal(await from(`203.0.113.${i}`, { address: i % 2 === 0 ? 'ADA@post.example' : 'ada@POST.example' }), 'allowed');
  assert.equal(await from('203.0.113.99', {}), 'limited');
  await world.close();
});

test('two nodes count together, and tests may switch it off', async () => {
  const world = await openWorld();
  const other = await openWorld({ store: world.store, empty: true });
  const kinds: string[] = [];
  for (let i = 0; i < 6; i += 1) kinds.push((await takeMail((i % 2 === 0 ? world : other).ctx, world.http(), ATTEMPT)).kind);
  assert.deepEqual(kinds, ['allowed', 'allowed', 'allowed', 'allowed', 'allowed', 'limited']);
  const off = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { brute_force: off }` });
  for (let i = 0; i < 30; i += 1)
    assert.deepEqual(await takeMail(off.ctx, off.http(), ATTEMPT), { kind: 'allowed', sends: true, isOver: false });
  for (const one of [other, world, off]) await one.close();
});

test('what only tells something goes to a mailbox once a day, of each kind', async () => {
  const world = await openWorld();
  const first = (kind: string, address = 'ada@post.example'): Promise<boolean> => isFirstToday(world.ctx, kind, address, world.now());
  assert.deepEqual(
    [await first('a'), await first('a'), await first('a', 'Ada+x@post.example'), await first('b')],
    [true, false, false, true],
  );
  await world.close();
});
