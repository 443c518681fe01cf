import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pause } from '../clock.ts';
import { MemoryLock, MemoryStorage, memoryPlace } from '../storage/memory.ts';
import { isWritable } from '../storage/written.ts';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { FakeServer, failure } from '../testing/fake-server.ts';
import { type SessionLock, type SessionPlace, type SessionStorage, StorageError } from './place.ts';
import { type SessionRecord, stampOf } from './record.ts';
import { SessionError } from './session-error.ts';
import { TokenSession, type TokenSessionOptions } from './token-session.ts';

const MINUTE = 60_000;

interface World {
  readonly clock: FakeClock;
  readonly server: FakeServer;
  readonly place: SessionPlace;
  readonly session: TokenSession;
  readonly events: string[];
}

function open(place: SessionPlace, clock: FakeClock, server: FakeServer, more: Partial<TokenSessionOptions> = {}): World {
  const session = new TokenSession({ issuer: 'https://as.example', clientId: 'app', place, renewer: server, clock, ...more });
  const events: string[] = [];
  for (const name of ['renewed', 'expired', 'replaced', 'signed_out', 'changed', 'storage_failed', 'delayed'] as const)
    session.on(name, (event) => events.push('reason' in event && event.reason !== undefined ? `${name}: ${event.reason}` : name));
  return { clock, server, place, session, events };
}

async function signedIn(more: Partial<TokenSessionOptions> = {}): Promise<World> {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const world = open(memoryPlace(), clock, server, more);
  await world.session.signedIn(await server.signIn());
  return world;
}

/** As another tab or process over the same place. */
function another({ place, clock, server }: World, more: Partial<TokenSessionOptions> = {}): World {
  return open(place, clock, server, more);
}

const tokenOf = async (session: TokenSession, renewAfter?: string): Promise<string> =>
  (await session.accessToken(renewAfter === undefined ? {} : { renewAfter })).token;

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof SessionError && error.code === code;

async function nameOf(): Promise<string> {
  const { sha256 } = await import('../bytes.ts');
  return sha256(JSON.stringify(['https://as.example', 'app', 'default']));
}

const stored = async ({ place }: World): Promise<SessionRecord> =>
  (await place.storage.read(await nameOf())) ?? assert.fail('nothing is stored');

describe('a token session renews ahead, once for all', () => {
  test('a token that lives for a while yet is handed out as it is, and one in its last 30 seconds is renewed (RFC 6749 §6)', async () => {
    const { session, clock, server } = await signedIn();
    assert.equal(await tokenOf(session), 'access-1');
    await clock.advance(269_000);
    assert.equal(await tokenOf(session), 'access-1');
    await clock.advance(2_000);
    assert.equal(await tokenOf(session), 'access-2');
    assert.deepEqual(server.used, ['refresh-1']);
  });

  test('100 callers in each of 5 tabs cause one refresh, however long the token endpoint takes (attacks SDK-07)', async () => {
    for (const latencyMs of [0, 1_000, 10_000]) {
      const world = await signedIn();
      world.server.latencyMs = latencyMs;
      await world.clock.advance(10 * MINUTE);
      const tabs = [world, ...Array.from({ length: 4 }, () => another(world))];
      const asked = tabs.flatMap(({ session }) => Array.from({ length: 100 }, () => tokenOf(session)));
      await world.clock.advance(latencyMs + 1);
      assert.deepEqual(new Set(await Promise.all(asked)), new Set(['access-2']));
      assert.deepEqual(world.server.used, ['refresh-1']);
      assert.equal((await stored(world)).refresh, world.server.current);
    }
  });

  test('20 expiries in a row with 3 tabs are 20 refreshes, and the session lives', async () => {
    const world = await signedIn();
    const tabs = [world, another(world), another(world)];
    for (let round = 0; round < 20; round++) {
      await world.clock.advance(5 * MINUTE);
      await Promise.all(tabs.map(({ session }) => tokenOf(session)));
    }
    assert.equal(world.server.used.length, 20);
    assert.equal(new Set(world.server.used).size, 20);
  });

  test('the life of a token is counted from before the request, and a quarter of it is lead enough', async () => {
    const { session, clock, server } = await signedIn();
    server.expiresIn = 8;
    server.latencyMs = 4_000;
    await clock.advance(5 * MINUTE);
    const first = session.accessToken();
    await clock.advance(4_000);
    assert.equal((await first).expiresAt, clock.nowMs() + 4_000);
    await clock.advance(1_000);
    assert.equal(await tokenOf(session), 'access-2', '3 of 8 seconds are left, more than a quarter');
    await clock.advance(1_500);
    const second = tokenOf(session);
    await clock.advance(4_000);
    assert.equal(await second, 'access-3');
  });

  test('a token whose life nobody knows is used until it is refused: missing, negative, no number, milliseconds (attacks SDK-10)', async () => {
    for (const expiresIn of [undefined, null, -1, 0, 'soon', Number.NaN, 3_600_000, {}]) {
      const { session, clock, server } = await signedIn();
      server.expiresIn = expiresIn;
      await clock.advance(10 * MINUTE);
      assert.equal((await session.accessToken()).expiresAt, undefined);
      await clock.advance(24 * 60 * MINUTE);
      assert.equal(await tokenOf(session), 'access-2', `expires_in ${String(expiresIn)}`);
      assert.equal(await tokenOf(session, 'access-2'), 'access-3');
    }
  });

  test('expires_in may be digits in a text (attacks SDK-10)', async () => {
    const { session, clock, server } = await signedIn();
    server.expiresIn = '60';
    await clock.advance(10 * MINUTE);
    assert.equal((await session.accessToken()).expiresAt, clock.nowMs() + MINUTE);
  });

  test('a clock that is set back makes a token of the future one to be renewed, not one that lives for years', async () => {
    const { session, clock } = await signedIn();
    clock.set(-365 * 24 * 60 * MINUTE);
    assert.equal(await tokenOf(session), 'access-2');
  });

  test('each resource has a token of its own, from one chain of refresh tokens (RFC 8707 §2.2)', async () => {
    const { session, server } = await signedIn();
    const asked = [
      session.accessToken({ resource: 'https://a.example/' }),
      session.accessToken({ resource: 'https://b.example/', scopes: ['read'] }),
    ];
    const [a, b] = await Promise.all(asked);
    assert.notEqual(a?.token, b?.token);
    assert.deepEqual(server.used, ['refresh-1', 'refresh-2'], 'one after the other');
    assert.deepEqual(
      server.contexts.map(({ resource, scope }) => [resource, scope]),
      [
        ['https://a.example/', undefined],
        ['https://b.example/', 'read'],
      ],
    );
    assert.equal((await session.accessToken({ resource: 'https://a.example/' })).token, a?.token);
    assert.equal(await tokenOf(session), 'access-1');
  });

  test('a server that does not rotate keeps the session as well (RFC 6749 §6)', async () => {
    const { session, clock, server } = await signedIn();
    server.rotates = false;
    for (let round = 2; round < 5; round++) {
      await clock.advance(5 * MINUTE);
      assert.equal(await tokenOf(session), `access-${round}`);
    }
    assert.deepEqual(new Set(server.used), new Set(['refresh-1']));
  });

  test("a caller's signal ends its waiting and nobody else's", async () => {
    const { session, clock, server } = await signedIn();
    server.latencyMs = 5_000;
    await clock.advance(10 * MINUTE);
    const leaving = new AbortController();
    const left = session.accessToken({ signal: leaving.signal });
    const stays = tokenOf(session);
    leaving.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    await clock.advance(5_000);
    assert.equal(await stays, 'access-2');
  });
});

