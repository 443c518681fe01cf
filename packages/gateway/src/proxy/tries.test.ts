import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { Pool } from 'undici';
import { closeAll, say, startBehind, startEdge, startRawBehind, statusOf, Wire } from '../testing/proxy-world.ts';
import { type Acquire, type Lease, type Outcome, type Upstream, UpstreamAway, type Waiting } from './upstream.ts';

const pools: Pool[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(pools.splice(0).map((pool) => pool.destroy()));
});

interface Scripted extends Upstream {
  readonly asked: Acquire[];
  readonly outcomes: (Outcome | number)[];
}

/** Targets in turn; a failure or one of these statuses is tried again where that is possible. */
function inTurn(ports: readonly number[], again: readonly number[] = []): Scripted {
  const asked: Acquire[] = [];
  const outcomes: (Outcome | number)[] = [];
  return {
    asked,
    outcomes,
    acquire(request): Lease {
      const port = ports[asked.length] ?? 0;
      asked.push(request);
      const pool = new Pool(`http://127.0.0.1:${port}`);
      pools.push(pool);
      return {
        target: `t${asked.length}`,
        dispatcher: pool,
        headTimeoutMs: 5_000,
        answered: (status) => {
          outcomes.push(status);
          return again.includes(status) && request.replayable ? 'again' : 'pass';
        },
        streams: () => undefined,
        end: (outcome) => {
          outcomes.push(outcome);
          return outcome.kind === 'failed' && outcome.phase !== 'body' ? 'again' : 'over';
        },
      };
    },
  };
}

test('what was not sent is tried again whatever it is, also a body that streams', async () => {
  const behind = await startBehind();
  const upstream = inTurn([1, 1, behind.port]);
  const edge = await startEdge(1, { upstream });
  const wire = new Wire(edge.port).send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
  await until(() => upstream.asked.length > 0);
  wire.send('6\r\n world\r\n0\r\n\r\n');
  assert.equal(statusOf(await wire.hears(/ok$|\}$/)), 200, wire.heard);
  wire.close();
  assert.equal(behind.got[0]?.body, 'hello world');
  assert.deepEqual(
    upstream.asked.map(({ tried, replayable }) => [tried, replayable]),
    [
      [[], false],
      [['t1'], false],
      [['t1', 't2'], false],
    ],
  );
  assert.deepEqual(
    edge.ends.map(({ how, status, target, tries }) => [how, status, target, tries]),
    [['whole', 200, 't3', 3]],
  );
  assert.ok(edge.ends[0]?.error instanceof Error, 'why it took three is not lost');
});

test('what was sent is tried again only where all of it is still here', async () => {
  const dead = await startRawBehind((socket) => socket.destroy());
  const behind = await startBehind();
  const kept = inTurn([dead.port, behind.port]);
  const edge = await startEdge(1, { upstream: kept });
  assert.equal(statusOf(await say(edge.port, 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')), 200);
  assert.equal(behind.got[0]?.body, 'hello');
  const streamed = inTurn([dead.port, behind.port]);
  const other = await startEdge(1, { upstream: streamed });
  const wire = new Wire(other.port).send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  assert.equal(statusOf(await wire.hears(/\}$/)), 502);
  wire.close();
  assert.equal(streamed.asked.length, 1);
});

test('an answer that is not wanted is thrown away, and the next one is passed on', async () => {
  const away = await startBehind((request, response) => {
    request.resume();
    response.writeHead(503, { 'X-From': 'away' });
    response.write('x'.repeat(100_000));
  });
  const behind = await startBehind();
  const upstream = inTurn([away.port, behind.port], [503]);
  const edge = await startEdge(1, { upstream });
  const heard = await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(statusOf(heard), 200);
  assert.doesNotMatch(heard, /away|xxx/);
  assert.deepEqual(upstream.outcomes, [503, 200, { kind: 'whole' }]);
});

test('however often an upstream asks for it, there are five tries', async () => {
  const upstream = inTurn([1, 1, 1, 1, 1, 1, 1, 1]);
  const edge = await startEdge(1, { upstream });
  assert.equal(statusOf(await say(edge.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')), 502);
  assert.equal(upstream.asked.length, 5);
});

test('nobody who takes it: 503, and when to come again (RFC 9110 §15.6.4, §10.2.3)', async () => {
  const away: Upstream = {
    acquire() {
      throw new UpstreamAway('no_target', 7);
    },
  };
  const heard = await say((await startEdge(1, { upstream: away })).port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(statusOf(heard), 503);
  assert.match(heard, /\r\nretry-after: 7\r\n/);
  const later: Upstream = { acquire: () => ({ lease: Promise.reject(new UpstreamAway('queue_timeout', 1)), cancel: () => undefined }) };
  assert.match(
    await say((await startEdge(1, { upstream: later })).port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    /^HTTP\/1\.1 503 [^]*"queue_timeout"/,
  );
});

test('who stands in the queue and goes gives up the place; a lease that comes nevertheless is given back', async () => {
  const outcomes: Outcome[] = [];
  let cancelled = 0;
  let stands = false;
  let give: (lease: Lease) => void = () => undefined;
  const upstream: Upstream = {
    acquire: (): Waiting => ({
      lease: new Promise((resolve) => {
        stands = true;
        give = resolve;
      }),
      cancel: () => cancelled++,
    }),
  };
  const edge = await startEdge(1, { upstream });
  const wire = new Wire(edge.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => stands);
  wire.close();
  await until(() => cancelled > 0);
  give({
    target: 'late',
    dispatcher: { dispatch: () => assert.fail('nobody is there') },
    headTimeoutMs: 0,
    answered: () => 'pass',
    streams: () => undefined,
    end: (outcome) => {
      outcomes.push(outcome);
      return 'over';
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(outcomes, [{ kind: 'aborted' }]);
  assert.equal(cancelled, 1);
});
