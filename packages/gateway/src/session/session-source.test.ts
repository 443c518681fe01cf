import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { type Outage, withOutages } from '@hufu/store/slow';
import type { SessionSource } from '../identify/session-source.ts';
import { Browser, ORIGIN, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { endSession } from './end-session.ts';
import { runSessions } from './run-sessions.ts';
import { handleOf } from './session-contents.ts';
import { readPresented } from './session-cookie.ts';
import { sessionSource } from './session-source.ts';
import type { TokenHandler, TokenHandlerSettings } from './token-handler.ts';

interface Scene {
  readonly world: TokenHandlerWorld;
  readonly source: SessionSource;
  readonly browser: Browser;
  /** Under which the session is kept. */
  readonly id: string;
  find(handle?: string): Promise<object>;
  setOutage(outage: Outage): void;
}

async function scene(more: Partial<TokenHandlerSettings>, use: (scene: Scene) => Promise<void>): Promise<void> {
  let outage: Outage = 'none';
  const world = await openTokenHandler(
    more,
    withOutages(await openMemory(), () => outage),
  );
  const browser = new Browser(world.handler);
  await browser.signIn();
  const running = runSessions(world.handler);
  await running.ends.look();
  const source = sessionSource(world.handler, running);
  try {
    await use({
      world,
      source,
      browser,
      id: sessionIdOf(world.handler, browser),
      find: async (handle) => await source.find(browser.cookieHeader ?? '', handle),
      setOutage(next) {
        outage = next;
      },
    });
  } finally {
    await running.close();
  }
}

function sessionIdOf(handler: TokenHandler, { cookieHeader }: Browser): string {
  const presented = readPresented(handler, cookieHeader);
  return typeof presented === 'object' ? presented.id : assert.fail('no session');
}

test('a session is found with an access token that is good now, for the page that means it (draft-ietf-oauth-browser-based-apps §6.1.2)', async () => {
  await scene({}, async ({ world, source, id, find }) => {
    assert.deepEqual([...source.origins], [ORIGIN, 'https://www.app.example']);
    const expiresAt = Math.floor(world.issuer.nowMs / 1_000) + 86_400;
    const livesUntil = expiresAt - 86_400 + 3_600;
    assert.deepEqual(await find(), { kind: 'found', id, token: 'at1', expiresAt, livesUntil });
    const handle = handleOf(world.handler, id);
    assert.equal(Object(await find(handle)).kind, 'found');
    assert.deepEqual(await find(`${handle}x`), { kind: 'changed' });
    assert.deepEqual(await source.find('a=b', undefined), { kind: 'none' });
    world.advance(301);
    assert.deepEqual(await find(), { kind: 'found', id, token: 'at2', expiresAt, livesUntil });
  });
});

test('what is left of sign-ins is cleared without the session', async () => {
  await scene({}, async ({ source, browser, world }) => {
    await browser.begin();
    const { session } = world.handler.cookies;
    assert.ok(browser.jar.has(session));
    const lines = source.clearing?.(browser.cookieHeader ?? '') ?? [];
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', new RegExp(`^${session}-tx-[\\w-]{8}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0$`));
  });
});

test('a use is noted, so that a session that is used does not end for that', async () => {
  await scene({}, async ({ world, id, find }) => {
    const seenAt = async (): Promise<number | undefined> =>
      (await world.store.findEdgeRecord(world.handler.tenant, 'main', id))?.lastSeenAt;
    const before = await seenAt();
    world.advance(3_000);
    await find();
    // Nobody waits for the note.
    await until(async () => (await seenAt()) !== before);
    world.advance(3_000);
    assert.equal(Object(await find()).kind, 'found');
    world.advance(3_700);
    assert.deepEqual(await find(), { kind: 'over', reason: 'expired' });
  });
});

for (const keep of ['server', 'cookie'] as const)
  test(`whoever asks how long a session lives is told what all gateways of the edge have seen of it (kept by the ${keep})`, async () => {
    await scene({ keep }, async ({ world, source, id, find }) => {
      const begun = Math.floor(world.issuer.nowMs / 1_000);
      assert.equal(await source.livesUntil(id), begun + 3_600);
      world.advance(3_000);
      await world.store.touchEdgeRecord(world.handler.tenant, 'main', id, begun + 3_000);
      assert.equal(await source.livesUntil(id), begun + 6_600);
      assert.equal(await source.livesUntil('x'), undefined);
      world.advance(3_599);
      assert.equal(await source.livesUntil(id), begun + 6_600);
      world.advance(1);
      assert.equal(await source.livesUntil(id), undefined);
      assert.deepEqual(await find(), { kind: 'over', reason: 'expired' });
      // Who comes too late revives nothing.
      await world.store.touchEdgeRecord(world.handler.tenant, 'main', id, begun + 6_601);
      assert.equal(await source.livesUntil(id), undefined);
    });
  });

test('a session that is over says why, and whoever listens is told its id', async () => {
  await scene({}, async ({ world, source, id, find }) => {
    const ended = new Promise<string>((resolve) => {
      source.onEnd(resolve);
    });
    await endSession(world.other, id, 'replaced');
    assert.equal(await ended, id);
    const when = new Date(Math.floor(world.issuer.nowMs / 1_000) * 1_000).toISOString().slice(0, 19);
    const detail = `the user signed in on another device on ${when}Z`;
    assert.deepEqual(await find(), { kind: 'over', reason: 'session_replaced', detail });
  });
});

test('an issuer that refuses the refresh token ends the session (RFC 6749 §5.2); one that is away, and a store that is, do not', async () => {
  await scene({}, async ({ world, find, setOutage }) => {
    const answer = world.issuer.answers.get('/token');
    world.advance(301);
    world.issuer.answers.set('/token', () => json(503, { error: 'temporarily_unavailable' }));
    await assert.rejects(find());
    setOutage('before');
    await assert.rejects(find());
    setOutage('none');
    if (answer !== undefined) world.issuer.answers.set('/token', answer);
    world.advance(60);
    assert.equal(Object(await find()).kind, 'found');
    world.advance(301);
    world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant' }));
    assert.deepEqual(await find(), { kind: 'over', reason: 'expired' });
    assert.equal(Object(await find()).kind, 'over');
  });
});
