import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { Attempt } from '../proxy/attempt.ts';
import { type Failure, type Lease, UpstreamAway } from '../proxy/upstream.ts';
import { answering, Behind, leapingClock, resetting, send, silent, well } from '../testing/send.ts';
import { createUpstream, type RunningUpstream, type TargetChange } from './create-upstream.ts';
import type { UpstreamSettings } from './settings.ts';

const running: { readonly behind: Behind[]; readonly upstreams: RunningUpstream[] } = { behind: [], upstreams: [] };
afterEach(async () => {
  await Promise.all(running.upstreams.splice(0).map((upstream) => upstream.close()));
  await Promise.all(running.behind.splice(0).map((behind) => behind.down()));
});

async function servers(count: number): Promise<readonly Behind[]> {
  const started = await Promise.all(Array.from({ length: count }, () => Behind.start()));
  running.behind.push(...started);
  return started;
}

interface World {
  readonly upstream: RunningUpstream;
  readonly clock: ReturnType<typeof leapingClock>;
  readonly changes: readonly TargetChange[];
  /** The next change of a kind, also one that has been already. */
  next(kind: TargetChange['kind']): Promise<void>;
  phases(): readonly string[];
}

/** Targets are called a, b, c…; of each tier as many as are in its list. */
function world(tiers: readonly (readonly Behind[])[], settings: Partial<UpstreamSettings> = {}, clock = leapingClock()): World {
  const changes: TargetChange[] = [];
  const waiting = new Set<() => void>();
  let name = 0;
  const targets = tiers.flatMap((tier, at) => tier.map(({ url }) => ({ url, tier: at, name: 'abcdef'.charAt(name++) })));
  const upstream = createUpstream(
    { name: 'notes', targets, ...settings },
    {
      clock,
      onChange(change) {
        changes.push(change);
        for (const look of waiting) look();
      },
    },
  );
  running.upstreams.push(upstream);
  let seen = 0;
  return {
    upstream,
    clock,
    changes,
    next: (kind) =>
      new Promise((resolve) => {
        const look = (): void => {
          const at = changes.findIndex((change, place) => place >= seen && change.kind === kind);
          if (at === -1) return;
          seen = at + 1;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    phases: () => upstream.state().targets.map(({ phase }) => phase),
  };
}

/** One after the other. */
async function sendMany(upstream: RunningUpstream, count: number, request?: Parameters<typeof send>[1]) {
  const all = [];
  for (let one = 0; one < count; one += 1) all.push(await send(upstream, request));
  return all;
}

/** A target that answers when it is told to. */
function held(behind: Behind): ServerResponse[] {
  const open: ServerResponse[] = [];
  behind.act = (_, response) => void open.push(response);
  return open;
}

test('requests go round by weight, each on the connection that the one before has left', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const upstream = createUpstream({
    name: 'notes',
    targets: [{ url: a.url, weight: 3 }, { url: b.url }],
  });
  running.upstreams.push(upstream);
  for (const { status, body } of await sendMany(upstream, 40)) assert.deepEqual([status, body], [200, 'ok']);
  assert.deepEqual([a.got, b.got], [30, 10]);
  assert.deepEqual([a.connections, b.connections], [1, 1]);
});

test('a target that nobody can connect to costs no client anything, whatever the method, and after three times it is left alone', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, phases } = world([[a, b]]);
  await a.down();
  for (const { status } of await sendMany(upstream, 6, { method: 'POST', body: 'text', replayable: false })) assert.equal(status, 200);
  assert.deepEqual(phases(), ['open', 'closed']);
  const after = await sendMany(upstream, 10);
  assert.ok(after.every(({ targets }) => targets.join() === 'b'));
});

test('a target that goes and comes back and goes again costs no reader an answer', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, clock, changes, phases } = world([[a, b]]);
  for (let flap = 0; flap < 4; flap += 1) {
    for (const { status } of await sendMany(upstream, 10)) assert.equal(status, 200);
    await a.down();
    for (const { status } of await sendMany(upstream, 12)) assert.equal(status, 200);
    assert.deepEqual(phases(), ['open', 'closed']);
    // Tried once while it is down, and out again.
    clock.leap(70_000);
    for (const { status } of await sendMany(upstream, 6)) assert.equal(status, 200);
    assert.deepEqual(phases(), ['open', 'closed']);
    await a.up();
    clock.leap(70_000);
    for (const { status } of await sendMany(upstream, 6)) assert.equal(status, 200);
    assert.deepEqual(phases(), ['closed', 'closed']);
    clock.leap(10_000);
  }
  assert.equal(changes.filter(({ kind }) => kind === 'closed').length, 4);
});

