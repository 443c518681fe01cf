import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { assertRefused, type Course, originAt, redeem, revoke, runner } from './course.ts';
import type { Ending } from './scenarios.ts';

/** What ends grants. Those without an endpoint yet are asked of the store, as the commands do it. */
export const ENDINGS: Readonly<Record<string, Ending>> = {
  'the refresh token is revoked (RFC 7009 §2.1)': async (course, { tokens, fresh }) => {
    // Where nothing was exchanged yet there is nothing to revoke but the code: showing it with a wrong verifier.
    if (tokens === undefined) assertRefused(await redeem(originAt(course, 1), { ...fresh, verifier: 'w'.repeat(43) }));
    else assert.equal((await revoke(originAt(course, 1), tokens.client, tokens.refresh)).status, 200);
  },
  'the code is shown again (RFC 6749 §4.1.2)': async (course, { tokens, fresh }) => {
    if (tokens !== undefined) assertRefused(await redeem(originAt(course, 1), fresh));
    else assertRefused(await redeem(originAt(course, 1), { ...fresh, verifier: 'w'.repeat(43) }));
  },
  'the user is disabled (attacks REF-10)': async (course) => {
    const { store, tenant } = course.context;
    assert.equal(await store.setUserEnabled(tenant, (await runner(course)).id, false, now(course)), 'done');
  },
  'the password is changed (attacks REF-11)': async (course) => {
    const { store, tenant } = course.context;
    const user = await runner(course);
    const keep = { session: undefined, revokes: 'all' } as const;
    assert.equal((await store.changePassword(tenant, user.id, user.authVersion, user.passwordHash, keep, now(course))).kind, 'done');
  },
  'the user is signed out everywhere (M12)': async (course) => {
    const { store, tenant } = course.context;
    await store.revokeUser(tenant, (await runner(course)).id, 'revoked_by_admin', now(course));
  },
  'the user signs out (RP-Initiated Logout §2)': async (_course, _grant, agent) => {
    const page = await agent.get('/oauth/logout');
    assert.equal(page.name, 'logout');
    const done = await agent.submit(page, { decision: 'sign_out' });
    assert.equal(done.name, 'signed-out');
  },
  'the consent is withdrawn (M16)': async (course, { fresh }) => {
    const { store, tenant } = course.context;
    await store.withdrawConsent(tenant, (await runner(course)).id, clientId(fresh.client.clientId), now(course));
  },
  'the client is revoked (M12)': async (course, { fresh }) => {
    const { store, tenant } = course.context;
    assert.equal(await store.revokeClient(tenant, clientId(fresh.client.clientId), now(course)), 'revoked');
  },
};

/** Those after which no new code may be had either without signing in or agreeing again. */
export const LASTING_ENDINGS: readonly string[] = Object.keys(ENDINGS).filter((name) => /^the (user|password|consent)/.test(name));

/** For the next round: whoever was disabled may sign in again. Nothing comes back to life by it. */
export async function recover(course: Course): Promise<void> {
  const { store, tenant } = course.context;
  assert.equal(await store.setUserEnabled(tenant, (await runner(course)).id, true, now(course)), 'done');
}

function now(course: Course): number {
  return Math.floor(course.context.clock.nowMs() / 1000);
}
