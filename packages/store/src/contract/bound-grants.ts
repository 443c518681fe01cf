import assert from 'node:assert/strict';
import { type Case, grantOf, hashText, makeCode, makeScene, mustFind, NOW, someAccess, someRedemption } from './bench.ts';

export function boundGrantCases(define: Case): void {
  define('what was granted beside scopes, and who acts, stay with a grant for life (RFC 9396 §2, RFC 8693 §4.1)', async (b) => {
    const scene = await makeScene(b);
    const authorizationDetails = [{ type: 'payment', amount: { value: '1.00' }, locations: ['https://api.example'] }, { type: 'näme' }];
    const actor = { sub: 'agent', act: { sub: 'gateway' } };
    const code = await makeCode(b, scene, { authorizationDetails, actor });
    const front = await b.store.createGrant(b.tenant, someAccess(scene, { authorizationDetails, actor }), NOW);
    assert.ok(front.kind === 'created');
    const taken = await b.second.exchangeCode(b.tenant, code, someRedemption(), NOW);
    const rotated = await b.store.rotate(b.tenant, code, 1, 1, NOW + 1);
    const found = [await mustFind(b, code), await mustFind({ ...b, store: b.second }, code), await mustFind(b, front.id)];
    for (const grant of [grantOf(taken), rotated.grant, ...found]) {
      assert.deepEqual(grant?.authorizationDetails, authorizationDetails);
      assert.deepEqual(grant?.actor, actor);
    }
  });

  define('the key that an exchange is bound to is told from then on, in its answer first (RFC 9449 §5)', async (b) => {
    const scene = await makeScene(b);
    const boundKey = `jkt:${hashText('key')}`;
    const id = await makeCode(b, scene);
    assert.equal((await mustFind(b, id)).boundKey, undefined);
    const taken = await b.second.exchangeCode(b.tenant, id, someRedemption({ boundKey }), NOW);
    assert.ok(taken.kind === 'taken');
    assert.equal(taken.grant.boundKey, boundKey);
    const lost = await b.store.exchangeCode(b.tenant, id, someRedemption({ boundKey: 'jkt:other' }), NOW);
    assert.ok(lost.kind === 'lost');
    const rotated = await b.store.rotate(b.tenant, id, 1, 1, NOW + 1);
    for (const grant of [lost.grant, rotated.grant, await mustFind(b, id), await mustFind({ ...b, store: b.second }, id)])
      assert.equal(grant?.boundKey, boundKey);
  });

  define('a name of 128 characters is revoked as one of a few', async (b) => {
    const scene = await makeScene(b);
    const id = await makeCode(b, scene);
    const long = 'x'.repeat(128);
    await b.store.revokeToken(b.tenant, id, long, NOW + 60, NOW);
    assert.equal(await b.second.findRevokedToken(b.tenant, id, long), true);
    assert.equal(await b.store.findRevokedToken(b.tenant, id, long.slice(1)), false);
    assert.equal((await b.store.readRevocations(b.tenant, 0, 1))[0]?.subject, long);
  });
}