test('resets before the head are tried elsewhere for a GET and cost a POST its answer; so many of them put a target out', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, phases } = world([[a, b]]);
  a.act = resetting;
  const read = await sendMany(upstream, 8);
  assert.ok(read.every(({ status }) => status === 200));
  const written = await sendMany(upstream, 8, { method: 'POST', body: 'text' });
  assert.equal(written.filter(({ failure }) => failure?.cause === 'reset').length, 4);
  assert.ok(written.every(({ targets }) => targets.length === 1));
  await sendMany(upstream, 20);
  assert.deepEqual(phases(), ['open', 'closed']);
  const got = a.got;
  await sendMany(upstream, 20);
  assert.equal(a.got, got);
});

test('an answer of 502, 503 or 504 is given up for another target, and passed on where there is none', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream } = world([[a, b]]);
  a.act = answering(503);
  const both = await sendMany(upstream, 4);
  assert.deepEqual(
    both.map(({ status, targets }) => `${targets.join('')} ${status}`),
    ['ab 200', 'b 200', 'ab 200', 'b 200'],
  );
  const alone = world([[a]]).upstream;
  const passed = await sendMany(alone, 30);
  assert.ok(passed.every(({ status, body, targets }) => status === 503 && body === '503' && targets.length === 1));
});

test('a 500 and a 429 are answers like others: no retry, and nobody is put out', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, phases } = world([[a, b]]);
  a.act = answering(500);
  b.act = answering(429);
  const all = await sendMany(upstream, 40);
  assert.ok(all.every(({ targets }) => targets.length === 1));
  assert.deepEqual(phases(), ['closed', 'closed']);
});

test('a target that is put out is tried again on a connection that is new', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, clock, phases } = world([[a, b]], { keepAliveMs: 60_000 });
  a.act = (_, response) => void response.writeHead(503, { connection: 'keep-alive' }).end();
  await Promise.all(Array.from({ length: 20 }, () => send(upstream, { method: 'POST', body: 'text' })));
  assert.deepEqual([phases()[0], upstream.state().targets[0]?.idle], ['open', 0]);
  a.act = well;
  clock.leap(3_000);
  const connections = a.connections;
  assert.deepEqual((await send(upstream)).targets, ['a']);
  assert.equal(a.connections, connections + 1);
});

test('errors put out half of a tier at most, and connections that fail all of it', async () => {
  const tier = await servers(4);
  const { upstream, phases } = world([tier]);
  for (const one of tier) one.act = resetting;
  await sendMany(upstream, 200);
  assert.equal(phases().filter((phase) => phase === 'open').length, 2);
  for (const one of tier) await one.down();
  await sendMany(upstream, 40);
  assert.equal(phases().filter((phase) => phase === 'open').length, 4);
});

test('retries are a fifth of what is asked, and three: who is down gets no storm', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  // What is counted is counted for some seconds: none go by.
  const still = { ...leapingClock(), monotonicMs: () => 0 };
  const { upstream } = world([[a, b]], { health: { minimum: 1_000 } }, still);
  a.act = resetting;
  b.act = resetting;
  const all = await sendMany(upstream, 200);
  assert.ok(all.every(({ failure }) => failure !== undefined));
  assert.equal(a.got + b.got, 200 + 40 + 3);
});

test('one identity that asks for something slow puts nobody out, three do', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, phases } = world([[a, b]], { timeouts: { headMs: 400 }, health: { minimum: 3 } });
  a.act = silent;
  const slow = await Promise.all(Array.from({ length: 16 }, () => send(upstream, { identity: 'mallory' })));
  assert.equal(slow.filter(({ failure }) => failure?.cause === 'timeout').length, 8);
  // What took too long is not asked for a second time.
  assert.ok(slow.every(({ targets }) => targets.length === 1));
  assert.deepEqual(phases(), ['closed', 'closed']);
  await Promise.all(['alice', 'alice', 'bob', 'bob'].map((identity) => send(upstream, { identity })));
  assert.deepEqual(phases(), ['open', 'closed']);
});

