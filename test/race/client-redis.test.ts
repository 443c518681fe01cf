import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Clock, systemClock } from '@hufu/client/clock';
import { StorageError } from '@hufu/client/session/place';
import { type SessionRecord, stampOf } from '@hufu/client/session/record';
import { TokenSession } from '@hufu/client/session/token-session';
import { type RedisClient, redisPlace } from '@hufu/client/storage/redis';
import { testPlace } from '@hufu/client/testing/place-contract';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type RefreshingServer, startStrict } from '../support/refreshing-servers.ts';
import { renewerByProxy, signedInWith } from '../support/session-by-proxy.ts';
import { startTokenProxy, type TokenProxy } from '../support/token-proxy.ts';

const HOUR = 3_600_000;
const SECRET = randomBytes(32);
const RECORD: SessionRecord = { v: 1, rev: 1, session: 'a', refresh: 'the refresh token', access: {} };

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

testPlace('Redis', async () => redisPlace(redis.connect(), { secret: SECRET }));

describe('a session in Redis', () => {
  test('shows nothing there, and is read by nobody without the secret', async () => {
    const client = redis.connect();
    await redisPlace(client, { secret: SECRET }).storage.replace('sealed', undefined, RECORD);
    const text = JSON.stringify(await client.hgetall('hufu:session:sealed'));
    assert.ok(!text.includes('the refresh token'));
    await assert.rejects(redisPlace(client, { secret: randomBytes(32) }).storage.read('sealed'), StorageError);
    assert.throws(() => redisPlace(client, { secret: randomBytes(16) }), TypeError);
    assert.ok((await client.ttl('hufu:session:sealed')) > 0, 'and goes with time');
  });

  test('has a lock that lives as long as its holder gives signs, and is free 20 seconds after the last', async () => {
    const client = redis.connect();
    const place = redisPlace(client, { secret: SECRET });
    const held = await place.lock.acquire('lease', AbortSignal.timeout(60_000));
    const left = await client.pttl('hufu:lock:{lease}');
    assert.ok(left > 19_000 && left <= 20_000, String(left));
    // As if the holder had been dead for as long.
    await client.pexpire('hufu:lock:{lease}', 1);
    const next = await redisPlace(redis.connect(), { secret: SECRET }).lock.acquire('lease', AbortSignal.timeout(60_000));
    assert.ok(next.fence > held.fence);
    await held.release();
    assert.notEqual(await client.get('hufu:lock:{lease}'), null, 'nobody gives back what is not theirs');
    await next.release();
    assert.equal(await client.get('hufu:lock:{lease}'), null);
  });

  test('has a lock whose keys stand in one place of a cluster, whose number goes with time, and which may be asked for twice', async () => {
    const client = redis.connect();
    const keys: string[][] = [];
    const twice: RedisClient = {
      eval: async (script, count, ...rest) => {
        keys.push(rest.slice(0, count));
        await client.eval(script, count, ...rest);
        return client.eval(script, count, ...rest);
      },
    };
    const held = await redisPlace(twice, { secret: SECRET }).lock.acquire('twice', AbortSignal.timeout(60_000));
    assert.ok(held.fence > 0);
    assert.deepEqual(keys, [['hufu:lock:{twice}', 'hufu:fence:{twice}']]);
    assert.ok((await client.ttl('hufu:fence:{twice}')) > 0);
    await held.release();
  });

  test('has a lock of which a lease that runs out says that its holder is gone, and one that Redis loses does not', async () => {
    const client = redis.connect();
    for (const lost of [false, true]) {
      const name = `gone ${lost}`;
      const { lock } = redisPlace(client, { secret: SECRET });
      await lock.acquire(name, AbortSignal.timeout(60_000));
      if (!lost) await client.pexpire(`hufu:lock:{${name}}`, 300);
      const waiting = redisPlace(redis.connect(), { secret: SECRET }).lock.acquire(name, AbortSignal.timeout(60_000));
      if (lost) {
        while ((await client.pttl(`hufu:lock:{${name}}`)) > 19_900);
        await client.del(`hufu:lock:{${name}}`);
      }
      const next = await waiting;
      assert.equal(await next.isGone(lock.me), !lost);
      await next.release();
    }
  });

  test('that does not answer keeps nobody who has given up, and the lock that it gives then is given back', async () => {
    const client = redis.connect();
    let answer = (): void => {};
    const silent = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow: RedisClient = { eval: async (...parameters) => (await silent, client.eval(...parameters)) };
    const leaving = new AbortController();
    const left = redisPlace(slow, { secret: SECRET }).lock.acquire('silent', leaving.signal);
    leaving.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    answer();
    await (await redisPlace(client, { secret: SECRET }).lock.acquire('silent', AbortSignal.timeout(60_000))).release();
  });

  test('that is away is never taken for none', async () => {
    const away: RedisClient = { eval: async () => Promise.reject(new Error('ECONNREFUSED')) };
    const { storage, lock } = redisPlace(away, { secret: SECRET });
    await assert.rejects(storage.read('n'), StorageError);
    await assert.rejects(storage.replace('n', await stampOf(RECORD), RECORD), StorageError);
    await assert.rejects(lock.acquire('n', AbortSignal.timeout(1_000)), StorageError);
  });
});

describe('hosts that share a session through Redis, at oidc-provider with strict rotation', () => {
  let server: RefreshingServer;
  let proxy: TokenProxy;
  before(async () => {
    server = await startStrict();
    proxy = await startTokenProxy(() => server.origin);
  });
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  test('6 of them with 100 callers each cause one refresh per expiry, at a token endpoint that takes 0 and 2,000 ms', async () => {
    let ahead = 0;
    const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + ahead };
    const sessions = Array.from(
      { length: 6 },
      () =>
        new TokenSession({
          issuer: server.origin,
          clientId: 'spa',
          place: redisPlace(redis.connect(), { secret: SECRET }),
          renewer: renewerByProxy(server.issuer, proxy.origin),
          clock,
        }),
    );
    await sessions[0]?.signedIn(signedInWith(await server.signIn()));
    for (const delayMs of [0, 0, 2_000]) {
      proxy.delayMs = delayMs;
      proxy.reset();
      ahead += HOUR;
      const got = await Promise.all(
        sessions.flatMap((session) => Array.from({ length: 100 }, async () => (await session.accessToken()).token)),
      );
      assert.equal(new Set(got).size, 1);
      assert.deepEqual(
        proxy.requests.map(({ status }) => status),
        [200],
      );
    }
    await Promise.all(sessions.map((session) => session.close()));
  });
});