describe('a 401', () => {
  test('renews if it is about the token that is current, once for all who had it; late ones get the new one', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(MINUTE);
    const renewed = await Promise.all(Array.from({ length: 20 }, () => tokenOf(session, 'access-1')));
    assert.deepEqual(new Set(renewed), new Set(['access-2']));
    assert.equal(await tokenOf(session, 'access-1'), 'access-2', 'a late one');
    assert.equal(server.used.length, 1);
  });

  test('for a token of a few seconds is surfaced: a new one would fare no better', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(29_000);
    await assert.rejects(tokenOf(session, 'access-1'), hasCode('token_refused'));
    assert.equal(await tokenOf(session), 'access-1', 'others are not kept from it');
    assert.equal(server.used.length, 0);
  });

  test('causes 3 renewals a minute at most, over all tabs', async () => {
    const world = await signedIn();
    const { server, clock } = world;
    // Where tokens are refused after 30 seconds, a minute sees only two: the bucket is for clocks that are not ours.
    await clock.advance(31_000);
    const name = await nameOf();
    const before = await stored(world);
    const bucket = { at: clock.nowMs() - 1_000, count: 3 };
    await world.place.storage.replace(name, await stampOf(before), { ...before, rev: before.rev + 1, bucket });
    await assert.rejects(tokenOf(another(world).session, 'access-1'), hasCode('token_refused'));
    assert.equal(server.used.length, 0);
    await clock.advance(MINUTE);
    assert.equal(await tokenOf(world.session, 'access-1'), 'access-2');
    assert.deepEqual((await stored(world)).bucket, { at: clock.nowMs(), count: 1 });
  });

  test('a token that was refused is never handed out again, even where the renewal fails', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(MINUTE);
    server.before = () => {
      throw failure({ kind: 'unavailable', status: 503 });
    };
    await assert.rejects(tokenOf(session, 'access-1'), hasCode('temporarily_unavailable'));
    await assert.rejects(tokenOf(session), hasCode('temporarily_unavailable'));
  });
});

