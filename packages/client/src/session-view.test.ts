import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { SessionProvider, useSession } from './react.ts';
import { TokenSession } from './session/token-session.ts';
import { type LiveView, type ViewedSession, viewSession } from './session-view.ts';
import { memoryPlace } from './storage/memory.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { FakeServer } from './testing/fake-server.ts';

interface FakeSession extends ViewedSession {
  answer: () => Promise<{ id: string; claims: Record<string, unknown> }>;
  readonly listeners: Map<string, Set<() => void>>;
  tell(name: string): void;
}

const fails = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const MEI = { id: 's1', claims: { name: 'Mei' } };

function fakeSession(): FakeSession {
  const listeners: FakeSession['listeners'] = new Map();
  const session: FakeSession = {
    answer: () => Promise.resolve(MEI),
    listeners,
    tell: (name) => {
      for (const listener of listeners.get(name) ?? []) listener();
    },
    current: () => session.answer(),
    on(name, listener) {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
      return () => void listeners.get(name)?.delete(listener);
    },
  };
  return session;
}

/** The next change of a view. */
function nextOf(view: LiveView): Promise<unknown> {
  return new Promise((resolve) => {
    const end = view.subscribe(() => {
      end();
      resolve(view.snapshot());
    });
  });
}

test('a page learns who is signed in, and how that ended', async () => {
  const session = fakeSession();
  const view = viewSession(session);
  assert.deepEqual(view.snapshot(), { status: 'loading' });
  view.subscribe(() => undefined);
  assert.deepEqual(await nextOf(view), { status: 'signed_in', ...MEI });
  for (const [code, seen] of [
    ['session_changed', { status: 'changed' }],
    ['no_session', { status: 'signed_out', ending: undefined, error: undefined }],
    ['replaced', { status: 'signed_out', ending: 'replaced', error: undefined }],
    ['expired', { status: 'signed_out', ending: 'expired', error: undefined }],
  ] as const) {
    session.answer = fails(code);
    const next = nextOf(view);
    session.tell('changed');
    assert.deepEqual(await next, seen);
  }
  session.answer = fails('storage_unavailable');
  await view.look();
  assert.equal(view.snapshot().status, 'unavailable');
});

test('a page learns of a sign-in of its own, and of one that it adopts', async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const place = memoryPlace();
  const open = (): TokenSession => new TokenSession({ issuer: 'https://as.example', clientId: 'app', place, renewer: server, clock });
  const [one, two] = [open(), open()];
  const [first, second] = [viewSession(one), viewSession(two)];
  first.subscribe(() => undefined);
  await settle();
  assert.equal(first.snapshot().status, 'signed_out');
  await one.signedIn(await server.signIn());
  await settle();
  assert.equal(first.snapshot().status, 'signed_in');
  second.subscribe(() => undefined);
  await settle();
  await one.signedIn({ accessToken: 'of-bob', tokenType: 'Bearer', refreshToken: 'bob-1' });
  await second.look();
  await settle();
  assert.equal(second.snapshot().status, 'changed');
  await two.adopt();
  await settle();
  assert.equal(second.snapshot().status, 'signed_in');
});

test('what cannot be told now is looked at again, as long as anybody listens', async () => {
  const session = fakeSession();
  const clock = new FakeClock();
  let looks = 0;
  const away = (): Promise<never> => {
    looks += 1;
    return fails('storage_unavailable')();
  };
  session.answer = away;
  const view = viewSession(session, undefined, clock);
  const end = view.subscribe(() => undefined);
  await clock.advance(7_500);
  assert.deepEqual([view.snapshot().status, looks], ['unavailable', 4]);
  session.answer = () => Promise.resolve(MEI);
  await clock.advance(8_000);
  assert.equal(view.snapshot().status, 'signed_in');
  session.answer = away;
  await view.look();
  end();
  await clock.advance(60_000);
  assert.equal(looks, 5);
});

test('nothing changes where nothing has changed, and an older look does not overtake a newer one', async () => {
  const session = fakeSession();
  const view = viewSession(session);
  let changes = 0;
  view.subscribe(() => void changes++);
  await view.look();
  const before = view.snapshot();
  session.tell('renewed');
  await view.look();
  assert.deepEqual([view.snapshot() === before, changes], [true, 1]);
  let letGo: (one: typeof MEI) => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    session.answer = () => {
      resolve();
      return new Promise((answer) => {
        letGo = answer;
      });
    };
  });
  const slow = view.look();
  await asked;
  session.answer = fails('no_session');
  await view.look();
  letGo(MEI);
  await slow;
  assert.equal(view.snapshot().status, 'signed_out');
});

test('a sign-in that the page came back from is ended once, before anybody looks; its failure is told', async () => {
  const session = fakeSession();
  let arrivals = 0;
  session.answer = fails('no_session');
  const view = viewSession(session, async () => {
    arrivals += 1;
    throw new Error('access_denied');
  });
  await Promise.all([view.look(), view.look()]);
  const seen = view.snapshot();
  assert.ok(seen.status === 'signed_out' && seen.error instanceof Error);
  assert.deepEqual([arrivals, seen.error.message], [1, 'access_denied']);
});

test('who does not listen any more leaves nothing behind', () => {
  const session = fakeSession();
  const view = viewSession(session);
  const ends = [view.subscribe(() => undefined), view.subscribe(() => undefined)];
  assert.deepEqual(
    [...session.listeners.values()].map(({ size }) => size),
    [1, 1, 1, 1, 1, 1, 1],
  );
  for (const end of ends) end();
  assert.deepEqual(
    [...session.listeners.values()].map(({ size }) => size),
    [0, 0, 0, 0, 0, 0, 0],
  );
});

test('React: a server renders that it is not known yet; without a provider it is a mistake', () => {
  const Who = (): string => useSession().status;
  assert.equal(renderToString(createElement(SessionProvider, { session: fakeSession() }, createElement(Who))), 'loading');
  assert.throws(() => renderToString(createElement(Who)), TypeError);
});
