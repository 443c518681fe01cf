/** A token session of a client that is there for itself, over `createRenewer`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientOptions } from './client.ts';
import { byClientCredentials } from './grants.ts';
import { createRenewer } from './renewer.ts';
import type { SessionPlace } from './session/place.ts';
import { SessionError } from './session/session-error.ts';
import { TokenSession } from './session/token-session.ts';
import { MemoryLock, MemoryStorage } from './storage/memory.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { json, openIssuer } from './testing/issuer.ts';

interface Daemon {
  readonly session: TokenSession;
  readonly events: readonly string[];
}

interface World {
  readonly clock: FakeClock;
  /** The tokens that were asked for, each with the key that it is bound to. */
  readonly keys: (string | undefined)[];
  readonly revoked: () => readonly (string | null)[];
  /** A process of the daemon. */
  start(options?: Partial<ClientOptions>): Daemon;
  /** Whatever is stored is gone. */
  wipe(): void;
}

async function open(): Promise<World> {
  const issuer = await openIssuer();
  const clock = new FakeClock();
  const keys: (string | undefined)[] = [];
  issuer.answers.set('/token', ({ headers }) => {
    const proof = headers.get('dpop');
    const header = Buffer.from(proof?.split('.')[0] ?? '', 'base64url').toString();
    keys.push(proof === null ? undefined : JSON.stringify(JSON.parse(header).jwk));
    return json(200, { access_token: `at${keys.length}`, token_type: proof === null ? 'Bearer' : 'DPoP', expires_in: 300 });
  });
  issuer.answers.set('/revoke', () => json(200, {}));
  let storage = new MemoryStorage();
  const lock = new MemoryLock();
  const place: SessionPlace = {
    lock,
    storage: {
      reach: 'process',
      read: (name) => storage.read(name),
      replace: (...parameters) => storage.replace(...parameters),
    },
  };
  return {
    clock,
    keys,
    revoked: () => issuer.asked.filter(({ url }) => url.endsWith('/revoke')).map(({ form }) => form.get('token')),
    start(options = {}) {
      const renewer = createRenewer(issuer.client({ nowMs: () => clock.nowMs(), ...options }), byClientCredentials);
      const session = new TokenSession({ issuer: issuer.issuer, clientId: 'app', place, renewer, clock });
      const events: string[] = [];
      for (const name of ['expired', 'replaced', 'signed_out', 'changed'] as const) session.on(name, () => events.push(name));
      return { session, events };
    },
    wipe: () => {
      storage = new MemoryStorage();
    },
  };
}

const tokenOf = async ({ session }: Daemon): Promise<string> => (await session.accessToken()).token;

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof SessionError && error.code === code;

test('a daemon that binds all its tokens has them bound to one key, which it shows at APIs (RFC 9449 §5, §7.1)', async () => {
  const { clock, keys, start } = await open();
  const { session } = start({ dpop: 'always' });
  const first = await session.accessToken();
  await clock.advance(300_000);
  const second = await session.accessToken();
  assert.deepEqual([first.token, first.type, second.token, second.type], ['at1', 'DPoP', 'at2', 'DPoP']);
  assert.ok(first.dpopKey !== undefined && first.dpopKey === second.dpopKey);
  assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
});

test('a daemon that binds its tokens from now on goes on from what it kept without a key, and gets no other kind (RFC 9449 §5)', async () => {
  const { clock, keys, start } = await open();
  assert.equal((await start().session.accessToken()).type, 'Bearer');
  await clock.advance(300_000);
  const { session, events } = start({ dpop: 'always' });
  const access = await session.accessToken();
  assert.deepEqual([access.token, access.type], ['at2', 'DPoP']);
  assert.ok(access.dpopKey !== undefined);
  await clock.advance(300_000);
  assert.equal((await session.accessToken()).dpopKey, access.dpopKey);
  assert.deepEqual([keys[0], keys[1] !== undefined, keys[1] === keys[2], events], [undefined, true, true, []]);
});

test('what somebody has signed in to without a key is not thrown away for a daemon that binds its tokens: its program is told', async () => {
  const { clock, start } = await open();
  await start().session.signedIn({ accessToken: 'of-mei', tokenType: 'Bearer', expiresIn: 300 });
  const daemon = start({ dpop: 'always' });
  assert.equal(await tokenOf(daemon), 'of-mei');
  await clock.advance(300_000);
  await assert.rejects(tokenOf(daemon), TypeError);
  await assert.rejects(tokenOf(daemon), /dpopKey/, 'and as often as it asks: nothing has to be waited for');
});

test('a daemon whose session is gone from where it was kept begins anew, and nobody hears of an end (RFC 6749 §4.4)', async () => {
  const { clock, start, wipe } = await open();
  const daemon = start();
  assert.equal(await tokenOf(daemon), 'at1');
  wipe();
  await assert.rejects(daemon.session.current(), hasCode('no_session'));
  assert.deepEqual(await Promise.all([tokenOf(daemon), tokenOf(daemon)]), ['at2', 'at2']);
  // While it renews, too.
  await clock.advance(300_000);
  const asked = tokenOf(daemon);
  wipe();
  assert.match(await asked, /^at[34]$/);
  assert.deepEqual(daemon.events, []);
});

test('of the sessions that its processes begin, a daemon takes any for its own (RFC 6749 §4.4)', async () => {
  const { start, wipe, keys } = await open();
  const [one, two] = [start(), start()];
  assert.deepEqual([await tokenOf(one), await tokenOf(two)], ['at1', 'at1']);
  wipe();
  assert.equal(await tokenOf(two), 'at2');
  assert.equal(await tokenOf(one), 'at2');
  assert.equal((await one.session.current()).id, (await two.session.current()).id);
  assert.deepEqual([keys.length, one.events, two.events], [2, [], []]);
});

test('a session that a daemon has ended is begun again by whoever comes after that, and by nobody who had it', async () => {
  const { start, wipe, revoked } = await open();
  const [one, two] = [start(), start()];
  assert.deepEqual([await tokenOf(one), await tokenOf(two)], ['at1', 'at1']);
  await one.session.signOut();
  assert.deepEqual(revoked(), ['at1']);
  for (const daemon of [one, two]) {
    await assert.rejects(tokenOf(daemon), hasCode('signed_out'));
    assert.deepEqual(daemon.events, ['signed_out']);
  }
  assert.equal(await tokenOf(start()), 'at2');
  await assert.rejects(tokenOf(one), hasCode('session_changed'), 'whoever has left does not come back by itself');
  assert.equal(await tokenOf(two), 'at2');
  wipe();
  await assert.rejects(tokenOf(one), hasCode('signed_out'));
});

test('somebody who signs in in the place of a daemon is never taken for it, nor it for them', async () => {
  const { clock, start, wipe } = await open();
  const daemon = start();
  assert.equal(await tokenOf(daemon), 'at1');
  const person = start();
  await person.session.signedIn({ accessToken: 'of-mei', tokenType: 'Bearer', expiresIn: 300, refreshToken: 'mei-1' });
  await assert.rejects(tokenOf(daemon), hasCode('session_changed'));
  await clock.advance(300_000);
  await assert.rejects(tokenOf(daemon), hasCode('session_changed'));
  assert.deepEqual(daemon.events, ['changed']);
  wipe();
  await assert.rejects(tokenOf(person), hasCode('signed_out'), 'it gets no token of the client for that of somebody');
  assert.deepEqual(person.events, ['signed_out']);
});