describe('what ends a session, and what does not', () => {
  test('invalid_grant in JSON does, with the reason of the server, in every tab, and no refresh follows (RFC 6749 §5.2)', async () => {
    for (const [description, event] of [
      [undefined, 'expired'],
      ['the refresh token is invalid', 'expired: the refresh token is invalid'],
      ['session_replaced: the user signed in on another device', 'replaced: session_replaced: the user signed in on another device'],
      ['session_terminated: the sign-in was ended', 'signed_out: session_terminated: the sign-in was ended'],
      ['session_expired: over', 'expired: session_expired: over'],
    ] as const) {
      const world = await signedIn();
      const { session, clock, server, events } = world;
      const tab = another(world);
      await tokenOf(tab.session);
      await clock.advance(10 * MINUTE);
      server.before = () => {
        throw failure({ kind: 'refused', code: 'invalid_grant', status: 400, description });
      };
      const code = event.split(':')[0] ?? '';
      await assert.rejects(tokenOf(session), hasCode(code));
      await assert.rejects(tokenOf(session), hasCode(code));
      await assert.rejects(tokenOf(tab.session), hasCode(code));
      assert.deepEqual(events, [event], 'told once');
      assert.deepEqual(tab.events, [event]);
      assert.equal(server.used.length, 1, 'a failed refresh does not loop (attacks SDK-07)');
      const { refresh, access, ended } = await stored(world);
      assert.deepEqual([refresh, access, ended?.kind], [undefined, {}, code]);
    }
  });

  test('a reason is bounded and printable, whatever the server writes', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(10 * MINUTE);
    server.before = () => {
      throw failure({ kind: 'refused', code: 'invalid_grant', status: 400, description: `\u001b[2J${'x'.repeat(5_000)}` });
    };
    await assert.rejects(
      tokenOf(session),
      (error) => error instanceof SessionError && error.reason?.length === 300 && /^[ -~]+$/.test(error.reason),
    );
  });

  for (const [what, members, code] of [
    ['503', { kind: 'unavailable', status: 503 }, 'temporarily_unavailable'],
    ['429', { kind: 'unavailable', status: 429 }, 'temporarily_unavailable'],
    ['500', { kind: 'unavailable', code: 'server_error', status: 500 }, 'temporarily_unavailable'],
    ['a timeout', { kind: 'unreachable', code: 'timeout' }, 'temporarily_unavailable'],
    ['HTML with status 200', { kind: 'malformed', status: 200 }, 'temporarily_unavailable'],
    ['HTML with status 404', { kind: 'malformed', status: 404 }, 'temporarily_unavailable'],
    ['invalid_grant with status 503', { kind: 'refused', code: 'invalid_grant', status: 503 }, 'temporarily_unavailable'],
    ['invalid_grant with status 200', { kind: 'refused', code: 'invalid_grant', status: 200 }, 'refused'],
    ['invalid_client', { kind: 'refused', code: 'invalid_client', status: 401 }, 'refused'],
    ['invalid_scope', { kind: 'refused', code: 'invalid_scope', status: 400 }, 'refused'],
    ['an error of nobody knows what', {}, 'temporarily_unavailable'],
  ] as const) {
    test(`${what} keeps the session, and the token that still lives is handed out (attacks SDK-11)`, async () => {
      const { session, clock, server, events } = await signedIn();
      await clock.advance(285_000);
      server.before = () => {
        throw failure(members);
      };
      assert.equal(await tokenOf(session), 'access-1', 'it has 15 seconds left');
      assert.deepEqual(events, ['delayed']);
      await clock.advance(16_000);
      await assert.rejects(tokenOf(session), hasCode(code));
      server.before = undefined;
      await clock.advance(31_000);
      assert.match(await tokenOf(session), /^access-/);
      assert.ok(!events.includes('expired'));
    });
  }

  test('invalid_grant for a token that somebody has renewed meanwhile ends nothing: the newer one is used', async () => {
    const world = await signedIn();
    const { session, clock, server, events } = world;
    await clock.advance(10 * MINUTE);
    server.before = async () => {
      server.before = undefined;
      // Another process had lost its lock, but not its answer.
      const record = await stored(world);
      const answer = await server.refresh('refresh-1', { signal: new AbortController().signal });
      const { renewing: _, ...rest } = record;
      const access = { ...record.access };
      for (const key of Object.keys(access))
        access[key] = {
          token: String(answer['access_token']),
          type: 'Bearer',
          obtainedAt: clock.nowMs(),
          expiresAt: clock.nowMs() + 300_000,
        };
      const next: SessionRecord = { ...rest, rev: record.rev + 1, refresh: String(answer['refresh_token']), access };
      await world.place.storage.replace(await nameOf(), await stampOf(record), next);
      throw failure({ kind: 'refused', code: 'invalid_grant', status: 400 });
    };
    assert.equal(await tokenOf(session), 'access-2');
    assert.deepEqual(events, []);
    assert.equal((await stored(world)).refresh, 'refresh-2');
  });

  test('an answer for somebody else ends it, and its refresh token is given back (OpenID Connect Core §12.2)', async () => {
    const { session, clock, server, events } = await signedIn();
    await clock.advance(10 * MINUTE);
    server.validating = () => {
      throw failure({ kind: 'mismatch', code: 'sub' });
    };
    await assert.rejects(tokenOf(session), hasCode('expired'));
    assert.deepEqual(server.revoked, ['refresh-2']);
    assert.equal(events.length, 1);
  });

  test('a session without a refresh token ends with its access token', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { session, events } = open(memoryPlace(), clock, server);
    await session.signedIn({ accessToken: 'only', tokenType: 'Bearer', expiresIn: 60 });
    assert.equal(await tokenOf(session), 'only');
    await clock.advance(MINUTE);
    await assert.rejects(tokenOf(session), hasCode('expired'));
    assert.deepEqual(events, ['expired: there is no refresh token']);
  });
});

