import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Clock, systemClock } from '@hufu/client/clock';
import { SessionError } from '@hufu/client/session/session-error';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { memoryPlace } from '@hufu/client/storage/memory';
import { type Course, freshTokens, isActive, memoryCourse, revoke, SPA } from '../race/course.ts';
import { Agent } from '../support/agent.ts';
import { renewerByProxy, signedInWith } from '../support/session-by-proxy.ts';
import { startTokenProxy, type TokenProxy } from '../support/token-proxy.ts';

const HOUR = 3_600_000;

describe('a token session at Hufu', () => {
  let course: Course;
  let proxy: TokenProxy;
  let origin: string;
  before(async () => {
    course = await memoryCourse();
    origin = course.origins[0] ?? '';
    proxy = await startTokenProxy(() => origin);
  });
  after(async () => {
    await proxy.stop();
    await course.stop();
  });

  /** Seconds in it go by in a fiftieth, and its clock is set. */
  async function open(): Promise<{
    readonly session: TokenSession;
    readonly events: string[];
    readonly refresh: string;
    readonly advance: (ms: number) => void;
  }> {
    let ahead = 0;
    const clock: Clock = {
      ...systemClock,
      nowMs: () => systemClock.nowMs() + ahead,
      // What is waited for is over when it is.
      after: (ms, keeps, call) =>
        systemClock.after(ms / 50, keeps, () => {
          ahead += ms - ms / 50;
          call();
        }),
    };
    const session = new TokenSession({
      issuer: origin,
      clientId: SPA.clientId,
      place: memoryPlace(),
      renewer: renewerByProxy(course.context.issuer, proxy.origin),
      clock,
    });
    const events: string[] = [];
    for (const name of ['expired', 'replaced', 'signed_out'] as const) session.on(name, ({ reason }) => events.push(`${name}: ${reason}`));
    const { access, refresh, idToken = '' } = await freshTokens(course, new Agent(origin), SPA);
    await session.signedIn(signedInWith({ access, refresh, idToken }));
    proxy.reset();
    return { session, events, refresh, advance: (ms) => void (ahead += ms) };
  }

  test('loses nothing where answers get lost after the server has acted: the same successor comes again', async () => {
    const { session, events, advance } = await open();
    for (let round = 0; round < 3; round++) {
      proxy.reset();
      proxy.losing = 2;
      advance(HOUR);
      await assert.rejects(session.accessToken(), (error) => error instanceof SessionError && error.retryable);
      for (let turn = 0; turn < 1_000 && proxy.requests.length < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
      const { token } = await session.accessToken();
      assert.ok(await isActive(origin, token));
      assert.equal(new Set(proxy.requests.map(({ refreshToken }) => refreshToken)).size, 1);
      assert.deepEqual(
        proxy.requests.map(({ status }) => status),
        [200, 200, 200],
      );
    }
    assert.deepEqual(events, []);
    await session.close();
  });

  test('tells why it is over in the words of the server', async () => {
    const { session, events, refresh, advance } = await open();
    await revoke(origin, SPA, refresh);
    advance(HOUR);
    await assert.rejects(session.accessToken(), (error) => error instanceof SessionError && error.code === 'signed_out');
    assert.equal(events.length, 1);
    assert.match(events[0] ?? '', /^signed_out: session_terminated: the sign-in was ended on 20/);
    await session.close();
  });

  test('is over at the server when it is signed out here (RFC 7009 §2.1)', async () => {
    const { session } = await open();
    const { token } = await session.accessToken();
    assert.ok(await isActive(origin, token));
    await session.signOut();
    assert.equal(await isActive(origin, token), false);
    await session.close();
  });

  test('renews at the 401 of a real resource, userinfo (RFC 6750 §3.1)', async () => {
    const { session, refresh, advance } = await open();
    // The server ends the access token alone; the session does not know.
    const { token } = await session.accessToken();
    await revoke(origin, SPA, token);
    advance(60_000);
    const reply = await sessionFetch(session, { audiences: [origin] })(`${origin}/oauth/userinfo`);
    assert.equal(reply.status, 200, `${refresh.slice(0, 4)}: ${await reply.text()}`);
    assert.equal(proxy.requests.length, 1);
    await session.close();
  });
});
