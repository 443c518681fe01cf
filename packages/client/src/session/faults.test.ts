import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../bytes.ts';
import { MemoryLock, MemoryStorage } from '../storage/memory.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeServer, failure } from '../testing/fake-server.ts';
import type { HeldLock, SessionPlace } from './place.ts';
import type { Renewer } from './renewer.ts';
import { TokenSession } from './token-session.ts';

/** What may happen to a request: nothing, a no, silence before the server acts, and silence after it has. */
const ANSWERS = ['good', 'busy', 'lost before', 'lost after'] as const;

type Step =
  | { readonly kind: 'ask'; readonly tab: number }
  | { readonly kind: 'refused'; readonly tab: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'answers'; readonly how: (typeof ANSWERS)[number]; readonly latencyMs: number }
  /** So many writes from now on fail. */
  | { readonly kind: 'disk'; readonly writes: number }
  /** A tab is gone, whatever it was doing, and another one is opened. */
  | { readonly kind: 'crash'; readonly tab: number };

const TABS = 3;
let count = 0;

/** A tab whose every act ends with it. */
class FragileTab {
  readonly session: TokenSession;
  readonly events: string[] = [];
  last = '';
  #dead = false;
  readonly #held = new Set<HeldLock>();

  constructor(place: SessionPlace, server: Renewer, clock: FakeClock) {
    const alive = async <Value>(work: () => Promise<Value>): Promise<Value> => {
      if (this.#dead) return new Promise(() => {});
      const value = await work();
      return this.#dead ? new Promise(() => {}) : value;
    };
    const { storage, lock } = place;
    this.session = new TokenSession({
      issuer: 'https://as.example',
      clientId: 'app',
      clock,
      place: {
        storage: {
          reach: 'process',
          read: (name) => alive(() => storage.read(name)),
          replace: (...parameters) => alive(() => storage.replace(...parameters)),
        },
        lock: {
          reach: 'process',
          me: `${lock.me} ${++count}`,
          acquire: async (name, signal) => {
            const held = await alive(() => lock.acquire(name, signal));
            this.#held.add(held);
            return { ...held, release: () => alive(() => held.release()) };
          },
        },
      },
      renewer: {
        refresh: (...parameters) => alive(() => server.refresh(...parameters)),
        validate: (...parameters) => alive(() => server.validate(...parameters)),
        revoke: (token) => alive(() => server.revoke(token)),
      },
    });
    for (const name of ['expired', 'replaced', 'signed_out', 'changed'] as const) this.session.on(name, () => this.events.push(name));
  }

  ask(renewAfter?: string): void {
    this.session.accessToken(renewAfter === undefined ? {} : { renewAfter }).then(
      ({ token }) => {
        this.last = token;
      },
      () => undefined,
    );
  }

  /** As a browser lets go of a tab's locks. */
  async crash(): Promise<void> {
    this.#dead = true;
    for (const held of this.#held) await held.release();
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('ask' as const), tab: fc.nat(TABS - 1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('refused' as const), tab: fc.nat(TABS - 1) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 6_000, 25_000, 290_000) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('answers' as const),
        how: fc.constantFrom(...ANSWERS),
        latencyMs: fc.constantFrom(0, 500, 9_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('disk' as const), writes: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), tab: fc.nat(TABS - 1) }) },
  ),
  { minLength: 5, maxLength: 25 },
);

/** At a strict server the steps in which it acts and nobody hears of it are left out: no client survives them. */
async function run(taken: readonly Step[], kind: 'Hufu' | 'strict'): Promise<void> {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  server.overlaps = kind === 'Hufu';
  let failing = 0;
  const inner = new MemoryStorage();
  const storage = Object.assign(new MemoryStorage(), {
    read: (name: string) => inner.read(name),
    replace: async (...parameters: Parameters<MemoryStorage['replace']>) => {
      if (failing > 0) {
        failing -= 1;
        throw new Error('the disk is full');
      }
      return inner.replace(...parameters);
    },
  });
  const place = { storage, lock: new MemoryLock() };
  const open = (): FragileTab => new FragileTab(place, server, clock);
  const tabs = Array.from({ length: TABS }, open);
  const all = [...tabs];
  await tabs[0]?.session.signedIn(await server.signIn());
  for (const step of taken) {
    const tab = 'tab' in step ? tabs[step.tab] : undefined;
    switch (step.kind) {
      case 'ask':
        tab?.ask();
        break;
      case 'refused':
        if (tab !== undefined && tab.last !== '') tab.ask(tab.last);
        break;
      case 'wait':
        await clock.advance(step.ms);
        break;
      case 'answers':
        server.latencyMs = kind === 'Hufu' ? step.latencyMs : 0;
        server.before = step.how === 'busy' || step.how === 'lost before' ? () => fail(step.how) : undefined;
        server.after = step.how === 'lost after' && kind === 'Hufu' ? () => fail(step.how) : undefined;
        break;
      case 'disk':
        failing = step.writes;
        break;
      case 'crash': {
        // What the server does about a request of a strict one is seen by whoever sent it.
        if (kind === 'strict') await clock.advance(1);
        await tab?.crash();
        const fresh = open();
        tabs[step.tab] = fresh;
        all.push(fresh);
        break;
      }
    }
  }
  // Everything heals.
  Object.assign(server, { before: undefined, after: undefined, latencyMs: 0 });
  failing = 0;
  await clock.advance(61_000);
  for (const tab of tabs) tab.ask();
  await clock.advance(61_000);
  const got = await Promise.all(tabs.map(({ session }) => session.accessToken()));
  assert.equal(new Set(got.map(({ token }) => token)).size, 1);
  assert.deepEqual(
    all.flatMap(({ events }) => events),
    [],
    'nobody is signed out',
  );
  assert.notEqual(server.current, undefined, 'and the grant lives');
  const name = await sha256(JSON.stringify(['https://as.example', 'app', 'default']));
  assert.equal((await inner.read(name))?.refresh, server.current);
  await Promise.all(tabs.map(({ session }) => session.close()));
}

function fail(how: string): never {
  throw failure(how === 'busy' ? { kind: 'unavailable', status: 503 } : { kind: 'unreachable' });
}

const numRuns = process.env['HUFU_LONG'] === undefined ? 15 : 500;

for (const kind of ['Hufu', 'strict'] as const) {
  test(`whatever fails in whatever order at a ${kind === 'Hufu' ? 'server like Hufu' : 'strict server that is heard'}, nobody is signed out (attacks SDK-07)`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, (taken) => run(taken, kind)),
      { numRuns, seed: 20_261_122, interruptAfterTimeLimit: 600_000 },
    );
  });
}
