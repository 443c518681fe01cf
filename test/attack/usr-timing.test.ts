import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashSync as hashBcrypt } from 'bcryptjs';
import { Agent } from '../support/agent.ts';
import { BASIC_YAML, type TestHufu } from '../support/hufu.ts';
import { firstSeed, LONG, seededRandom } from '../support/seeds.ts';
import { mannWhitney, median } from './mann-whitney.ts';
import { arena } from './oracles.ts';

/** Two thousand tries of the sign-in page with `npm run test:long`; enough here to see what leaves out a hash. */
const SAMPLES = LONG ? 500 : 40;
const RECOVERIES = LONG ? 250 : 8;
const TRIES = LONG ? 100 : 8;
const MEASUREMENTS = 5;

type Kinds = Readonly<Record<string, () => Promise<unknown>>>;

/** Milliseconds of each kind, asked in turn in a drawn order, so that whatever else the machine does falls on all alike. */
async function measure(kinds: Kinds, samples: number, seed: number): Promise<Record<string, number[]>> {
  const random = seededRandom(seed);
  const names = Object.keys(kinds);
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await kinds[name]?.();
  for (let round = 0; round < samples; round += 1) {
    for (const name of names.toSorted(() => random() - 0.5)) {
      const begun = performance.now();
      await kinds[name]?.();
      times[name]?.push(performance.now() - begun);
    }
  }
  return times;
}

/**
 * No kind takes another time than the first (Mann-Whitney p > 0.01). One pair of a hundred looks otherwise by chance, so what does is measured
 * again, four times at most: a difference that is there is there again, and chance is not, once in ten thousand million. How far the medians
 * are apart is said and not judged: of so few on a busy machine that is many milliseconds by chance.
 */
async function assertAlike(kinds: Kinds, samples: number): Promise<void> {
  const told: string[] = [];
  let suspected = Object.keys(kinds).slice(1);
  const [first = ''] = Object.keys(kinds);
  for (let run = 0; run < MEASUREMENTS && suspected.length > 0; run += 1) {
    const asked = Object.fromEntries([first, ...suspected].map((name) => [name, kinds[name] ?? assert.fail()]));
    const times = await measure(asked, samples, firstSeed() + run);
    suspected = suspected.filter((name) => {
      const { p } = mannWhitney(times[first] ?? [], times[name] ?? []);
      told.push(
        `${name}: p ${p.toFixed(4)}, medians ${median(times[first] ?? []).toFixed(2)} and ${median(times[name] ?? []).toFixed(2)} ms`,
      );
      return p <= 0.01;
    });
  }
  if (LONG) console.log(told.join('\n'));
  assert.deepEqual(suspected, [], told.join('\n'));
}

test('what measures sees one millisecond in thirty, and nothing where there is nothing', () => {
  const random = seededRandom(3);
  const draw = (more: number): number[] => Array.from({ length: 500 }, () => 30 + more + 4 * (random() + random() - 1));
  assert.ok(mannWhitney(draw(0), draw(0)).p > 0.01);
  assert.ok(mannWhitney(draw(0), draw(1)).p < 0.0001);
  assert.equal(mannWhitney([1, 1, 1], [1, 1, 1]).p > 0.99, true);
  assert.ok(Math.abs(mannWhitney([1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14]).p - 0.0022) < 0.0005);
  assert.equal(mannWhitney([1, 3], [2]).medianDifference, 0);
});

describe('USR: the time that an answer takes', () => {
  const here = arena({ yaml: BASIC_YAML });
  const strict = arena({
    yaml: `${BASIC_YAML.replace('brute_force: off', 'brute_force: on')}\ntrusted_proxies: [127.0.0.1]\n`,
  });

  async function factorFor({ store, context }: TestHufu, username: string): Promise<void> {
    const user = (await store.findUserByName(context.tenant, username)) ?? assert.fail();
    const factor = { kind: 'totp', name: 'Phone', lookup: undefined, data: {}, counter: 0 } as const;
    assert.equal((await store.addFactor(context.tenant, user.id, user.authVersion, factor, undefined, 1)).kind, 'added');
  }

  test('USR-02 · an unknown name, a wrong password, one of somebody with a second factor and one of somebody disabled take one time', async () => {
    const { store, context } = here.hufu;
    const password = await context.passwords.hash('the right long password');
    const made = async (username: string): Promise<void> => {
      const user = { sub: `sub-${username}`, username, passwordHash: password, claims: {} };
      assert.equal((await store.createUser(context.tenant, user, 1)).kind, 'created');
    };
    for (const name of ['plain', 'guarded', 'gone']) await made(name);
    await factorFor(here.hufu, 'guarded');
    const gone = (await store.findUserByName(context.tenant, 'gone')) ?? assert.fail();
    await store.setUserEnabled(context.tenant, gone.id, false, 2);
    const agent = new Agent(here.issuer);
    const { hidden } = await agent.get('/signin');
    const attempt = (username: string, text: string) => async (): Promise<void> => {
      assert.equal((await agent.post('/signin', { ...hidden, username, password: text })).status, 401);
    };
    await assertAlike(
      {
        unknown: attempt('nobody', 'a wrong long password'),
        known: attempt('plain', 'a wrong long password'),
        'with a second factor': attempt('guarded', 'a wrong long password'),
        disabled: attempt('gone', 'the right long password'),
      },
      SAMPLES,
    );
  });

  test('USR-02 · a hash that was brought along takes longer than a new one, and neither is told from a name that nobody has', async () => {
    const { store, context } = strict.hufu;
    const hashes = {
      current: await context.passwords.hash('the right long password'),
      brought: hashBcrypt('the right long password', LONG ? 12 : 10),
    };
    const made = TRIES + 20;
    for (const [kind, passwordHash] of Object.entries(hashes))
      for (let index = 0; index < made; index += 1) {
        const username = `${kind}-${index}`;
        const user = { sub: `sub-${username}`, username, passwordHash, claims: {} };
        assert.equal((await store.createUser(context.tenant, user, 1)).kind, 'created');
      }
    let source = 0;
    // Each name a few times, from everywhere: what is slowed down is not measured.
    const attempt = (kind: string) => async (): Promise<void> => {
      source += 1;
      const headers = { 'x-forwarded-for': `2001:db8:1${(source >> 8).toString(16)}:${(source & 255).toString(16)}::1` };
      const agent = new Agent(strict.issuer);
      const { hidden } = await agent.get('/signin', headers);
      const page = await agent.post(
        '/signin',
        { ...hidden, username: `${kind}-${source % made}`, password: 'a wrong long password' },
        headers,
      );
      assert.equal(page.status, 401, page.text.slice(0, 500));
    };
    await assertAlike({ nobody: attempt('nobody'), current: attempt('current'), brought: attempt('brought') }, TRIES);
  });

  test('USR-02 · asking for a new password takes one time, whether anybody has the address or not', async () => {
    let source = 0;
    const ask = (address: string) => async (): Promise<void> => {
      source += 1;
      const agent = new Agent(strict.issuer);
      const headers = { 'x-forwarded-for': `2001:db8:${(source >> 8).toString(16)}:${(source & 255).toString(16)}::1` };
      const { hidden } = await agent.get('/recover', headers);
      const page = await agent.post('/recover', { ...hidden, address }, headers);
      assert.equal(page.status, 200, page.text.slice(0, 500));
    };
    await assertAlike(
      { nobody: ask('nobody@example.com'), somebody: ask('alice@example.com'), unverified: ask('bob@example.com') },
      RECOVERIES,
    );
  });
});