test('a target that is half open and hangs has one request at a time, and the others do not wait for it', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, clock, phases } = world([[a, b]]);
  await a.down();
  await sendMany(upstream, 6);
  await a.up();
  const heard: ServerResponse[] = [];
  const arrived = Promise.withResolvers<void>();
  a.act = (_, response) => {
    heard.push(response);
    arrived.resolve();
  };
  clock.leap(3_000);
  const probe = send(upstream);
  await arrived.promise;
  assert.deepEqual(phases(), ['half_open', 'closed']);
  const others = await Promise.all(Array.from({ length: 50 }, () => send(upstream)));
  assert.ok(others.every(({ status, targets }) => status === 200 && targets.join() === 'b'));
  assert.equal(heard.length, 1);
  a.act = well;
  heard[0]?.end('late');
  assert.deepEqual((await probe).targets, ['a']);
  await sendMany(upstream, 2);
  assert.deepEqual(phases(), ['closed', 'closed']);
});

test('who comes back is not run over: of a hundred requests that come together it gets a tenth', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, clock, phases } = world([[a, b]], { connections: 1_000 });
  await a.down();
  await sendMany(upstream, 6);
  await a.up();
  clock.leap(3_000);
  await sendMany(upstream, 3);
  assert.deepEqual(phases(), ['closed', 'closed']);
  a.got = 0;
  const all = await Promise.all(Array.from({ length: 110 }, () => send(upstream)));
  assert.ok(all.every(({ status }) => status === 200));
  assert.ok(a.got >= 9 && a.got <= 11, `${a.got}`);
});

test('where a whole tier is dead the next one serves, and no longer once it is back', async () => {
  const [a, b, z] = await servers(3);
  assert.ok(a !== undefined && b !== undefined && z !== undefined);
  const { upstream, clock } = world([[a, b], [z]]);
  // There has to be something going on for retries to be paid from.
  await sendMany(upstream, 50);
  assert.equal(z.got, 0);
  await a.down();
  await b.down();
  const dead = await sendMany(upstream, 20);
  assert.ok(dead.every(({ status }) => status === 200));
  assert.ok(dead.slice(10).every(({ targets }) => targets.join() === 'c'));
  await a.up();
  await b.up();
  clock.leap(3_000);
  await sendMany(upstream, 6);
  const got = z.got;
  const back = await sendMany(upstream, 20);
  assert.ok(back.every(({ status }) => status === 200));
  assert.equal(z.got, got);
});

test('the last target is tried though it is out, and is back with the first requests that go well', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const { upstream, phases } = world([[a]]);
  await a.down();
  const dead = await sendMany(upstream, 6);
  assert.ok(dead.every(({ failure }) => failure?.cause === 'refused' && failure.sent === false));
  assert.deepEqual(phases(), ['open']);
  await a.up();
  assert.ok((await sendMany(upstream, 3)).every(({ status }) => status === 200));
  assert.deepEqual(phases(), ['closed']);
});

test('checks close a target, and where they have closed all of them nobody is asked: 503 with the time of the next check', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const up = { a: true, b: true };
  a.act = (request, response) => void response.writeHead(request.url === '/up' && !up.a ? 500 : 200).end('a');
  b.act = (request, response) => void response.writeHead(request.url === '/up' && !up.b ? 500 : 200).end('b');
  const { upstream, next, phases } = world([[a, b]], { checks: { path: '/up', intervalMs: 10, timeoutMs: 1_000, well: 2, ill: 3 } });
  up.a = false;
  await next('opened');
  assert.deepEqual(phases(), ['open', 'closed']);
  assert.ok((await sendMany(upstream, 6)).every(({ targets }) => targets.join() === 'b'));
  up.b = false;
  await next('opened');
  const { away } = await send(upstream);
  assert.ok(away instanceof UpstreamAway);
  assert.deepEqual([away.reason, away.retryAfterSeconds], ['no_target', 1]);
  up.a = true;
  await next('closed');
  assert.deepEqual((await send(upstream)).body, 'a');
});

test('a check that is not answered, and one whose answer does not end, are ill and well, and neither stops the next', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  a.act = silent;
  b.act = (_, response) => void response.writeHead(200).write('and');
  const { next, changes } = world([[a, b]], { checks: { path: '/up', intervalMs: 10, timeoutMs: 300, ill: 2 } });
  await next('opened');
  assert.deepEqual(
    changes.map(({ target }) => target),
    ['a'],
  );
  a.act = well;
  await next('closed');
  await until(() => b.got > 4);
});

test('of the answer to a check only so much is read', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  a.act = (_, response) => void response.writeHead(200).write(Buffer.alloc(100_000));
  world([[a]], { checks: { path: '/up', intervalMs: 10, timeoutMs: 3_600_000 } });
  await until(() => a.got > 2);
});

