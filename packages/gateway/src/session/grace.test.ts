import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '@hufu/client/testing/issuer';
import { FINE, type Finding } from '@hufu/resource/revocations';
import { makeKey, signToken } from '@hufu/resource/testing/issuer';
import type { SessionAnswer } from '../identify/session-source.ts';
import { Browser, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { runSessions } from './run-sessions.ts';
import { sessionSource } from './session-source.ts';
import type { TokenHandler, TokenHandlerSettings } from './token-handler.ts';

const JWT = signToken(makeKey('ES256', 'k'), { jti: 'j', client_id: 'edge', iat: 1, sub: 'mei' });

interface Scene {
  readonly world: TokenHandlerWorld;
  find(): Promise<SessionAnswer>;
  /** Requests for tokens since the sign-in. */
  asked(): number;
}

async function scene(
  settings: Partial<TokenHandlerSettings>,
  use: (scene: Scene) => Promise<void>,
  revocations?: TokenHandler['revocations'],
): Promise<void> {
  const world = await openTokenHandler(settings);
  const handler: TokenHandler = { ...world.handler, ...(revocations !== undefined && { revocations }) };
  const answer = world.issuer.answers.get('/token') ?? assert.fail();
  // What a feed can name is a JWT.
  if (revocations !== undefined)
    world.issuer.answers.set('/token', async (asked) => json(200, { ...(await (await answer(asked)).json()), access_token: JWT }));
  const browser = new Browser(handler);
  await browser.signIn();
  const running = runSessions(handler);
  await running.ends.look();
  const source = sessionSource(handler, running);
  const find = async (): Promise<SessionAnswer> => await source.find(browser.cookieHeader ?? '', undefined);
  const asked = (): number => world.issuer.asked.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
  try {
    await use({ world, find, asked });
  } finally {
    await running.close();
  }
}

test('while the issuer is away an ended token goes on for its grace, once, and the next try is after the back-off; then all is as before (RFC 6749 §6)', async () => {
  await scene({ graceSeconds: 60 }, async ({ world, find, asked }) => {
    const answer = world.issuer.answers.get('/token') ?? assert.fail();
    world.issuer.answers.set('/token', () => json(503, {}, { 'retry-after': '20' }));
    world.advance(301);
    const until = Math.floor(world.issuer.nowMs / 1_000) - 1 + 60;
    const all = await Promise.all(Array.from({ length: 20 }, () => find()));
    for (const one of all) assert.deepEqual([Object(one).token, Math.round(Object(one).lenientUntil)], ['at1', until]);
    assert.equal(asked(), 1, 'one mark for when it is tried again, for all of them');
    world.advance(10);
    assert.equal(Math.round(Object(await find()).lenientUntil), until, 'the grace does not begin anew');
    assert.equal(asked(), 1);
    world.advance(20);
    await find();
    assert.equal(asked(), 2);
    world.advance(30);
    await assert.rejects(find());
    world.issuer.answers.set('/token', answer);
    world.advance(300);
    const back = await find();
    assert.deepEqual([Object(back).token, Object(back).lenientUntil], ['at2', undefined]);
  });
});

test('without a grace, for an issuer that says no, and for sessions of cookies nothing goes on', async () => {
  for (const settings of [{}, { graceSeconds: 60, keep: 'cookie' as const }]) {
    await scene(settings, async ({ world, find }) => {
      world.issuer.answers.set('/token', () => json(503, {}));
      world.advance(301);
      await assert.rejects(find());
    });
  }
  await scene({ graceSeconds: 60 }, async ({ world, find }) => {
    world.issuer.answers.set('/token', () => json(400, { error: 'invalid_grant' }));
    world.advance(301);
    assert.deepEqual(await find(), { kind: 'over', reason: 'expired' });
  });
  await assert.rejects(openTokenHandler({ graceSeconds: 601 }), /grace/);
});

test('the grace ends as long after the last word of the feed too, and never covers what the feed has named', async () => {
  let [ageMs, finding]: [number, Finding] = [0, FINE];
  const feed = { look: () => finding, ageMs: () => ageMs };
  await scene(
    { graceSeconds: 60 },
    async ({ world, find }) => {
      world.issuer.answers.set('/token', async () => json(503, {}));
      world.advance(310);
      ageMs = 20_000;
      const now = world.issuer.nowMs / 1_000;
      assert.equal(Math.round(Object(await find()).lenientUntil), Math.round(now - 20 + 60));
      ageMs = 60_000;
      await assert.rejects(find());
      ageMs = Number.POSITIVE_INFINITY;
      await assert.rejects(find());
      ageMs = 0;
      assert.equal((await find()).kind, 'found');
      finding = { kind: 'revoked', reason: 'revoked_by_admin' };
      await assert.rejects(find());
    },
    feed,
  );
});