describe('nobody knows whether the server has acted', () => {
  test('it is asked again every 5 seconds for 45, in the background, though there is a token that lives', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(MINUTE);
    server.before = () => {
      throw failure({ kind: 'unreachable', code: 'network' });
    };
    await assert.rejects(tokenOf(session, 'access-1'), hasCode('temporarily_unavailable'));
    assert.equal(server.used.length, 1);
    await clock.advance(20_100);
    assert.equal(server.used.length, 5);
    server.before = undefined;
    await clock.advance(5_000);
    assert.equal(server.current, 'refresh-2');
    assert.equal(await tokenOf(session), 'access-2');
    await clock.advance(2 * MINUTE);
    assert.equal(server.used.length, 6, 'and then no more');
  });

  test('a server that is busy after an answer was lost is asked again in the background: the successor is to be had for a minute', async () => {
    const world = await signedIn();
    const { session, clock, server } = world;
    server.overlaps = true;
    await clock.advance(MINUTE);
    server.after = () => {
      throw failure({ kind: 'unreachable', code: 'network' });
    };
    await assert.rejects(tokenOf(session, 'access-1'), hasCode('temporarily_unavailable'));
    server.after = undefined;
    server.before = () => {
      throw failure({ kind: 'unavailable', status: 503 });
    };
    await clock.advance(7_000);
    assert.ok(server.used.length >= 2);
    server.before = undefined;
    await clock.advance(30_000);
    assert.equal((await stored(world)).refresh, 'refresh-2');
    const asked = server.used.length;
    assert.match(await tokenOf(session), /^access-/);
    await clock.advance(MINUTE);
    assert.equal(server.used.length, asked, 'and then no more');
  });

  test('a look that comes before it is time, as the timer of another tab may, does not end the looking', async () => {
    const world = await signedIn();
    const { session, clock, server, place } = world;
    await clock.advance(MINUTE);
    server.before = () => {
      throw failure({ kind: 'unreachable', code: 'network' });
    };
    await assert.rejects(tokenOf(session, 'access-1'), hasCode('temporarily_unavailable'));
    server.before = undefined;
    const record = await stored(world);
    const later = { ...record, rev: record.rev + 1, retryAt: clock.nowMs() + 8_000 };
    await place.storage.replace(await nameOf(), await stampOf(record), later);
    await clock.advance(20_000);
    assert.equal(server.used.length, 2);
    assert.equal(await tokenOf(session), 'access-2');
  });

  test('another tab takes over where the one that was at it is gone', async () => {
    const world = await signedIn();
    const { session, clock, server } = world;
    await clock.advance(MINUTE);
    server.before = () => {
      throw failure({ kind: 'unreachable', code: 'network' });
    };
    await assert.rejects(tokenOf(session, 'access-1'));
    await session.close();
    server.before = undefined;
    const tab = another(world);
    await clock.advance(10_000);
    assert.equal(await tokenOf(tab.session), 'access-1', 'which it has not seen refused');
    await clock.advance(100);
    assert.deepEqual(server.used, ['refresh-1', 'refresh-1']);
    assert.equal(await tokenOf(tab.session), 'access-2');
  });

  test('a token endpoint that hangs is given up after 20 seconds', async () => {
    const { session, clock, server } = await signedIn();
    await clock.advance(10 * MINUTE);
    server.latencyMs = 60_000;
    const asked = tokenOf(session);
    asked.catch(() => undefined);
    await clock.advance(19_900);
    assert.equal(server.contexts[0]?.signal.aborted, false);
    await clock.advance(200);
    await assert.rejects(asked, hasCode('temporarily_unavailable'));
    assert.equal(server.contexts[0]?.signal.aborted, true);
  });

  test('Retry-After is heard, up to 5 minutes, by all tabs (RFC 9110 §10.2.3)', async () => {
    const world = await signedIn();
    const { session, clock, server } = world;
    await clock.advance(10 * MINUTE);
    server.before = () => {
      throw failure({ kind: 'unavailable', status: 503, retryAfterSeconds: 86_400 });
    };
    await assert.rejects(tokenOf(session), hasCode('temporarily_unavailable'));
    await assert.rejects(tokenOf(another(world).session), (error) => error instanceof SessionError && error.retryAfterSeconds === 300);
    assert.equal(server.used.length, 1);
    server.before = undefined;
    await clock.advance(299_000);
    await assert.rejects(tokenOf(session), hasCode('temporarily_unavailable'));
    await clock.advance(1_000);
    assert.equal(await tokenOf(session), 'access-2');
  });
});

/** A storage whose writes fail on demand. */
class Breaking implements SessionStorage {
  readonly #inner = new MemoryStorage();
  readonly reach = 'process';
  /** Called before each write with what would be written. */
  writing: ((next: SessionRecord) => void | Promise<void>) | undefined;
  reading: (() => void) | undefined;

  async read(name: string): ReturnType<SessionStorage['read']> {
    this.reading?.();
    return this.#inner.read(name);
  }

  async replace(...parameters: Parameters<SessionStorage['replace']>): ReturnType<SessionStorage['replace']> {
    await this.writing?.(parameters[2]);
    return this.#inner.replace(...parameters);
  }
}

