import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { Browser, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { passportEffects } from './passport-effects.ts';
import { type RunningSessions, runSessions } from './run-sessions.ts';

interface Ground {
  readonly world: TokenHandlerWorld;
  readonly running: RunningSessions;
  readonly effects: ReturnType<typeof passportEffects>;
}

async function ground(act: (ground: Ground) => Promise<void>): Promise<void> {
  const world = await openTokenHandler();
  const running = runSessions(world.handler);
  try {
    await act({ world, running, effects: passportEffects(world.handler, running) });
  } finally {
    await running.close();
  }
}

async function idOf(running: RunningSessions, browser: Browser): Promise<string | undefined> {
  const outcome = await running.find(browser.cookieHeader);
  return outcome.kind === 'found' ? outcome.session.record.id : undefined;
}

test('a session that a service ends is over at once, tells its end, and its refresh token is revoked', async () => {
  await ground(async ({ world, running, effects }) => {
    const [mei, other] = [new Browser(world.handler), new Browser(world.handler)];
    await mei.signIn();
    await other.signIn();
    const ended: string[] = [];
    running.ends.on(({ id }) => ended.push(id));
    await running.ends.look();
    const id = (await idOf(running, mei)) ?? assert.fail('no session');
    await effects.endSession(id);
    assert.equal(await idOf(running, mei), undefined);
    assert.ok((await idOf(running, other)) !== undefined);
    assert.deepEqual(ended, [id]);
    assert.match(effects.clearing[0] ?? '', /^__Host-Http-hufu-[\w-]{8}=; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=0$/);
    await effects.endSession(id);
    await until(() => world.revoked().length > 0);
    assert.deepEqual(world.revoked(), ['rt1']);
  });
});

test('all sessions of a person end, and those of nobody at another issuer who has the same name', async () => {
  await ground(async ({ world, running, effects }) => {
    const [one, two] = [new Browser(world.handler), new Browser(world.handler)];
    await one.signIn();
    await two.signIn();
    const outcome = await running.find(one.cookieHeader);
    const sub = outcome.kind === 'found' ? outcome.session.contents.sub : assert.fail(outcome.kind);
    await effects.endSubject('https://other.example', sub);
    assert.ok((await idOf(running, one)) !== undefined);
    await effects.endSubject(world.handler.client.issuer, sub);
    assert.deepEqual([await idOf(running, one), await idOf(running, two)], [undefined, undefined]);
  });
});

test('a token that is not quite new is renewed before its time, and the next request has the new one', async () => {
  await ground(async ({ world, running, effects }) => {
    const mei = new Browser(world.handler);
    await mei.signIn();
    const tokenOf = async (): Promise<string> => {
      const outcome = await running.find(mei.cookieHeader);
      return outcome.kind === 'found' ? running.accessToken(outcome.session) : assert.fail(outcome.kind);
    };
    const id = (await idOf(running, mei)) ?? assert.fail('no session');
    assert.equal(await tokenOf(), 'at1');
    world.advance(31);
    effects.renew(id);
    await until(async () => (await tokenOf()) !== 'at1');
    assert.equal(await tokenOf(), 'at2');
    effects.renew('nobody');
  });
});
