/** What a tab of the test does: a session that all tabs share, and a clock that the test sets. */
import { type Clock, systemClock } from '@hufu/client/clock';
import type { SessionPlace } from '@hufu/client/session/place';
import { type SessionRecord, stampOf } from '@hufu/client/session/record';
import { TokenSession } from '@hufu/client/session/token-session';
import { browserPlace } from '@hufu/client/storage/browser';
import { tabPlace } from '@hufu/client/storage/tab';
import { type FirstTokens, renewerByProxy, signedInWith } from '../../support/session-by-proxy.ts';

/** What the test calls. */
export interface Tab {
  signIn(tokens: FirstTokens): Promise<void>;
  signOut(): Promise<void>;
  /** @returns the tokens that so many callers get, or the code of what went wrong */
  tokens(ahead: number, callers: number): Promise<readonly string[]>;
  adopt(): Promise<void>;
  readonly events: string[];
  readonly place: SessionPlace;
  /** A key that can be used and not read, kept with a session and used after it was read. */
  keepKey(): Promise<readonly boolean[]>;
  /** So many who change a record at once. */
  change(name: string, count: number): Promise<number>;
}

declare global {
  interface Window {
    tab: Tab;
  }
}

const asked = new URLSearchParams(location.search);
let ahead = 0;
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + ahead };
const issuer = asked.get('issuer') ?? '';
const lock = asked.get('lock') === 'lease' ? ({ lock: 'lease' } as const) : {};
const place = asked.get('place') === 'tab' ? tabPlace() : browserPlace(lock);
const session = new TokenSession({
  issuer,
  clientId: 'spa',
  slot: asked.get('slot') ?? 'default',
  place,
  renewer: renewerByProxy(issuer, location.origin, asked.get('who') ?? ''),
  clock,
});
const events: string[] = [];
for (const name of ['renewed', 'expired', 'replaced', 'signed_out', 'changed', 'storage_failed'] as const)
  session.on(name, () => events.push(name));

window.tab = {
  signIn: (tokens) => session.signedIn(signedInWith(tokens)),
  signOut: async () => void (await session.signOut()),
  async tokens(now, callers) {
    ahead = now;
    const got = await Promise.all(
      Array.from({ length: callers }, () =>
        session.accessToken().then(
          ({ token }) => token,
          (error: unknown) => `failed: ${String(Reflect.get(Object(error), 'code'))}`,
        ),
      ),
    );
    return [...new Set(got)];
  },
  adopt: () => session.adopt(),
  events,
  place,
  async keepKey() {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const record: SessionRecord = { v: 1, rev: 1, session: 'a', access: {}, dpopKey: pair };
    await place.storage.replace('key', undefined, record);
    const key = (await browserPlace().storage.read('key'))?.dpopKey;
    if (key === undefined) return [];
    const how = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await crypto.subtle.sign(how, key.privateKey, new Uint8Array(3));
    return [key.privateKey.extractable, await crypto.subtle.verify(how, pair.publicKey, signature, new Uint8Array(3))];
  },
  async change(name, count) {
    const first: SessionRecord = { v: 1, rev: 1, session: 'a', refresh: 'r', failures: 0, access: {} };
    await place.storage.replace(name, undefined, first);
    let won = 0;
    await Promise.all(
      Array.from({ length: count }, async () => {
        for (;;) {
          const current = await place.storage.read(name);
          if (current === undefined) throw new Error('it is gone');
          const next = { ...current, rev: current.rev + 1, failures: (current.failures ?? 0) + 1 };
          if ((await place.storage.replace(name, await stampOf(current), next)).kind !== 'replaced') continue;
          won += 1;
          return;
        }
      }),
    );
    return won;
  },
};