test('a connection that its target closed while nobody used it is not used again', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  a.act = (request, response) => {
    response.end('ok');
    response.on('finish', () => setImmediate(() => request.socket.end()));
  };
  const { upstream, phases } = world([[a]]);
  for (let one = 0; one < 10; one += 1) {
    assert.equal((await send(upstream, { method: 'POST', body: 'text' })).status, 200);
    await until(() => upstream.state().targets[0]?.idle === 0);
  }
  assert.equal(a.connections, 10);
  assert.deepEqual(phases(), ['closed']);
});

/** Each connection answers once, and breaks when it is used again. */
function breakSecond(behind: Behind): void {
  const used = new WeakSet<object>();
  behind.act = (request, response) => {
    if (used.has(request.socket)) return void request.socket.resetAndDestroy();
    used.add(request.socket);
    response.end('ok');
  };
}

test('connections that break as they are used again cost a reader nothing and a writer an answer', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  breakSecond(a);
  const { upstream } = world([[a]]);
  const idle = (): number | undefined => upstream.state().targets[0]?.idle;
  await Promise.all(Array.from({ length: 4 }, () => send(upstream)));
  assert.equal(idle(), 4);
  // The second try is on a connection that is new, not on another one of those.
  const read = await send(upstream);
  assert.deepEqual([read.status, read.targets], [200, ['a', 'a']]);
  const written = await send(upstream, { method: 'POST', body: 'text' });
  assert.deepEqual([written.failure?.cause, written.targets], ['reset', ['a']]);
});

test('connections that break as they are used again say nothing of a target', async () => {
  const tier = await servers(2);
  for (const one of tier) breakSecond(one);
  const { upstream, phases } = world([tier], { health: { minimum: 2, ratio: 0.1 } });
  const all = await sendMany(upstream, 40, { method: 'POST', body: 'text' });
  assert.equal(all.filter(({ failure }) => failure?.cause === 'reset').length, 20);
  assert.deepEqual(phases(), ['closed', 'closed']);
});

test('who finds no place waits for one, in order; where too many wait the next one is refused', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const open = held(a);
  const { upstream } = world([[a]], { connections: 2, queue: { length: 3, timeoutMs: 60_000 } });
  const order: number[] = [];
  const sent = [0, 1, 2, 3, 4].map(async (number) => {
    const { status } = await send(upstream, { path: `/${number}` });
    order.push(number);
    return status;
  });
  await until(() => open.length === 2);
  assert.equal(upstream.state().waiting, 3);
  assert.equal((await send(upstream)).away?.reason, 'queue_full');
  for (let done = 1; done <= 5; done += 1) {
    open.shift()?.end();
    await until(() => order.length === done && open.length === Math.min(2, 5 - done));
    assert.ok(a.connections <= 2);
  }
  assert.deepEqual(await Promise.all(sent), [200, 200, 200, 200, 200]);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  assert.deepEqual([a.connections, upstream.state().waiting], [2, 0]);
});

test('who waits for too long is refused, and who has gone takes nobody the place', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const open = held(a);
  const { upstream } = world([[a]], { connections: 1, queue: { timeoutMs: 30 } });
  const first = send(upstream);
  await until(() => open.length === 1);
  assert.equal((await send(upstream)).away?.reason, 'queue_timeout');
  const gone = upstream.acquire({ method: 'GET', identity: undefined, replayable: true, stream: false, tried: [] });
  assert.ok('cancel' in gone);
  gone.cancel();
  assert.equal(upstream.state().waiting, 0);
  open.shift()?.end();
  assert.equal((await first).status, 200);
  assert.equal(upstream.state().targets[0]?.underWay, 0);
});

test('an answer that stays open gives its place away, as long as there are not too many of them', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const open: ServerResponse[] = [];
  a.act = (_, response) => {
    response.writeHead(200).flushHeaders();
    open.push(response);
  };
  const { upstream } = world([[a]], { connections: 1, streams: 2, queue: { length: 0 } });
  const streams: Lease[] = [];
  const onHead = (lease: Lease): void => {
    lease.streams();
    streams.push(lease);
  };
  const sent = [send(upstream, { onHead })];
  for (const count of [2, 3]) {
    await until(() => streams.length === count - 1);
    sent.push(send(upstream, { onHead }));
  }
  await until(() => streams.length === 3);
  const [state] = upstream.state().targets;
  assert.deepEqual([state?.streams, state?.underWay], [2, 1]);
  assert.equal((await send(upstream)).away?.reason, 'queue_full');
  const webSocket = { method: 'GET', identity: undefined, replayable: true, stream: true, tried: [] };
  assert.throws(() => upstream.acquire(webSocket), { reason: 'queue_full' });
  for (const response of open) response.end();
  await Promise.all(sent);
  const [after] = upstream.state().targets;
  assert.deepEqual([after?.streams, after?.underWay], [0, 0]);
  const lease = upstream.acquire(webSocket);
  assert.ok(!('cancel' in lease));
  assert.equal(upstream.state().targets[0]?.streams, 1);
  lease.end({ kind: 'aborted' });
  lease.end({ kind: 'aborted' });
  assert.equal(upstream.state().targets[0]?.streams, 0);
});

