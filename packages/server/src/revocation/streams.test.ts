import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { clientId } from '@hufu/protocol/ids';
import { StoreUnavailable } from '@hufu/store/port';
import { type HeardStream, hear, settle } from '../testing/followers.ts';
import type { Follower } from './follower.ts';
import type { Batch, Hub } from './hub.ts';
import { feedStreams, type Streams } from './streams.ts';

/** A log whose batches say where they begin and end, and a clock that only the test moves. */
interface Scene {
  readonly streams: Streams;
  readonly made: string[];
  head: number;
  age: number;
  /** Milliseconds, of the process and of the server. */
  passed: number;
  /** Entries of a batch at most. */
  page: number;
  grow(to: number): Promise<void>;
  open(node?: string, more?: Partial<Follower>): Promise<HeardStream>;
  /** So many seconds, a look after the streams in each. */
  pass(seconds: number): Promise<void>;
}

function scene(): Scene {
  const changed = new Set<() => void>();
  const cut = (after: number): Batch => {
    const seq = Math.min(it.head, after + it.page);
    it.made.push(`${after}-${seq}`);
    return { epoch: 'e', after, seq, head: it.head, count: seq - after, beat: it.passed, jws: `${after}-${seq}` };
  };
  const hub: Hub = {
    name: 'h',
    epoch: 'e',
    get head() {
      return it.head;
    },
    ageMs: () => it.age,
    look: () => Promise.resolve(),
    batch: (after) => Promise.resolve(cut(after)),
    tick: () => undefined,
    renew: () => Promise.resolve(),
    onChange: (act) => {
      changed.add(act);
      return () => changed.delete(act);
    },
  };
  const streams = feedStreams(
    hub,
    () => it.passed,
    () => it.passed,
  );
  const it: Scene = {
    streams,
    made: [],
    head: 0,
    age: 0,
    passed: 0,
    page: 10,
    async grow(to) {
      it.head = to;
      for (const act of changed) act();
      await settle();
    },
    async open(node = 'n', more = {}) {
      const follower: Follower = { clientId: clientId('c'), endsAt: undefined, checkAgain: () => Promise.resolve(), ...more };
      streams.requireRoom(follower.clientId, node);
      const first = cut(it.head);
      const heard = hear({
        status: 200,
        headers: {},
        body: '',
        stream: (body) => streams.attach({ follower, node, first, seen() {} }, body),
      });
      await settle();
      return heard;
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second += 1) {
        it.passed += 1_000;
        streams.tick();
        await settle();
      }
    },
  };
  return it;
}

function told(heard: HeardStream): string[] {
  return heard.texts.splice(0).map((text) => /data: (.*)\n/.exec(text)?.[1] ?? '');
}

test('whoever takes nothing gets nothing more until there is room, and then everything in order', async () => {
  const it = scene();
  const heard = await it.open();
  assert.deepEqual(told(heard), ['0-0']);
  heard.hasRoom = false;
  await it.grow(5);
  assert.deepEqual(told(heard), ['0-5']);
  await it.grow(40);
  await it.pass(3);
  assert.deepEqual(told(heard), [], 'nor a sign of life');
  heard.drain();
  await settle();
  assert.deepEqual(told(heard), ['5-15', '15-25', '25-35', '35-40'], 'whatever it hears is a sign of life');
});

test('whoever takes nothing for ten seconds is cut off', async () => {
  const it = scene();
  const heard = await it.open();
  heard.hasRoom = false;
  await it.grow(1);
  await it.pass(10);
  assert.equal(heard.end, undefined);
  await it.pass(1);
  assert.equal(heard.end, 'cut');
  assert.equal(it.streams.size, 0);
});

test('a sign of life comes each second, from who has just looked: not from one second on, and after three the stream ends', async () => {
  const it = scene();
  const heard = await it.open();
  told(heard);
  await it.pass(2);
  assert.deepEqual(told(heard), ['0-0', '0-0']);
  it.age = 1_001;
  await it.pass(2);
  assert.deepEqual([told(heard), heard.end], [[], undefined]);
  it.age = 3_001;
  await it.pass(1);
  assert.equal(heard.end, 'ended');
});

test('a stream ends after a quarter of an hour, or with its access token', async () => {
  const it = scene();
  const [long, short] = [await it.open('long'), await it.open('short', { endsAt: 5 })];
  await it.pass(5);
  assert.deepEqual([long.end, short.end], [undefined, 'ended']);
  await it.pass(895);
  assert.equal(long.end, undefined);
  await it.pass(1);
  assert.equal(long.end, 'ended');
});

test('its client is looked at each minute: one that may not follow any longer is told no more, a store that is away changes nothing', async () => {
  const it = scene();
  let checks = 0;
  let failure: Error | undefined;
  const heard = await it.open('n', {
    async checkAgain() {
      checks += 1;
      await Promise.resolve();
      if (failure !== undefined) throw failure;
    },
  });
  await it.pass(60);
  assert.equal(checks, 0);
  await it.pass(1);
  assert.deepEqual([checks, heard.end], [1, undefined]);
  failure = new StoreUnavailable('away');
  await it.pass(61);
  assert.deepEqual([checks, heard.end], [2, undefined]);
  failure = new OAuthError('invalid_client', 'client authentication failed');
  await it.pass(61);
  assert.deepEqual([checks, heard.end], [3, 'ended']);
});

test('a process has a thousand streams, and a client 256 of them; a node that comes again needs no room', async () => {
  const it = scene();
  for (let index = 0; index < 256; index += 1) await it.open(`n${index}`);
  await assert.rejects(() => it.open('n256'), { code: 'temporarily_unavailable', retryAfterSeconds: 2 });
  const follower: Follower = { clientId: clientId('c'), endsAt: undefined, checkAgain: () => Promise.resolve() };
  const first: Batch = { epoch: 'e', after: 0, seq: 0, head: 0, count: 0, beat: 0, jws: 'x' };
  const late = hear({
    status: 200,
    headers: {},
    body: '',
    stream: (body) => it.streams.attach({ follower, node: 'late', first, seen() {} }, body),
  });
  assert.deepEqual([late.end, late.texts], ['ended', []], 'nor where the room was taken after it was asked for');
  await it.open('n7');
  for (let index = 256; index < 1_000; index += 1) await it.open(`n${index}`, { clientId: clientId(`c${index}`) });
  assert.equal(it.streams.size, 1_000);
  await assert.rejects(() => it.open('n', { clientId: clientId('d') }), { code: 'temporarily_unavailable' });
  await it.open('n999', { clientId: clientId('c999') });
  it.streams.close();
  assert.equal(it.streams.size, 0);
  await assert.rejects(() => it.open('n', { clientId: clientId('d') }), { code: 'temporarily_unavailable' });
});

test('what cannot be made ends the stream: whoever follows comes back and is told why', async () => {
  const it = scene();
  const heard = await it.open();
  told(heard);
  it.made.push = () => {
    throw new StoreUnavailable('away');
  };
  await it.grow(3);
  assert.deepEqual([told(heard), heard.end], [[], 'ended']);
});