describe('between the answer and the storage', () => {
  async function broken(): Promise<World & { readonly storage: Breaking }> {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const storage = new Breaking();
    const world = open({ storage, lock: new MemoryLock() }, clock, server);
    await world.session.signedIn(await server.signIn());
    await clock.advance(10 * MINUTE);
    return { ...world, storage };
  }

  test('where nothing can be written, nothing is sent', async () => {
    const { session, server, storage } = await broken();
    storage.writing = () => {
      throw new Error('the disk is full');
    };
    await assert.rejects(tokenOf(session), hasCode('storage_unavailable'));
    assert.deepEqual(server.used, []);
  });

  test('where nothing can be read, nobody is signed out', async () => {
    const { session, storage, events } = await broken();
    storage.reading = () => {
      throw new Error('blocked');
    };
    await assert.rejects(
      tokenOf(session),
      (error) => error instanceof SessionError && error.code === 'storage_unavailable' && error.retryable,
    );
    storage.reading = undefined;
    assert.equal(await tokenOf(session), 'access-2');
    assert.deepEqual(events, ['renewed']);
  });

  test('a storage that does not answer keeps the lock for half a minute at most', async () => {
    const { session, storage, clock, server, place } = await broken();
    storage.writing = () => new Promise(() => {});
    const asked = tokenOf(session);
    asked.catch(() => undefined);
    await clock.advance(30_000);
    await assert.rejects(asked, hasCode('storage_unavailable'));
    storage.writing = undefined;
    assert.equal(await tokenOf(another({ clock, server, place, session, events: [] }).session), 'access-2');
  });

  test('one limit of 20 seconds holds for the mark and the request together: whoever watches the mark waits for no longer', async () => {
    const { session, storage, clock, server } = await broken();
    storage.writing = async () => {
      storage.writing = undefined;
      await pause(clock, 15_000);
    };
    server.latencyMs = 60_000;
    const asked = tokenOf(session);
    asked.catch(() => undefined);
    await clock.advance(19_900);
    assert.deepEqual([server.used.length, server.contexts[0]?.signal.aborted], [1, false]);
    await clock.advance(200);
    await assert.rejects(asked, hasCode('temporarily_unavailable'));
    assert.equal(server.contexts[0]?.signal.aborted, true);
  });

  test('a token that came is handed out within 20 seconds, whatever the storage does then, and stored later', async () => {
    const world = await broken();
    const { session, storage, clock, events } = world;
    storage.writing = (next) => (next.renewing === undefined ? new Promise(() => {}) : undefined);
    let got = '';
    void tokenOf(session).then((token) => {
      got = token;
    });
    await clock.advance(20_100);
    assert.deepEqual([got, events], ['access-2', ['storage_failed']]);
    storage.writing = undefined;
    await clock.advance(MINUTE);
    assert.equal((await stored(world)).refresh, 'refresh-2');
  });

  test('a successor is stored before the answer is even looked at', async () => {
    const world = await broken();
    let seen: SessionRecord | undefined;
    const { validate } = world.server;
    world.server.validate = async (...parameters) => {
      seen = await stored(world);
      return validate.apply(world.server, parameters);
    };
    await tokenOf(world.session);
    assert.deepEqual([seen?.refresh, seen?.pending], ['refresh-1', { refresh: 'refresh-2' }]);
    const after = await stored(world);
    assert.deepEqual([after.refresh, after.pending, after.renewing], ['refresh-2', undefined, undefined]);
  });

  test('a crash after that costs a refresh and no session', async () => {
    const world = await broken();
    const { server, clock } = world;
    server.validate = () => new Promise(() => {});
    void tokenOf(world.session).catch(() => undefined);
    await settle();
    assert.equal((await stored(world)).pending?.refresh, 'refresh-2');
    // The next process finds what the dead one has left.
    const fresh = open({ storage: world.storage, lock: new MemoryLock() }, clock, new FakeServer(clock));
    const asked: string[] = [];
    const renewer = new TokenSession({
      issuer: 'https://as.example',
      clientId: 'app',
      place: fresh.place,
      clock,
      renewer: {
        refresh: (token, context) => {
          asked.push(token);
          return server.refresh(token, context);
        },
        validate: async (answer) => ({ accessToken: String(answer['access_token']), tokenType: 'Bearer' }),
        revoke: (token) => server.revoke(token),
      },
    });
    assert.equal(await tokenOf(renewer), 'access-3');
    assert.deepEqual(asked, ['refresh-2']);
    assert.equal((await stored(world)).refresh, server.current);
  });

  test('a successor that cannot be stored is kept in memory, its lock with it, and stored as soon as that is possible', async () => {
    const world = await broken();
    const { session, server, storage, events, clock } = world;
    storage.writing = (next) => {
      if (next.renewing === undefined || next.pending !== undefined) throw new Error('the disk is full');
    };
    assert.equal(await tokenOf(session), 'access-2');
    assert.equal(await tokenOf(session), 'access-2', 'from memory');
    assert.deepEqual(events, ['storage_failed']);
    const tab = another(world);
    const waiting = tokenOf(tab.session);
    await clock.advance(5_000);
    assert.deepEqual(server.used, ['refresh-1'], 'nobody else comes with the old one');
    storage.writing = undefined;
    await clock.advance(31_000);
    assert.equal(await waiting, 'access-2');
    assert.equal((await stored(world)).refresh, 'refresh-2');
    assert.deepEqual(server.used, ['refresh-1']);
  });

  test('keys that cannot be fetched now are asked for again without another refresh', async () => {
    const { session, server, clock } = await broken();
    server.validating = () => {
      throw failure({ kind: 'unreachable', code: 'network' });
    };
    const asked = tokenOf(session);
    await clock.advance(100);
    server.validating = undefined;
    await clock.advance(5_000);
    assert.equal(await asked, 'access-2');
    assert.deepEqual(server.used, ['refresh-1']);
    assert.equal(server.validations, 2);
  });

  test('where they stay away, the next attempt goes on with the newer refresh token, and not at once', async () => {
    const { session, server, clock, events } = await broken();
    server.validating = () => {
      throw failure({ kind: 'unavailable', status: 503 });
    };
    const asked = tokenOf(session);
    asked.catch(() => undefined);
    await clock.advance(3_600);
    await assert.rejects(asked, hasCode('temporarily_unavailable'));
    assert.equal(server.validations, 4);
    await assert.rejects(tokenOf(session), hasCode('temporarily_unavailable'));
    assert.deepEqual(server.used, ['refresh-1']);
    server.validating = undefined;
    await clock.advance(1_000);
    assert.equal(await tokenOf(session), 'access-3');
    assert.deepEqual(server.used, ['refresh-1', 'refresh-2']);
    assert.ok(!events.includes('expired'));
  });

  test('an answer that is none is not asked for again and again', async () => {
    const { session, server, clock } = await broken();
    server.validating = () => {
      throw failure({ kind: 'malformed' });
    };
    await assert.rejects(tokenOf(session), hasCode('invalid_answer'));
    await assert.rejects(tokenOf(session), hasCode('temporarily_unavailable'));
    assert.deepEqual([server.used.length, server.validations], [1, 1]);
    server.validating = undefined;
    await clock.advance(1_000);
    assert.equal(await tokenOf(session), 'access-3');
  });

  test('an answer for a session that was signed out meanwhile is given back (RFC 7009 §2.1)', async () => {
    const world = await broken();
    const { session, server, clock, events } = world;
    server.latencyMs = 60_000;
    // The server answers although the request was given up: what counts is the order of the two changes.
    server.after = async () => {
      const record = await stored(world);
      await world.place.storage.replace(await nameOf(), await stampOf(record), {
        v: 1,
        rev: record.rev + 1,
        session: record.session,
        access: {},
        ended: { kind: 'signed_out' },
      });
    };
    server.latencyMs = 0;
    await assert.rejects(tokenOf(session), hasCode('signed_out'));
    assert.deepEqual(server.revoked, ['refresh-2']);
    assert.deepEqual(events, ['signed_out']);
    assert.equal((await stored(world)).ended?.kind, 'signed_out');
    await clock.advance(1);
  });
});