test('a client that goes away says nothing of the target, and its connection is not used again', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  held(a);
  const { upstream, phases } = world([[a]], { health: { minimum: 1, ratio: 0.01 } });
  for (let one = 0; one < 5; one += 1) {
    const lease = upstream.acquire({ method: 'GET', identity: 'alice', replayable: true, stream: false, tried: [] });
    assert.ok(!('cancel' in lease));
    const broken = new Promise<Failure | undefined>((resolve) => {
      const owner = {
        onHead() {},
        onData() {},
        onWhole() {},
        onUpgraded() {},
        onFailure: (_: Attempt, failure: Failure | undefined) => resolve(failure),
      };
      lease.dispatcher.dispatch({ method: 'GET', path: '/' }, new Attempt(owner, lease));
    });
    await until(() => a.got === one + 1);
    assert.equal(lease.end({ kind: 'aborted' }), 'over');
    await broken;
  }
  assert.equal(a.connections, 5);
  assert.deepEqual(phases(), ['closed']);
  assert.equal(upstream.state().targets[0]?.idle, 0);
});

test('an answer that stays open gives its place to who waits', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const open: ServerResponse[] = [];
  a.act = (_, response) => {
    response.writeHead(200).flushHeaders();
    open.push(response);
  };
  const { upstream } = world([[a]], { connections: 1 });
  const leases: Lease[] = [];
  const sent = [0, 1].map(() => send(upstream, { onHead: (lease) => leases.push(lease) }));
  await until(() => leases.length === 1);
  assert.equal(upstream.state().waiting, 1);
  leases[0]?.streams();
  assert.equal(upstream.state().waiting, 0);
  await until(() => open.length === 2);
  for (const response of open) response.end();
  await Promise.all(sent);
});

test('who waits comes before who comes when somebody can be tried again', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  const { upstream, clock } = world([[a, b]], { connections: 1, queue: { timeoutMs: 60_000 } });
  await b.down();
  await sendMany(upstream, 6);
  await b.up();
  const open = held(a);
  const first = send(upstream);
  await until(() => open.length === 1);
  const order: (string | undefined)[] = [];
  b.act = (request, response) => {
    order.push(request.url);
    response.end();
  };
  const second = send(upstream, { path: '/second' });
  clock.leap(3_000);
  const third = send(upstream, { path: '/third' });
  await second;
  assert.equal(order[0], '/second');
  open.shift()?.end();
  await Promise.all([first, third]);
});

test('who waits gets a place where a check has found that a target does well again', async () => {
  const [a, b] = await servers(2);
  assert.ok(a !== undefined && b !== undefined);
  let isWell = false;
  b.act = (request, response) => void response.writeHead(request.url === '/up' && !isWell ? 500 : 200).end();
  const open: ServerResponse[] = [];
  a.act = (request, response) => void (request.url === '/up' ? response.end() : open.push(response));
  const checks = { path: '/up', intervalMs: 10, ill: 1, well: 1 };
  const { upstream, next } = world([[a, b]], { connections: 1, queue: { timeoutMs: 60_000 }, checks });
  await next('opened');
  const first = send(upstream);
  await until(() => open.length === 1);
  const second = send(upstream);
  isWell = true;
  assert.deepEqual((await second).targets, ['b']);
  open.shift()?.end();
  await first;
});

test('what is closed takes nobody, refuses who waits, and lets go of its connections', async () => {
  const [a] = await servers(1);
  assert.ok(a !== undefined);
  const { upstream } = world([[a]], { connections: 1 });
  await send(upstream);
  assert.equal(upstream.state().targets[0]?.idle, 1);
  const open = held(a);
  const first = send(upstream);
  await until(() => open.length === 1);
  const second = send(upstream);
  await upstream.close();
  assert.equal((await second).away?.reason, 'no_target');
  assert.equal((await send(upstream)).away?.reason, 'no_target');
  open.shift()?.end();
  assert.equal((await first).status, 200);
  assert.equal(upstream.state().targets[0]?.idle, 0);
});
