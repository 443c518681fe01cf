import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Trail } from '../decisions/trail.ts';
import { BASIC_YAML, openWorld, PASSWORD, START_MS, type World } from '../testing/world.ts';
import { type PasswordOutcome, tryPassword } from './password-attempt.ts';

/** Nobody listens there. */
const AWAY = "upstreams:\n  - { name: corp, kind: ldap, url: 'ldaps://127.0.0.1:1', base_dn: 'dc=example' }\n";

const world = await openWorld({ yaml: `${BASIC_YAML}\n${AWAY}` });
after(() => world.close());

async function attempt(username: string, password: string, at: World = world): Promise<PasswordOutcome | string> {
  const asked = { username, password, address: '192.0.2.9', knownBrowser: undefined, nowMs: at.clock.nowMs() };
  return await tryPassword(at.ctx, asked, new Trail()).catch((error: unknown) => String(Object(error)['code']));
}

test('while a directory is away, a wrong password is an outage for a name of ours as for one that nobody has, and counts as much (attacks USR-02)', async () => {
  const bob = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
  await world.store.setUserEnabled(world.tenant, bob.id, false, world.now());
  const seen = async (username: string, password: string): Promise<readonly unknown[]> => {
    const answers: unknown[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const answer = await attempt(username, password);
      answers.push(typeof answer === 'string' ? answer : answer.kind);
    }
    return answers;
  };
  const expected = [...Array.from({ length: 5 }, () => 'temporarily_unavailable'), 'limited'];
  const all = [seen('alice', 'a wrong password'), seen('nobody', 'a wrong password'), seen('bob', PASSWORD)];
  assert.deepEqual(await Promise.all(all), [expected, expected, expected], 'bob is disabled');
  world.clock.freeze(START_MS + 3_600_000);
  const right = await attempt('alice', PASSWORD);
  assert.equal(typeof right === 'string' ? right : right.kind, 'right', 'whose password is here needs no directory');
});

test('what no directory can have is asked of none: an empty password, a name with a NUL', async () => {
  world.clock.freeze(START_MS + 7_200_000);
  for (const [username, password] of [
    ['alice', ''],
    ['nobody', ''],
    ['al\0ice', 'x'],
  ] as const)
    assert.deepEqual(await attempt(username, password), { kind: 'wrong' }, JSON.stringify([username, password]));
});

test('what is wrong is said no sooner than the dearest hash takes, and what is right at once (attacks USR-02)', async () => {
  const own = await openWorld();
  const order: string[] = [];
  const attemptAs = async (username: string, password: string, dearest: number): Promise<void> => {
    const ctx = { ...own.ctx, passwords: { ...own.ctx.passwords, isOutdated: () => false, dearestMs: () => dearest } };
    const outcome = await attempt(username, password, { ...own, ctx });
    order.push(`${username} ${typeof outcome === 'string' ? outcome : outcome.kind}`);
  };
  await Promise.all([attemptAs('alice', 'x', 400), attemptAs('nobody', 'x', 0), attemptAs('bob', PASSWORD, 400)]);
  assert.deepEqual(order, ['bob right', 'nobody wrong', 'alice wrong']);
  await own.close();
});
