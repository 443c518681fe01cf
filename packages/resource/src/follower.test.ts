import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from './clock.ts';
import { cutOff } from './cut-off.ts';
import { type FollowerEvent, type FollowerOptions, type RevocationFollower, revocationFollower } from './follower.ts';
import { startFeed, type TestFeed, type WireEntry } from './testing/feed.ts';
import { makeKey, signToken } from './testing/issuer.ts';
import type { LiveToken } from './verification.ts';
import { type Verifier, verifier } from './verifier.ts';

const AUDIENCE = 'https://api.example/notes';
const CREDENTIALS = { clientId: 'notes api', clientSecret: 'a:b+c' } as const;

let as: TestFeed;
const followers: RevocationFollower[] = [];
/** Added to the machine's clocks. */
let ahead = { monotonic: 0, wall: 0 };
beforeEach(async () => {
  ahead = { monotonic: 0, wall: 0 };
  as = await startFeed();
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
  await as.close();
});

interface Followed {
  readonly follower: RevocationFollower;
  readonly tokens: Verifier;
  readonly events: readonly FollowerEvent[];
  /** The next event of a kind, also one that has been already. */
  next(kind: FollowerEvent['kind']): Promise<void>;
}

function follow(options: Partial<FollowerOptions> = {}): Followed {
  const clock = {
    ...systemClock,
    // Pauses are a twentieth of what they are.
    wait: (ms: number, signal?: AbortSignal) => systemClock.wait(ms / 20, signal),
    monotonicMs: () => systemClock.monotonicMs() + ahead.monotonic,
    nowMs: () => systemClock.nowMs() + ahead.wall,
  };
  const follower = revocationFollower({ issuer: as.issuer, credentials: CREDENTIALS, node: 'api-1', clock, ...options });
  followers.push(follower);
  const events: FollowerEvent[] = [];
  const waiting = new Set<() => void>();
  follower.subscribe((event) => {
    events.push(event);
    for (const check of waiting) check();
  });
  const tokens = verifier({ issuer: as.issuer, audience: AUDIENCE, revocations: follower, nowMs: () => systemClock.nowMs() + ahead.wall });
  let seen = 0;
  return {
    follower,
    tokens,
    events,
    next: (kind) =>
      new Promise((resolve) => {
        const check = (): void => {
          const at = events.findIndex((event, place) => place >= seen && event.kind === kind);
          if (at < 0) return;
          seen = at + 1;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

let jtis = 0;

/** Of the grant 5/7, unless it is told otherwise. */
function token(changes: object = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  jtis += 1;
  return signToken(as.key, {
    iss: as.issuer,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: `j${jtis}`,
    iat,
    exp: iat + 3_600,
    status: statusOf(5, 7),
    ...changes,
  });
}

function statusOf(list: number, idx: number): object {
  return { status_list: { uri: `${as.issuer}/oauth/status/${list}`, idx } };
}

async function outcome(tokens: Verifier, text: string): Promise<string> {
  const result = await tokens.verify(text);
  return result.kind === 'live' ? 'live' : result.reason;
}

/** Until a stream was asked for. */
async function streaming(): Promise<void> {
  while (!as.feed.asked.some(({ headers }) => headers.accept === 'text/event-stream')) await systemClock.wait(5);
}

test('a revoked token is refused as soon as the entry is here, whether it was verified before or not', async () => {
  const { follower, tokens, next } = follow();
  const seen = token();
  const other = token({ status: statusOf(5, 8) });
  assert.equal(await outcome(tokens, seen), 'revocations_unknown', 'before the first batch nothing passes');
  await follower.ready();
  assert.equal(await outcome(tokens, seen), 'live');
  as.feed.revoke({ kind: 'grant', id: '5/7', reason: 'user_revoked' });
  await next('revoked');
  assert.equal(await outcome(tokens, seen), 'revoked');
  assert.equal(await outcome(tokens, token()), 'revoked');
  assert.equal(await outcome(tokens, other), 'live');
  const refused = await tokens.verify(seen);
  assert.ok(refused.kind === 'refused');
  assert.deepEqual([refused.error.status, refused.error.code, refused.error.detail], [401, 'invalid_token', 'user_revoked']);
});

test('each kind of entry kills what it names and nothing else', async () => {
  const { follower, tokens, next } = follow();
  await follower.ready();
  const now = Math.floor(Date.now() / 1000);
  const good = token();
  const hash = (sub: string): string => createHash('sha256').update(sub).digest('base64url');
  const cases: readonly (readonly [string, WireEntry, string, boolean])[] = [
    ['jti', { kind: 'jti', id: 'dead' }, token({ jti: 'dead' }), true],
    [
      'an ancestor',
      { kind: 'grant', id: '9/9' },
      token({
        lineage: [
          { grant: '1/1', client_id: 'a' },
          { grant: '9/9', client_id: 'b' },
        ],
      }),
      true,
    ],
    ['the client of an ancestor', { kind: 'client', id: 'far' }, token({ lineage: [{ grant: '1/1', client_id: 'far' }] }), true],
    ['a client', { kind: 'client', id: 'gone', before: now + 1 }, token({ client_id: 'gone' }), true],
    ['a client, later', { kind: 'client', id: 'back', before: now - 100 }, token({ client_id: 'back' }), false],
    ['a subject', { kind: 'subject', id: hash('lion'), before: now + 1 }, token({ sub: 'lion' }), true],
    ['a subject, later', { kind: 'subject', id: hash('bear'), before: now - 100 }, token({ sub: 'bear' }), false],
    ['a grant that is suspended', { kind: 'grant', id: '6/6', before: now + 1 }, token({ status: statusOf(6, 6) }), true],
    ['information', { kind: 'session', id: 'anything', info: true }, token(), false],
    ['a device, as information', { kind: 'device', id: 'anything', info: true }, token(), false],
  ];
  for (const [name, entry, text, dies] of cases) {
    assert.equal(await outcome(tokens, text), 'live', name);
    as.feed.revoke(entry);
    await next(entry.info === true ? 'info' : 'revoked');
    assert.equal(await outcome(tokens, text), dies ? 'revoked' : 'live', name);
    assert.equal(await outcome(tokens, good), 'live', name);
  }
});

test('a key that is given up is barred for good: tokens and batches that it signed are refused, though it is still published', async () => {
  const second = makeKey('ES256', 'second');
  as.served.keys = [as.key.jwk, second.jwk];
  const { follower, tokens, next } = follow();
  await follower.ready();
  const bySecond = signToken(second, {
    iss: as.issuer,
    aud: AUDIENCE,
    sub: 's',
    client_id: 'c',
    jti: 'k',
    iat: 1,
    exp: 4e9,
    status: statusOf(1, 1),
  });
  assert.equal(await outcome(tokens, bySecond), 'live');
  as.feed.revoke({ kind: 'key', id: 'second' });
  await next('revoked');
  assert.equal(await outcome(tokens, bySecond), 'revoked');
  assert.equal(await outcome(tokens, token()), 'live');
  as.feed.signer = second;
  as.feed.header = { kid: 'second' };
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  as.feed.cut();
  for (let at = 0; at < 3; at++) await next('unreachable');
  assert.equal(follower.state().position, 1);
  assert.equal(follower.isBarred('second'), true);
});

test('a token that does not say which grant it is of cannot be told fine; nor can one of another issuer’s list', async () => {
  const { follower, tokens } = follow();
  await follower.ready();
  assert.equal(await outcome(tokens, token({ status: undefined })), 'unmarked');
  assert.equal(
    await outcome(tokens, token({ status: { status_list: { uri: 'https://other.example/oauth/status/5', idx: 7 } } })),
    'unmarked',
  );
  for (const status of [
    7,
    { status_list: 7 },
    { status_list: { uri: 7, idx: 1 } },
    { status_list: { uri: `${as.issuer}/oauth/status/1`, idx: -1 } },
  ])
    assert.equal(await outcome(tokens, token({ status })), 'unmarked', JSON.stringify(status));
  for (const lineage of [7, [{}], [{ grant: '1/1' }], [{ grant: '01/1', client_id: 'a' }], Array(8).fill({ grant: '1/1', client_id: 'a' })])
    assert.equal(await outcome(tokens, token({ lineage })), 'unmarked', JSON.stringify(lineage));
});

test('a log of many pages is read to its end before anything passes', async () => {
  as.feed.pageSize = 10;
  as.feed.revoke(...Array.from({ length: 95 }, (_, at) => ({ kind: 'grant', id: `5/${at}` })));
  const { follower, tokens } = follow();
  await follower.ready();
  assert.equal(follower.state().position, 95);
  assert.equal(follower.state().entries, 95);
  assert.equal(await outcome(tokens, token()), 'revoked');
  assert.equal(await outcome(tokens, token({ status: statusOf(5, 95) })), 'live');
  const pages = as.feed.asked.filter(({ headers }) => headers.accept === 'application/jose');
  assert.deepEqual(
    pages.map(({ query }) => query.get('after')),
    ['0', '10', '20', '30', '40', '50', '60', '70', '80', '90'],
  );
  assert.equal(pages[0]?.headers.authorization, `Basic ${btoa('notes+api:a%3Ab%2Bc')}`);
  assert.match(pages[0]?.query.get('node') ?? '', /^api-1-[0-9a-f]{8}$/);
});

test('a stream whose first batch does not lead up to the head is fresh as soon as a later one does', async () => {
  Object.assign(as.feed, { pageSize: 1, heartbeatMs: 0, lagMs: 5_000 });
  let isFirst = true;
  as.feed.instead = ({ headers }) => {
    if (!isFirst || headers.accept !== 'text/event-stream') return false;
    isFirst = false;
    as.feed.lagMs = 0;
    as.feed.revoke({ kind: 'jti', id: 'a' }, { kind: 'jti', id: 'b' }, { kind: 'jti', id: 'c' });
    return false;
  };
  const { follower, next } = follow();
  await follower.ready();
  await next('revoked');
  assert.equal(follower.state().position, 1);
  assert.ok(follower.state().ageMs >= 5_000);
  for (let seq = 2; seq <= 3; seq++) {
    as.feed.revoke();
    await next('revoked');
    assert.equal(follower.state().position, seq);
  }
  assert.ok(follower.state().ageMs < 5_000);
  assert.equal(as.feed.asked.filter(({ headers }) => headers.accept === 'text/event-stream').length, 1);
});

test('a stream that is cut is taken up where it ended, and nothing is missed meanwhile', async () => {
  const { follower, tokens, next } = follow();
  await follower.ready();
  as.feed.revoke({ kind: 'grant', id: '1/1' });
  await next('revoked');
  as.feed.heartbeatMs = 0;
  as.feed.cut();
  as.feed.revoke({ kind: 'grant', id: '5/7' }, { kind: 'grant', id: '1/2' });
  await next('revoked');
  assert.equal(await outcome(tokens, token()), 'revoked');
  // What it has taken note of may be told meanwhile, by a POST.
  assert.equal(as.feed.asked.findLast(({ method }) => method === 'GET')?.query.get('epoch'), as.feed.epoch);
  assert.equal(follower.state().position, 3);
});

test('past its age a follower refuses everything with 503, and says live again when the feed is back', async () => {
  const { follower, tokens, next } = follow({ maxAgeSeconds: 5 });
  await follower.ready();
  await next('fresh');
  const good = token();
  assert.equal(await outcome(tokens, good), 'live');
  as.feed.instead = (_request, response) => {
    response.destroy();
    return true;
  };
  as.feed.cut();
  await next('unreachable');
  assert.equal(await outcome(tokens, good), 'live', 'within its age');
  ahead.monotonic += 5_001;
  const refused = await tokens.verify(good);
  assert.ok(refused.kind === 'refused');
  assert.equal(refused.reason, 'revocations_unknown');
  assert.deepEqual([refused.error.status, refused.error.retryAfterSeconds], [503, 1]);
  await next('stale');
  as.feed.instead = undefined;
  await next('fresh');
  assert.equal(await outcome(tokens, good), 'live');
});

test('a machine that slept is not fresh: the wall clock counts too; one that is set back counts for nothing', async () => {
  const { follower, next } = follow();
  await follower.ready();
  as.feed.instead = (_request, response) => {
    response.destroy();
    return true;
  };
  as.feed.cut();
  await next('unreachable');
  ahead.wall += 11_000;
  assert.equal(follower.isFresh(), false);
  ahead.wall -= 50_000;
  assert.equal(follower.isFresh(), true);
  ahead.monotonic += 11_000;
  assert.equal(follower.isFresh(), false);
});

test('a batch that is old when it is signed, however fresh its signature, makes nothing fresh', async () => {
  as.feed.lagMs = 11_000;
  const { follower, next } = follow();
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  await next('revoked');
  assert.equal(follower.isFresh(), false);
  assert.ok(follower.state().ageMs >= 11_000);
  as.feed.lagMs = 0;
  await follower.ready();
});

for (const [what, spoil] of [
  ['another type', (feed) => void (feed.header = { typ: 'at+jwt' })],
  ['no type', (feed) => void (feed.header = { typ: undefined })],
  ['an extension', (feed) => void (feed.header = { crit: ['x'], x: 1 })],
  ['no key', (feed) => void (feed.header = { kid: undefined })],
  ['a key of nobody', (feed) => void (feed.header = { kid: 'nobody' })],
  ['alg none', (feed) => void (feed.header = { alg: 'none' })],
  ['a stranger’s signature', (feed) => void (feed.signer = makeKey('ES256', 'feed'))],
  ['another issuer', (feed) => void (feed.change = (payload) => ({ ...payload, iss: 'https://other.example' }))],
  ['a gap before it', (feed) => void (feed.change = (payload) => ({ ...payload, after: Number(payload['after']) + 1, seq: 9, head: 9 }))],
  [
    'a part of what we have',
    (feed) => void (feed.change = (payload) => ({ ...payload, after: Math.max(0, Number(payload['after']) - 1) })),
  ],
  ['a head before its end', (feed) => void (feed.change = (payload) => ({ ...payload, seq: 9, head: 8 }))],
  ['an end before it began', (feed) => void (feed.change = (payload) => ({ ...payload, seq: -1 }))],
  ['a signature before its look', (feed) => void (feed.change = (payload) => ({ ...payload, signed: 0 }))],
  ['no entries', (feed) => void (feed.change = (payload) => ({ ...payload, entries: undefined }))],
  [
    'an entry without an end',
    (feed) => void (feed.change = (payload) => ({ ...payload, head: 9, seq: 9, entries: [{ seq: 9, kind: 'grant', id: '1/1', at: 1 }] })),
  ],
  [
    'an entry out of order',
    (feed) => void (feed.change = (payload) => ({ ...payload, entries: [{ seq: 99, kind: 'jti', id: 'x', at: 1, exp: 2 }] })),
  ],
  [
    'a grant that is none',
    (feed) =>
      void (feed.change = (payload) => ({ ...payload, head: 9, seq: 9, entries: [{ seq: 9, kind: 'grant', id: '01/1', at: 1, exp: 2 }] })),
  ],
  ['text', (feed) => void (feed.change = () => '[]')],
] satisfies readonly (readonly [string, (feed: TestFeed['feed']) => void])[]) {
  test(`a batch with ${what} is not believed (RFC 7515 §5.2)`, async () => {
    as.feed.revoke({ kind: 'grant', id: '1/1' });
    const { follower, next } = follow();
    await follower.ready();
    const { position } = follower.state();
    spoil(as.feed);
    await next('unreachable');
    as.feed.cut();
    await next('unreachable');
    assert.equal(follower.state().position, position);
    ahead.monotonic += 10_001;
    assert.equal(follower.isFresh(), false);
  });
}

test('a kind that is not known stops the follower from telling anything fine, until its time is over; with info it is passed over', async () => {
  const { follower, tokens, next } = follow();
  await follower.ready();
  as.feed.revoke({ kind: 'planet', id: 'x', info: true });
  await next('info');
  assert.equal(await outcome(tokens, token()), 'live');
  as.feed.revoke({ kind: 'planet', id: 'x', exp: Math.floor(Date.now() / 1000) + 100 });
  await next('revoked');
  assert.equal(await outcome(tokens, token()), 'revocations_unknown');
  ahead.wall += 101_000;
  await next('fresh');
  assert.equal(await outcome(tokens, token()), 'live');
});

test('a log that begins anew is read from its beginning, and what was revoked before stays revoked', async () => {
  as.feed.revoke({ kind: 'grant', id: '5/7' }, { kind: 'grant', id: '1/1' });
  const { follower, tokens, next } = follow();
  await follower.ready();
  as.feed.restart();
  as.feed.revoke({ kind: 'grant', id: '5/8' });
  await next('epoch_changed');
  await next('fresh');
  assert.equal(follower.state().position, 1);
  assert.equal(await outcome(tokens, token()), 'revoked');
  assert.equal(await outcome(tokens, token({ status: statusOf(5, 8) })), 'revoked');
  assert.equal(await outcome(tokens, token({ status: statusOf(5, 9) })), 'live');
});

test('an epoch that changes within a stream, or a head that goes back, makes the follower read anew', async () => {
  as.feed.revoke({ kind: 'grant', id: '1/1' });
  const { follower, next } = follow();
  await follower.ready();
  await streaming();
  as.feed.revoke({ kind: 'grant', id: '1/2' });
  while (follower.state().position < 2) await systemClock.wait(5);
  as.feed.epoch = 'another';
  await next('epoch_changed');
  await next('fresh');
  as.feed.entries.length = 0;
  as.feed.head = 0;
  await next('epoch_changed');
  await next('fresh');
  assert.equal(follower.state().position, 0);
});

test('what is not revoked is not told as revoked, and nothing is told again because the log is read again', async () => {
  const { follower, events, next } = follow({ maxEntries: 10 });
  await follower.ready();
  const now = Math.floor(Date.now() / 1000);
  as.feed.revoke({ kind: 'session', id: 's', info: true }, { kind: 'grant', id: '1/1' }, { kind: 'jti', id: 'over', exp: now - 400 });
  await next('revoked');
  const heard = (): readonly string[] =>
    events
      .filter(({ kind }) => kind !== 'fresh' && kind !== 'unreachable')
      .map((event) => ('entry' in event ? `${event.kind} ${event.entry.id}` : event.kind));
  assert.deepEqual(heard(), ['info s', 'revoked 1/1']);
  const many = Array.from({ length: 10 }, (_, at) => ({ kind: 'jti', id: `x${at}`, exp: now + 30 }));
  as.feed.revoke(...many);
  await next('overflow');
  while (follower.state().position < 13) await systemClock.wait(5);
  const before = heard();
  assert.deepEqual(before.slice(2), ['overflow', 'stale', ...many.map(({ id }) => `revoked ${id}`)]);
  ahead.wall += 200_000;
  as.feed.change = (payload) => ({ ...payload, iat: Number(payload['iat']) + 200 });
  await next('room');
  await next('fresh');
  while (follower.state().position < 13) await systemClock.wait(5);
  assert.deepEqual(heard().slice(before.length), ['room']);
  const again = heard().length;
  as.feed.restart();
  as.feed.revoke({ kind: 'grant', id: '1/1' }, { kind: 'grant', id: '1/2' }, { kind: 'session', id: 't', info: true });
  await next('epoch_changed');
  await next('fresh');
  assert.deepEqual(heard().slice(again), ['epoch_changed', 'stale', 'revoked 1/2', 'info t']);
});

test('another process behind the same stream makes a new connection, as its clock is another', async () => {
  const { follower, next } = follow();
  await follower.ready();
  as.feed.revoke({ kind: 'jti', id: 'x' });
  await next('revoked');
  await streaming();
  as.feed.revoke({ kind: 'jti', id: 'y' });
  await next('revoked');
  as.feed.hub = 'another';
  await next('unreachable');
  const streams = (): number => as.feed.asked.filter(({ headers }) => headers.accept === 'text/event-stream').length;
  const before = streams();
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  await next('revoked');
  assert.ok(streams() >= before);
  assert.equal(follower.isFresh(), true);
});

test('where streams are kept back the issuer is polled, and its long polls answer at once', async () => {
  as.feed.instead = (request, response) => {
    if (request.headers.accept !== 'text/event-stream') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return true;
  };
  const { follower, tokens, next } = follow();
  await follower.ready();
  await next('unreachable');
  while (!as.feed.asked.some(({ query }) => query.get('wait') !== null)) await systemClock.wait(5);
  assert.equal(follower.state().mode, 'poll');
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  await next('revoked');
  assert.equal(await outcome(tokens, token()), 'revoked');
  assert.equal(follower.isFresh(), true);
  assert.equal(as.feed.asked.find(({ query }) => query.get('wait') !== null)?.query.get('wait'), '3');
});

/** A stream that is opened and of which nothing comes, or only the first batch; and the three seconds for which that is waited for. */
for (const what of ['nothing at all', 'the headers alone', 'the first batch alone']) {
  test(`a stream that lets ${what} through, twice, is given up for polling`, async () => {
    as.feed.heartbeatMs = 0;
    as.feed.instead = ({ headers }, response) => {
      if (headers.accept !== 'text/event-stream') return false;
      ahead.monotonic += 3_000;
      if (what === 'the headers alone') response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return what !== 'the first batch alone';
    };
    const { follower } = follow();
    await follower.ready();
    while (!as.feed.asked.some(({ query }) => query.get('wait') !== null)) await systemClock.wait(5);
    assert.equal(follower.state().mode, 'poll');
    assert.equal(as.feed.asked.filter(({ headers }) => headers.accept === 'text/event-stream').length, 2);
  });
}

test('a stream that ends at once, twice, is given up for polling; one that lasted is not held against anybody', async () => {
  let ends = true;
  const streams = (): number => as.feed.asked.filter(({ headers }) => headers.accept === 'text/event-stream').length;
  as.feed.instead = ({ headers }, response) => {
    if (!ends || headers.accept !== 'text/event-stream') return false;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    return true;
  };
  const { follower } = follow();
  await follower.ready();
  while (!as.feed.asked.some(({ query }) => query.get('wait') !== null)) await systemClock.wait(5);
  assert.equal(streams(), 2);
  ends = false;
  ahead.monotonic += 300_000;
  as.feed.revoke({ kind: 'jti', id: 'a' });
  for (let round = 3; round < 7; round += 2) {
    while (streams() < round || follower.state().mode !== 'stream') await systemClock.wait(5);
    // Some seconds of batches, one by one; and then one that ends at once.
    for (let second = 0; second < 5; second++) {
      const { position } = follower.state();
      ahead.monotonic += 2_500;
      as.feed.revoke({ kind: 'jti', id: `${round} ${second}` });
      while (follower.state().position === position) await systemClock.wait(1);
    }
    ends = true;
    as.feed.cut();
    while (streams() < round + 1) await systemClock.wait(1);
    ends = false;
  }
  while (streams() < 7) await systemClock.wait(5);
  assert.equal(follower.state().mode, 'stream');
});

test('an issuer that names another epoch each time is asked less and less often', async () => {
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    chance: () => 0.5,
    wait: (ms: number, signal?: AbortSignal) => (pauses.push(ms), systemClock.wait(1, signal)),
  };
  as.feed.instead = (_request, response) => {
    response.writeHead(409).end();
    return true;
  };
  follow({ clock });
  while (pauses.length < 8) await systemClock.wait(5);
  assert.deepEqual(pauses.slice(0, 8), [75, 150, 300, 600, 1_200, 1_875, 1_875, 1_875]);
});

test('what a log enforced is not acknowledged in the name of the next one, whatever became of the request', async () => {
  const { follower, next } = follow();
  await follower.ready();
  const late: (() => void)[] = [];
  as.feed.instead = (request, response) => {
    if (request.method !== 'POST' || late.length > 0) return false;
    late.push(() => response.writeHead(503).end());
    return true;
  };
  as.feed.revoke(...Array.from({ length: 5 }, (_, at) => ({ kind: 'jti', id: `x${at}` })));
  await next('revoked');
  while (late.length === 0) await systemClock.wait(5);
  as.feed.restart();
  as.feed.revoke({ kind: 'jti', id: 'y' });
  await next('epoch_changed');
  await next('fresh');
  late[0]?.();
  while (as.feed.acks.length === 0) await systemClock.wait(5);
  assert.deepEqual(
    as.feed.acks.map(({ epoch, acks }) => [epoch, acks.map(({ seq }) => seq)]),
    [[as.feed.epoch, [1]]],
  );
});

test('a wall clock that jumps ahead makes nothing forgotten, and is set right without harm', async () => {
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  const { follower, tokens, next } = follow();
  await follower.ready();
  ahead.wall += 3_600_000;
  as.feed.revoke({ kind: 'grant', id: '1/1' });
  while (follower.state().position < 2) await systemClock.wait(5);
  ahead.wall -= 3_600_000;
  await next('revoked');
  assert.equal(await outcome(tokens, token()), 'revoked');
});

test('the time of a stream counts from before it was asked for', async () => {
  as.feed.instead = ({ headers }) => {
    if (headers.accept === 'text/event-stream') ahead.monotonic += 2_500;
    return false;
  };
  const { follower, next } = follow();
  await follower.ready();
  while (!as.feed.asked.some(({ headers }) => headers.accept === 'text/event-stream')) await systemClock.wait(5);
  as.feed.revoke({ kind: 'grant', id: '1/1' });
  await next('revoked');
  assert.ok(follower.state().ageMs >= 2_500);
});

test('no two questions are the same, and none may be answered from a cache (RFC 9111 §5.2.1.4)', async () => {
  const { follower } = follow();
  await follower.ready();
  while (as.feed.asked.length < 2) await systemClock.wait(5);
  const questions = as.feed.asked.map(({ query }) => query.get('once'));
  assert.equal(new Set(questions).size, questions.length);
  for (const { headers } of as.feed.asked) assert.equal(headers['cache-control'], 'no-cache');
});

test('a batch that something in between has kept makes nothing fresh, however new the question', async () => {
  const instead: TestFeed['feed']['instead'] = ({ method, headers }, response) => {
    if (method === 'POST') return false;
    if (headers.accept === 'text/event-stream') response.writeHead(406).end();
    else response.writeHead(200, { 'content-type': 'application/jose' }).end(kept);
    return true;
  };
  const read = async (): Promise<string> => (await fetch(`${as.issuer}/oauth/revocations?after=0`)).text();
  const older = await read();
  let kept = await read();
  as.feed.instead = instead;
  const { follower, next, events } = follow();
  await follower.ready();
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  const polls = (): number => as.feed.asked.filter(({ query }) => query.get('wait') !== null).length;
  while (polls() < 2) await systemClock.wait(5);
  ahead.monotonic += 10_001;
  const before = polls();
  while (polls() < before + 2) await systemClock.wait(5);
  assert.equal(follower.isFresh(), false);
  kept = older;
  await next('stale');
  const known = events.length;
  while (!events.slice(known).some((event) => event.kind === 'unreachable' && /from before/.test(String(event.cause))))
    await systemClock.wait(5);
  assert.equal(follower.isFresh(), false);
  as.feed.instead = undefined;
  await next('revoked');
  assert.equal(follower.isFresh(), true);
});

test('what is enforced is acknowledged with the time since when, and in the name of this very process', async () => {
  const { follower, next } = follow();
  await follower.ready();
  as.feed.revoke({ kind: 'grant', id: '5/7' });
  await next('revoked');
  while (as.feed.acks.length === 0) await systemClock.wait(5);
  const [first] = as.feed.acks;
  assert.equal(first?.node, follower.state().node);
  assert.equal(first?.epoch, as.feed.epoch);
  assert.deepEqual(
    first?.acks.map(({ seq }) => seq),
    [1],
  );
  for (let at = 0; at < 200; at++) as.feed.revoke({ kind: 'jti', id: `x${at}` });
  while (as.feed.acks.at(-1)?.acks.at(-1)?.seq !== 201) await systemClock.wait(5);
  for (const { acks } of as.feed.acks) {
    assert.ok(acks.length <= 50);
    for (const { seq, ago_ms } of acks) assert.ok(Number.isInteger(seq) && Number.isInteger(ago_ms) && ago_ms >= 0);
  }
});

test('what does not fit makes the follower vouch for nothing until there is room', async () => {
  const { follower, tokens, next } = follow({ maxEntries: 10 });
  await follower.ready();
  const soon = Math.floor(Date.now() / 1000) + 30;
  as.feed.revoke(...Array.from({ length: 10 }, (_, at) => ({ kind: 'jti', id: `x${at}`, exp: soon })));
  await next('revoked');
  assert.equal(await outcome(tokens, token()), 'live');
  as.feed.revoke({ kind: 'grant', id: '5/8' });
  await next('overflow');
  assert.equal(follower.state().isWhole, false);
  assert.equal(await outcome(tokens, token()), 'revocations_unknown');
  assert.equal(await outcome(tokens, token({ jti: 'x3' })), 'revoked', 'what it knows it knows');
  ahead.wall += 200_000;
  as.feed.change = (payload) => ({ ...payload, iat: Number(payload['iat']) + 200 });
  await next('fresh');
  assert.equal(await outcome(tokens, token({ status: statusOf(5, 8) })), 'revoked');
});

test('what goes on with a token is cut off when it is revoked, and only then', async () => {
  const { follower, tokens, next } = follow();
  await follower.ready();
  const live = async (text: string): Promise<LiveToken> => {
    const found = await tokens.verify(text);
    return found.kind === 'live' ? found : assert.fail(found.reason);
  };
  const mine = await live(token());
  const other = await live(token({ status: statusOf(5, 8) }));
  const [watched, spared, released] = [cutOff(follower, mine), cutOff(follower, other), cutOff(follower, mine)];
  released.release();
  as.feed.revoke({ kind: 'grant', id: '5/7', reason: 'user_locked' });
  await next('revoked');
  assert.equal(watched.signal.aborted, true);
  assert.match(String(watched.signal.reason), /user_locked/);
  assert.equal(spared.signal.aborted, false);
  assert.equal(released.signal.aborted, false);
  assert.equal(cutOff(follower, mine).signal.aborted, true, 'also where it was revoked before');
  assert.throws(() => cutOff(follower, { ...mine }), TypeError);
});

test('a listener that throws is in nobody’s way', async () => {
  // In a process of its own, as what it throws goes unheard by everybody but that.
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', THROWING], {
    env: { ...process.env, ISSUER: as.issuer, FOLLOWER: new URL('./follower.ts', import.meta.url).href },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (line === 'ready') as.feed.revoke({ kind: 'jti', id: 'a' });
    if (line === 'thrown theirs') as.feed.revoke({ kind: 'jti', id: 'b' });
  }
  assert.deepEqual(told, ['ready', 'heard a', 'thrown theirs', 'heard b', `at ${as.feed.head}`]);
});

const THROWING = `
  const { revocationFollower } = await import(process.env.FOLLOWER);
  const credentials = ${JSON.stringify(CREDENTIALS)};
  const follower = revocationFollower({ issuer: process.env.ISSUER, credentials, node: 'api-2' });
  process.once('uncaughtException', ({ message }) => console.log('thrown', message));
  const stop = follower.subscribe(({ kind }) => {
    if (kind !== 'revoked') return;
    stop();
    throw new Error('theirs');
  });
  follower.subscribe(({ kind, entry }) => {
    if (kind !== 'revoked') return;
    console.log('heard', entry.id);
    if (entry.id !== 'b') return;
    setImmediate(() => {
      console.log('at', follower.state().position);
      follower.close().then(() => process.exit());
    });
  });
  await follower.ready();
  console.log('ready');
  setInterval(() => undefined, 1_000);
`;

test('misuse of a follower is a TypeError, and one that is closed is never ready', async () => {
  const good: FollowerOptions = { issuer: 'https://as.example', credentials: CREDENTIALS, node: 'a' };
  for (const wrong of [
    { issuer: 'http://as.example' },
    { issuer: 7 },
    { node: 'two words' },
    { node: undefined },
    { credentials: {} },
    { maxAgeSeconds: 1 },
    { maxEntries: 0 },
    { endpoint: 'http://as.example/feed' },
    { jwksUri: 7 },
    { algorithms: ['HS256'] },
  ]) {
    const options: FollowerOptions = Object({ ...good, ...wrong });
    assert.throws(() => revocationFollower(options), TypeError, JSON.stringify(wrong));
  }
  as.feed.instead = () => true;
  const { follower } = follow();
  await follower.close();
  await assert.rejects(follower.ready());
  assert.equal(follower.isFresh(), false);
});

test('a connection that went well and broke is no failure: however many did, the next one is asked for at once', async () => {
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    wait(ms: number, signal?: AbortSignal): Promise<void> {
      pauses.push(ms);
      return systemClock.wait(ms, signal);
    },
    chance: () => 0.99,
  };
  const { follower, next } = follow({ clock });
  await follower.ready();
  const streams = (): number => as.feed.asked.filter(({ headers }) => headers.accept === 'text/event-stream').length;
  for (let index = 1; index <= 6; index += 1) {
    while (streams() < index) await systemClock.wait(5);
    // Heard on the stream.
    as.feed.revoke({ kind: 'jti', id: `j${index}` });
    await next('revoked');
    as.feed.cut();
    await next('unreachable');
  }
  // The others are of whoever watches for silence, and of acknowledgements.
  assert.deepEqual(
    pauses.filter((ms) => ms > 200 && ms < 2_600),
    [],
  );
});
