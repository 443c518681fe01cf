import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { type Outage, withOutages } from '@hufu/store/slow';
import { Browser, openTokenHandler, type TokenHandlerWorld } from '../testing/token-handler-world.ts';
import { endSession } from './end-session.ts';
import { noteUse } from './find-session.ts';
import { SessionEnds } from './session-ends.ts';
import { sessionFinder } from './session-finder.ts';
import { sessionTokens } from './session-tokens.ts';
import type { TokenHandler } from './token-handler.ts';

interface Scene {
  readonly world: TokenHandlerWorld;
  readonly handler: TokenHandler;
  readonly browser: Browser;
  readonly ends: SessionEnds;
  readonly reads: { count: number };
  find(): Promise<string>;
  /** Milliseconds that went by, by no clock on the wall. */
  pass(ms: number): void;
  setOutage(outage: Outage): void;
}

async function open(): Promise<Scene> {
  const reads = { count: 0 };
  let outage: Outage = 'none';
  const store = withOutages(await openMemory(), (verb) => {
    if (verb === 'findEdgeRecord') reads.count += 1;
    return outage;
  });
  const world = await openTokenHandler({}, store);
  let progress = 0;
  const handler = { ...world.handler, clock: { ...world.handler.clock, progressMs: () => progress } };
  const browser = new Browser(handler);
  await browser.signIn();
  const ends = new SessionEnds(handler);
  await ends.look();
  const finder = sessionFinder(handler, ends);
  reads.count = 0;
  return {
    world,
    handler,
    browser,
    ends,
    reads,
    async find() {
      const outcome = await finder(browser.cookieHeader);
      if (outcome.kind === 'found') await noteUse(handler, outcome.session);
      return outcome.kind === 'over' ? outcome.reason : outcome.kind;
    },
    pass(ms) {
      progress += ms;
    },
    setOutage(next) {
      outage = next;
    },
  };
}

test('while the log of ends is fresh a session is read once, and what another gateway ends is over with the next look', async () => {
  const { world, ends, reads, find, browser } = await open();
  for (let index = 0; index < 10; index += 1) assert.equal(await find(), 'found');
  assert.equal(reads.count, 1);
  const told: unknown[] = [];
  ends.on(({ reason }) => told.push(reason));
  const record = (await world.store.takeEdgeTombstones(world.handler.tenant, 'main', 1, 1, 1)).length;
  assert.equal(record, 0);
  await new Browser(world.other).ask('/edge/logout', { method: 'POST', headers: { 'x-csrf': '1', cookie: browser.cookieHeader ?? '' } });
  assert.equal(await find(), 'found', 'nobody has looked yet');
  await ends.look();
  assert.equal(await find(), 'signed_out');
  assert.deepEqual(told, ['signed_out']);
});

test('a second without a look makes all that is remembered worthless, and a store that is away is no sign-out', async () => {
  const { reads, find, pass, ends, setOutage } = await open();
  await find();
  pass(1_000);
  await find();
  assert.equal(reads.count, 1);
  pass(1);
  setOutage('before');
  await assert.rejects(ends.look());
  await assert.rejects(find());
  setOutage('none');
  assert.equal(await find(), 'found');
  assert.equal(await find(), 'found');
  assert.equal(reads.count, 4, 'not fresh yet');
  await ends.look();
  await find();
  await find();
  assert.equal(reads.count, 5);
});

test('what ends while it is read is not remembered', async () => {
  const { handler, ends, browser } = await open();
  let during: (() => Promise<void>) | undefined;
  const store: TokenHandler['store'] = {
    ...edgeVerbs(handler.store),
    findEdgeRecord: async (...args) => {
      const answer = await handler.store.findEdgeRecord(...args);
      const act = during;
      during = undefined;
      await act?.();
      return answer;
    },
  };
  const finder = sessionFinder({ ...handler, store }, ends);
  const first = await finder(browser.cookieHeader);
  const id = first.kind === 'found' ? first.session.record.id : assert.fail();
  const fresh = sessionFinder({ ...handler, store }, ends);
  during = async () => {
    await endSession(handler, id, 'cleared');
    await ends.look();
  };
  await fresh(browser.cookieHeader);
  assert.equal((await fresh(browser.cookieHeader)).kind, 'over');
});

test('a session whose token another gateway has renewed is read anew', async () => {
  const { world, find, reads, browser } = await open();
  await find();
  world.advance(301);
  const others = sessionTokens(world.other);
  const ends = new SessionEnds(world.other);
  const found = await sessionFinder(world.other, ends)(browser.cookieHeader);
  if (found.kind !== 'found') assert.fail();
  await others.accessToken(found.session);
  await others.close();
  const before = reads.count;
  assert.equal(await find(), 'found');
  assert.equal(await find(), 'found');
  assert.equal(reads.count, before + 1);
});

test('following looks by itself until it is closed', async () => {
  const { world } = await open();
  const ends = new SessionEnds(world.handler);
  assert.equal(ends.isFresh, false);
  ends.start();
  await until(() => ends.isFresh);
  await ends.close();
});

/** A store behind a proxy has no members of its own to spread. */
function edgeVerbs(store: TokenHandler['store']): TokenHandler['store'] {
  return {
    putEdgeRecord: (...args) => store.putEdgeRecord(...args),
    findEdgeRecord: (...args) => store.findEdgeRecord(...args),
    replaceEdgeRecord: (...args) => store.replaceEdgeRecord(...args),
    touchEdgeRecord: (...args) => store.touchEdgeRecord(...args),
    endEdgeRecord: (...args) => store.endEdgeRecord(...args),
    endEdgeSessions: (...args) => store.endEdgeSessions(...args),
    readEdgeEnds: (...args) => store.readEdgeEnds(...args),
    readEdgeHead: (...args) => store.readEdgeHead(...args),
    takeEdgeTombstones: (...args) => store.takeEdgeTombstones(...args),
    settleEdgeTombstone: (...args) => store.settleEdgeTombstone(...args),
  };
}
