import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { Admission } from '../port.ts';
import { type Case, DAY, makeScene, makeSession, makeUser, NOW, race, type Scene, someClient } from './bench.ts';

export function admissionCases(define: Case): void {
  for (const participation of [undefined, { sid: 'sid', backchannel: true }]) {
    const kind = participation === undefined ? 'without' : 'with';
    define(
      `an admission ${kind} a participation is refused for the same reasons as a grant, in the same order, and leaves no grant`,
      async (b) => {
        const { store, second, tenant } = b;
        const scene = await makeScene(b);
        const bobs = await makeSession(b, await makeUser(b, 'bob'));
        let number = 0;
        const reason = async (change: Partial<Admission> = {}, now = NOW): Promise<string> => {
          number += 1;
          const answer = await (number % 2 === 0 ? store : second).admit(
            tenant,
            { ...someAdmission(scene), participation, ...change },
            now,
          );
          return answer.kind === 'refused' ? answer.reason : answer.kind;
        };
        assert.equal(await reason(), 'admitted');
        assert.equal(await reason({ sessionId: bobs.id }), 'session_ended');
        assert.equal(await reason({}, NOW + DAY), 'session_ended');
        assert.equal(await reason({ clientId: clientId('nobody') }), 'client_inactive');
        assert.equal(await reason({ needsConsent: true }), 'consent_missing');
        await store.giveConsent(tenant, scene.user.id, scene.client.clientId, ['openid'], [], NOW);
        assert.equal(await reason({ needsConsent: true }), 'consent_missing');
        assert.equal(await reason({ needsConsent: true, scopes: ['openid'] }), 'admitted');
        await store.withdrawConsent(tenant, scene.user.id, scene.client.clientId, NOW);
        assert.equal(await reason({ needsConsent: true, scopes: ['openid'] }), 'consent_missing');
        await second.endSession(tenant, scene.session.id, 'signed_out', NOW);
        assert.equal(await reason({ needsConsent: true }), 'session_ended');
        await second.putClient(tenant, { ...someClient(), enabled: false }, NOW);
        assert.equal(await reason({ needsConsent: true }), 'client_inactive');
        await second.setUserEnabled(tenant, scene.user.id, false, NOW);
        assert.equal(await reason({ needsConsent: true }), 'user_inactive');
        assert.equal(await b.countRows('grants'), 0);
        assert.equal(await b.countRows('participants'), participation === undefined ? 0 : 1);
      },
    );
  }

  define('nobody needs a session to be admitted', async (b) => {
    const scene = await makeScene(b);
    assert.deepEqual(await b.store.admit(b.tenant, { ...someAdmission(scene), sessionId: undefined }, NOW), { kind: 'admitted' });
  });

  define('nobody is admitted to a session whose end was acknowledged, nor to a user’s who was disabled', async (b) => {
    for (const end of ['session', 'user'] as const) {
      const scene = await makeScene(b, b.tenant, end);
      let isOver = false;
      const late: string[] = [];
      await race(b, async (store, index) => {
        if (index === 20) {
          if (end === 'session') await store.endSession(b.tenant, scene.session.id, 'signed_out', NOW);
          else await store.setUserEnabled(b.tenant, scene.user.id, false, NOW);
          isOver = true;
          return;
        }
        for (let step = 0; step < 3; step += 1) {
          const beganLate = isOver;
          const { kind } = await store.admit(b.tenant, someAdmission(scene), NOW);
          if (beganLate) late.push(kind);
        }
      });
      late.push((await b.second.admit(b.tenant, someAdmission(scene), NOW)).kind);
      assert.deepEqual(new Set(late), new Set(['refused']));
    }
  });
}

function someAdmission(scene: Scene): Admission {
  return {
    userId: scene.user.id,
    subject: scene.user.sub,
    clientId: scene.client.clientId,
    sessionId: scene.session.id,
    scopes: ['openid', 'email'],
    needsConsent: false,
    participation: undefined,
  };
}