describe('signing in and out', () => {
  test('signing out ends it in every tab, and at the server', async () => {
    const world = await signedIn();
    const tab = another(world);
    await tokenOf(tab.session);
    await world.session.signOut();
    await assert.rejects(tokenOf(world.session), hasCode('signed_out'));
    await assert.rejects(tokenOf(tab.session), hasCode('signed_out'));
    assert.deepEqual([world.events, tab.events], [['signed_out'], ['signed_out']]);
    assert.deepEqual(world.server.revoked, ['refresh-1']);
  });

  test('a lock that nobody gives back keeps nobody from signing in, nor the answer that its holder waits for from being given back', async () => {
    const world = await signedIn();
    const { session, clock, server } = world;
    await clock.advance(10 * MINUTE);
    const { replace } = world.place.storage;
    world.place.storage.replace = async function (...parameters) {
      // The mark is stored; the successor is, and the storage hangs with all that follow.
      if (parameters[2].session === parameters[1]?.session && parameters[2].pending !== undefined) return new Promise(() => {});
      return replace.apply(world.place.storage, parameters);
    };
    void tokenOf(session).catch(() => undefined);
    await clock.advance(100);
    const tab = another(world);
    const signing = tab.session.signedIn({ accessToken: 'of-bob', tokenType: 'Bearer', expiresIn: 600, refreshToken: 'bob-1' });
    await clock.advance(25_100);
    await signing;
    world.place.storage.replace = replace;
    assert.equal(await tokenOf(tab.session), 'of-bob');
    await clock.advance(5 * MINUTE);
    assert.ok(server.revoked.includes('refresh-2'));
    assert.equal((await stored(world)).refresh, 'bob-1');
  });

  test('signing out revokes and hands out no more, where nothing can be written, and where nothing can be read either', async () => {
    for (const readable of [true, false]) {
      const clock = new FakeClock();
      const server = new FakeServer(clock);
      const storage = new Breaking();
      const { session, events } = open({ storage, lock: new MemoryLock() }, clock, server);
      await session.signedIn(await server.signIn());
      storage.writing = () => {
        throw new Error('the disk is full');
      };
      if (!readable)
        storage.reading = () => {
          throw new Error('blocked');
        };
      await assert.rejects(session.signOut(), hasCode('storage_unavailable'));
      assert.deepEqual(server.revoked, ['refresh-1']);
      assert.deepEqual(events, ['signed_out']);
      Object.assign(storage, { writing: undefined, reading: undefined });
      await assert.rejects(tokenOf(session), hasCode('signed_out'));
      await session.signedIn(await server.signIn());
      assert.equal(await tokenOf(session), 'access-2');
    }
  });

  test('signing out gives back a successor that could not be stored', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const storage = new Breaking();
    const { session } = open({ storage, lock: new MemoryLock() }, clock, server);
    await session.signedIn(await server.signIn());
    await clock.advance(10 * MINUTE);
    storage.writing = (next) => {
      if (next.renewing === undefined || next.pending !== undefined) throw new Error('the disk is full');
    };
    assert.equal(await tokenOf(session), 'access-2');
    const leaving = assert.rejects(session.signOut(), hasCode('storage_unavailable'));
    await clock.advance(26_000);
    await leaving;
    assert.deepEqual(server.revoked, ['refresh-2']);
    await assert.rejects(tokenOf(session), hasCode('signed_out'));
  });

  test('a lock that cannot be had, as where Redis is away, keeps no sign-out from the server', async () => {
    const world = await signedIn();
    world.place.lock.acquire = async () => Promise.reject(new StorageError('Redis is away'));
    await world.session.signOut();
    assert.deepEqual(world.server.revoked, ['refresh-1']);
  });

  test('signing out of what nobody can read any more leaves nothing there', async () => {
    const world = await signedIn();
    const stamp = await stampOf(await stored(world));
    const { read } = world.place.storage;
    world.place.storage.read = async () => Promise.reject(new StorageError('its key is lost', undefined, stamp));
    await another(world).session.signOut();
    world.place.storage.read = read;
    assert.equal((await stored(world)).ended?.kind, 'signed_out');
  });

  test('without a refresh token the access tokens are revoked, by a sign-out and by a sign-in over it (RFC 7009 §2.1)', async () => {
    const world = await signedIn();
    const only = { accessToken: 'only', tokenType: 'Bearer', expiresIn: 300 } as const;
    await world.session.signedIn(only);
    await world.session.signedIn({ ...only, accessToken: 'other' });
    await world.session.signOut();
    await world.session.signedIn({ ...only, accessToken: 'dead' });
    await world.clock.advance(10 * MINUTE);
    await world.session.signOut();
    assert.deepEqual(world.server.revoked, ['refresh-1', 'access_token only', 'access_token other']);
  });

  test('a key that a storage cannot write out is a mistake that is told at once, not a storage that is away', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const storage = Object.assign(new MemoryStorage(), { canKeep: isWritable });
    const { session } = open({ storage, lock: new MemoryLock() }, clock, server);
    const tokens = await server.signIn();
    const keyOf = (extractable: boolean): Promise<CryptoKeyPair> =>
      crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, extractable, ['sign', 'verify']);
    await assert.rejects(session.signedIn({ ...tokens, dpopKey: await keyOf(false) }), TypeError);
    await session.signedIn({ ...tokens, dpopKey: await keyOf(true) });
    storage.replace = async () => {
      throw new TypeError('a mistake');
    };
    await assert.rejects(session.signedIn(tokens), TypeError);
  });

  test('a client of its own right whose refresh token is worth nothing goes on without it (RFC 6749 §4.4.3)', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const own = Object.assign(server, { obtain: async () => ({ access_token: 'own', expires_in: 300 }) });
    const { session, events } = open(memoryPlace(), clock, own);
    await session.signedIn(await server.signIn());
    server.kill();
    await clock.advance(10 * MINUTE);
    assert.equal(await tokenOf(session), 'own');
    await clock.advance(10 * MINUTE);
    assert.equal(await tokenOf(session), 'own');
    assert.deepEqual([server.used, events.includes('expired')], [['refresh-1'], false]);
  });

  test('a sign-in over one that lives revokes that, and other tabs are told and not given tokens of somebody else', async () => {
    const world = await signedIn();
    const tab = another(world);
    assert.equal(await tokenOf(tab.session), 'access-1');
    await world.session.signedIn({ accessToken: 'of-bob', tokenType: 'Bearer', expiresIn: 300, refreshToken: 'bob-1' });
    assert.deepEqual(world.server.revoked, ['refresh-1']);
    assert.equal(await tokenOf(world.session), 'of-bob');
    await assert.rejects(tokenOf(tab.session), hasCode('session_changed'));
    await assert.rejects(tokenOf(tab.session), hasCode('session_changed'));
    assert.deepEqual(tab.events, ['changed']);
    await tab.session.adopt();
    assert.equal(await tokenOf(tab.session), 'of-bob');
  });

  test('tokens that a storage takes but calls a conflict, as where a client asks Redis twice, are not taken for those of somebody else', async () => {
    const world = await signedIn();
    const { storage } = world.place;
    const replace = storage.replace.bind(storage);
    storage.replace = async (...parameters) => {
      storage.replace = replace;
      await replace(...parameters);
      return replace(...parameters);
    };
    await world.session.signedIn({ accessToken: 'of-bob', tokenType: 'Bearer', expiresIn: 300, refreshToken: 'bob-1' });
    assert.deepEqual(world.server.revoked, ['refresh-1'], 'what was there before');
    assert.equal((await stored(world)).refresh, 'bob-1');
  });

  test('a sign-in whose storing was not answered for may be stored once more, also where it was renewed meanwhile or by another page', async () => {
    for (const meanwhile of ['nothing', 'renewed', 'reloaded'] as const) {
      const clock = new FakeClock();
      const server = new FakeServer(clock);
      const world = open(memoryPlace(), clock, server);
      const { storage } = world.place;
      const replace = storage.replace.bind(storage);
      storage.replace = async (...parameters) => {
        storage.replace = replace;
        await replace(...parameters);
        throw new Error('connection lost');
      };
      const tokens = await server.signIn();
      await assert.rejects(world.session.signedIn(tokens), hasCode('storage_unavailable'));
      const tab = another(world);
      if (meanwhile === 'renewed') {
        await clock.advance(10 * MINUTE);
        await tokenOf(tab.session);
      }
      await (meanwhile === 'reloaded' ? tab : world).session.signedIn(tokens);
      assert.deepEqual(server.revoked, []);
      assert.equal((await stored(world)).refresh, server.current, meanwhile);
      await clock.advance(10 * MINUTE);
      await tokenOf(world.session);
      assert.equal((await stored(world)).refresh, server.current, meanwhile);
    }
  });

  test('a tab that was signed out does not sign out whoever has come since', async () => {
    const world = await signedIn();
    const tab = another(world);
    await tokenOf(tab.session);
    await world.session.signedIn({ accessToken: 'of-bob', tokenType: 'Bearer', expiresIn: 300, refreshToken: 'bob-1' });
    await tab.session.signOut();
    assert.equal(await tokenOf(world.session), 'of-bob');
  });

  test('where nobody has signed in there is no token, and a first sign-in elsewhere is noticed', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const first = open(memoryPlace(), clock, server);
    const second = another(first);
    await assert.rejects(tokenOf(second.session), hasCode('no_session'));
    await first.session.signedIn(await server.signIn());
    assert.equal(await tokenOf(second.session), 'access-1');
    assert.deepEqual(second.events, ['changed']);
  });

  test('events come after the lock is free: a listener may ask for a token', async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const inner = new MemoryLock();
    let holders = 0;
    const lock: SessionLock = {
      reach: 'process',
      me: inner.me,
      async acquire(...parameters) {
        const held = await inner.acquire(...parameters);
        holders += 1;
        return {
          ...held,
          release: async () => {
            holders -= 1;
            await held.release();
          },
        };
      },
    };
    const { session } = open({ storage: new MemoryStorage(), lock }, clock, server);
    const seen: (readonly [string, number])[] = [];
    for (const name of ['renewed', 'delayed', 'signed_out'] as const) session.on(name, () => seen.push([name, holders]));
    await session.signedIn(await server.signIn());
    await clock.advance(10 * MINUTE);
    const inside = new Promise<string>((resolve) =>
      session.on('renewed', () => resolve(session.accessToken({ resource: 'https://b.example/' }).then(({ token }) => token))),
    );
    await tokenOf(session);
    assert.equal(await inside, 'access-3', 'which takes the lock again');
    await clock.advance(10 * MINUTE);
    server.before = () => {
      throw failure({ kind: 'unavailable', status: 503 });
    };
    await assert.rejects(tokenOf(session));
    await session.signOut();
    assert.deepEqual(seen, [
      ['renewed', 0],
      ['renewed', 0],
      ['delayed', 0],
      ['signed_out', 0],
    ]);
  });

  test('a client of its own right begins a session by itself, once for all its processes (RFC 6749 §4.4)', async () => {
    const clock = new FakeClock();
    let obtained = 0;
    const renewer = {
      refresh: async () => assert.fail('there is nothing to refresh'),
      obtain: async () => {
        obtained += 1;
        return { access_token: `own-${obtained}`, token_type: 'Bearer', expires_in: 300 };
      },
      validate: async (answer: Readonly<Record<string, unknown>>) => ({
        accessToken: String(answer['access_token']),
        tokenType: 'Bearer' as const,
      }),
      revoke: async () => {},
    };
    const place = memoryPlace();
    const sessions = Array.from(
      { length: 5 },
      () => new TokenSession({ issuer: 'https://as.example', clientId: 'daemon', place, renewer, clock }),
    );
    const ask = async (): Promise<readonly string[]> => Promise.all(sessions.flatMap((session) => [tokenOf(session), tokenOf(session)]));
    assert.deepEqual(new Set(await ask()), new Set(['own-1']));
    await clock.advance(5 * MINUTE);
    assert.deepEqual(new Set(await ask()), new Set(['own-2']));
  });

  test('a lock that reaches less far than the storage is refused', () => {
    const clock = new FakeClock();
    const storage = Object.assign(new MemoryStorage(), { reach: 'machine' as const });
    assert.throws(
      () =>
        new TokenSession({
          issuer: 'https://as.example',
          clientId: 'app',
          place: { storage, lock: new MemoryLock() },
          renewer: new FakeServer(clock),
        }),
      TypeError,
    );
  });
});
