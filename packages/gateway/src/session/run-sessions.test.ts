import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { Browser, openTokenHandler } from '../testing/token-handler-world.ts';
import { runSessions } from './run-sessions.ts';

test('a session that one gateway ends is told of at the others, and what is left of it is revoked when one begins (RFC 7009 §2.1)', async () => {
  const world = await openTokenHandler();
  const browser = new Browser(world.other);
  await browser.signIn();
  const running = runSessions(world.handler);
  while (!running.ends.isFresh) await new Promise((resolve) => setImmediate(resolve));
  const outcome = await running.find(browser.cookieHeader);
  if (outcome.kind !== 'found') assert.fail();
  assert.equal(await running.accessToken(outcome.session), 'at1');
  const told = new Promise((resolve) => running.ends.on(({ id, reason }) => resolve([id, reason])));
  world.issuer.answers.set('/revoke', () => json(503, {}));
  const old = browser.cookieHeader;
  await browser.call('/edge/logout', 'POST');
  assert.deepEqual(await told, [outcome.session.record.id, 'signed_out']);
  assert.equal((await running.find(old)).kind, 'over');
  await running.close();
  world.issuer.answers.set('/revoke', () => json(200, {}));
  world.advance(300);
  const next = runSessions(world.other);
  while (world.revoked().length < 2) await new Promise((resolve) => setImmediate(resolve));
  await next.close();
  assert.deepEqual(world.revoked(), ['rt1', 'rt1']);
});
