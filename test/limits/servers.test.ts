/** Servers that keep their limits together in a Redis. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { postForm } from '../support/agent.ts';
import { freePort, startHufu, type TestHufu } from '../support/hufu.ts';
import { MASTER_KEY } from '../support/nodes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const MACHINE = 'machine:machine-secret-0123456789abcdef012345';

function yaml(port: number, rules = ''): string {
  return `
redis: redis://127.0.0.1:${port}
limits: { rules: { ${rules} } }
clients:
  - { client_id: machine, client_secret: machine-secret-0123456789abcdef012345, grant_types: [client_credentials], scope: read }
  - { client_id: admin, client_secret: admin-secret-0123456789abcdef01234567, grant_types: [client_credentials], scope: 'hufu:admin:limits' }
resources: [{ identifier: 'https://api.example/', scopes: [read], token_format: jwt }]
`;
}

describe('servers on one Redis', () => {
  const closing: (() => Promise<void>)[] = [];
  after(async () => {
    for (const close of closing.toReversed()) await close();
  });

  async function redis(settings: readonly string[] = []): Promise<TestRedis> {
    const made = await startRedis();
    closing.push(made.stop);
    const client = made.connect();
    for (const setting of settings) await client.call('CONFIG', 'SET', ...setting.split(' '));
    return made;
  }

  /** Two nodes of one issuer, on one store. */
  async function nodes(port: number, rules?: string): Promise<readonly [TestHufu, TestHufu]> {
    const store = await openMemory();
    // Each closes the store that it is handed.
    const wrap = (): typeof store => ({ ...store, close: async () => undefined });
    const first = await startHufu({ yaml: yaml(port, rules), store, wrap, masterKey: MASTER_KEY });
    closing.push(first.stop);
    const second = await startHufu({ yaml: yaml(port, rules), store, wrap, issuer: first.issuer, masterKey: MASTER_KEY });
    closing.push(second.stop);
    return [first, second];
  }

  const guess = async ({ context }: TestHufu, account: string): Promise<boolean> =>
    (await context.limits.take(['sign-in-source-account', 'sign-in-account', 'sign-in-source'], { account, address: '192.0.2.7' })).kind ===
    'taken';

  test('guesses at an account are counted by all nodes together, and the right password gives back on all', async () => {
    const { port } = await redis();
    const [one, two] = await nodes(port);
    const taken: boolean[] = [];
    for (let i = 0; i < 4; i++) taken.push(await guess(one, 'alice'), await guess(two, 'alice'));
    assert.deepEqual(taken, [true, true, true, true, true, false, false, false]);
    for (let i = 0; i < 20; i++) {
      const node = i % 2 === 0 ? one : two;
      const right = await node.context.limits.take(['sign-in-source-account'], { account: 'bob', address: '192.0.2.7' });
      assert.ok(right.kind === 'taken', `${i}`);
      right.refund();
      // Nobody waits for it.
      await sleep(20);
    }
  });

  test('fifty at once on two nodes take what one takes, over HTTP as well', async () => {
    const { port } = await redis();
    const [one, two] = await nodes(port, 'tokens: { key: [client], limit: 1, period: 1h, burst: 7, match: { routes: [/oauth/token] } }');
    const attempts = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(i % 2 === 0 ? one : two, 'carol')));
    assert.equal(attempts.filter((isTaken) => isTaken).length, 5);
    const ask = (): ReturnType<typeof postForm> => postForm(`${one.issuer}/oauth/token`, { grant_type: 'client_credentials' }, MACHINE);
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await ask()).status));
    assert.equal(statuses.filter((status) => status === 200).length, 7);
    assert.equal(statuses.filter((status) => status === 429).length, 5);
  });

  test('nobody reads from Redis who is counted, every key ends, and another issuer has limits of its own', async () => {
    const there = await redis();
    const [one] = await nodes(there.port);
    const [other] = await nodes(there.port);
    for (let i = 0; i < 5; i++) assert.ok(await guess(one, 'dave-the-well-known'));
    assert.ok(!(await guess(one, 'dave-the-well-known')));
    assert.ok(await guess(other, 'dave-the-well-known'));
    const client = there.connect();
    const keys = await client.keys('*');
    assert.ok(keys.length > 3);
    assert.ok(keys.every((key) => !key.includes('dave-the-') && !key.includes('192.0.2.7')));
    for (const key of keys) assert.ok((await client.pttl(key)) > 0, key);
  });

  test('while Redis is away guesses are still limited, on each node by itself, and nothing fails', async () => {
    const there = await redis();
    const [one] = await nodes(there.port, 'tokens: { key: [client], limit: 1, period: 1h, burst: 2, match: { routes: [/oauth/token] } }');
    assert.ok(await guess(one, 'erin'));
    await there.stop();
    let taken = 0;
    for (let i = 0; i < 30; i++) taken += (await guess(one, 'erin')) ? 1 : 0;
    assert.ok(taken >= 1 && taken <= 5, `${taken}`);
    const reply = await postForm(`${one.issuer}/oauth/token`, { grant_type: 'client_credentials' }, MACHINE);
    assert.equal(reply.status, 200);
    const lines = one.logLines.filter((line) => line.includes('redis.unavailable'));
    assert.ok(lines.length >= 1 && lines.length <= 3, `${lines.length}`);
  });

  test('a server starts while Redis is away, and not with one that forgets', async () => {
    const nobody = await freePort();
    const alone = await startHufu({ yaml: yaml(nobody) });
    closing.push(alone.stop);
    assert.ok(await guess(alone, 'frank'));
    const forgetful = await redis(['maxmemory 100mb', 'maxmemory-policy allkeys-lru']);
    await assert.rejects(startHufu({ yaml: yaml(forgetful.port) }), /maxmemory-policy allkeys-lru/);
  });

  test('a limit that is set on one node holds on the other within a second', async () => {
    const { port } = await redis();
    const [one, two] = await nodes(port);
    const form = { grant_type: 'client_credentials', scope: 'hufu:admin:limits' };
    const { body } = await postForm(`${one.issuer}/oauth/token`, form, 'admin:admin-secret-0123456789abcdef01234567');
    const reply = await fetch(`${one.issuer}/admin/v1/limits/sign-in-source-account`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${String(body['access_token'])}`, 'content-type': 'application/json' },
      body: '{"limit":1,"period":"1m","burst":2}',
    });
    assert.equal(reply.status, 200);
    await until(() => two.logLines.some((line) => line.includes('limits.reloaded')));
    assert.deepEqual([await guess(two, 'grace'), await guess(one, 'grace'), await guess(two, 'grace')], [true, true, false]);
  });
});
