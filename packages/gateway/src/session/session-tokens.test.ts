import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionError } from '@hufu/client/session/session-error';
import { json } from '@hufu/client/testing/issuer';
import { until } from '@hufu/store/contract/until';
import { Browser, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { endSession } from './end-session.ts';
import { findSession } from './find-session.ts';
import type { FoundSession } from './session-contents.ts';
import { type SessionTokens, sessionTokens } from './session-tokens.ts';
import type { TokenHandler } from './token-handler.ts';

interface Scene {
  readonly world: TokenHandlerWorld;
  readonly browser: Browser;
  readonly tokens: readonly [SessionTokens, SessionTokens];
  find(handler?: TokenHandler): Promise<FoundSession>;
  /** Refresh tokens that were sent, in order. */
  refreshed(): readonly string[];
}

async function open(): Promise<Scene> {
  const world = await openTokenHandler();
  const browser = new Browser(world.handler);
  await browser.signIn();
  return {
    world,
    browser,
    tokens: [sessionTokens(world.handler), sessionTokens(world.other)],
    async find(handler = world.handler) {
      const outcome = await findSession(handler, browser.cookieHeader);
      return outcome.kind === 'found' ? outcome.session : assert.fail(outcome.kind);
    },
    refreshed: () => world.issuer.asked.flatMap(({ form }) => form.get('refresh_token') ?? []),
  };
}

test('a hundred requests at two gateways renew an ended token once (RFC 6749 §6, attacks SES)', async () => {
  const { world, tokens, find, refreshed } = await open();
  assert.equal(await tokens[0].accessToken(await find()), 'at1');
  world.advance(301);
  const handlers = [world.handler, world.other];
  const all = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => (tokens[index % 2] ?? assert.fail()).accessToken(await find(handlers[index % 2]))),
  );
  assert.deepEqual([...new Set(all)], ['at2']);
  assert.deepEqual(refreshed(), ['rt1']);
  assert.equal(await tokens[1].accessToken(await find()), 'at2');
});

test('nobody waits while the token lives: it is renewed behind them, a minute before its end', async () => {
  const { world, tokens, find, refreshed } = await open();
  world.advance(239);
  assert.equal(await tokens[0].accessToken(await find()), 'at1');
  assert.deepEqual(refreshed(), []);
  world.advance(2);
  let answer = (): void => {};
  const first = world.issuer.answers.get('/token') ?? assert.fail();
  world.issuer.answers.set('/token', async (asked) => {
    await new Promise<void>((resolve) => (answer = resolve));
    return await first(asked);
  });
  for (let index = 0; index < 5; index += 1) assert.equal(await tokens[0].accessToken(await find()), 'at1');
  await until(() => refreshed().length > 0);
  answer();
  await until(async () => (await tokens[0].accessToken(await find())) === 'at2');
  assert.deepEqual(refreshed(), ['rt1']);
});

test('an issuer that is away costs a session nothing: its token serves to its end, then it is "later", and it goes on afterwards', async () => {
  const { world, tokens, find, browser } = await open();
  const first = world.issuer.answers.get('/token') ?? assert.fail();
  world.issuer.answers.set('/token', () => json(503, {}, { 'retry-after': '1' }));
  world.advance(290);
  assert.equal(await tokens[0].accessToken(await find()), 'at1');
  world.advance(20);
  await assert.rejects(tokens[0].accessToken(await find()), (error) => error instanceof SessionError && error.retryable);
  assert.equal((await browser.call('/edge/session'))['signed_in'], true);
  world.issuer.answers.set('/token', first);
  world.advance(300);
  assert.equal(await tokens[1].accessToken(await find()), 'at2');
});

test('a refresh token that the issuer refuses ends the session at every gateway, with its reason (RFC 6749 §5.2)', async () => {
  for (const [description, reason] of [
    ['over', 'token_refused'],
    ['session_replaced: another device', 'replaced'],
  ]) {
    const { world, tokens, find, browser } = await open();
    world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant', error_description: description }));
    world.advance(301);
    await assert.rejects(tokens[0].accessToken(await find()), (error) => error instanceof SessionError && !error.retryable);
    browser.handler = world.other;
    const said = await browser.call('/edge/session');
    assert.deepEqual([said['signed_in'], said['reason']], [false, reason]);
    assert.equal((await world.store.readEdgeEnds(world.handler.tenant, 'main', 0, 9)).length, 1);
  }
});

test('who signs out while a token is renewed gets none, and the new refresh token is revoked (attacks SES)', async () => {
  const { world, tokens, find } = await open();
  const first = world.issuer.answers.get('/token') ?? assert.fail();
  const session = await find();
  world.issuer.answers.set('/token', async (asked) => {
    const ended = await endSession(world.other, session.record.id, 'signed_out');
    await ended?.revoked;
    return await first(asked);
  });
  world.advance(301);
  await assert.rejects(tokens[0].accessToken(session), (error) => error instanceof SessionError && error.code === 'signed_out');
  assert.deepEqual(world.revoked(), ['rt1', 'rt2']);
});
