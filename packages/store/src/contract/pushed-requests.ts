import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import type { PushedRequest } from '../port.ts';
import { FALL_AFTER_SECONDS, MAX_PUSHED_REQUEST, PURGE_EVERY, PUSHED_REQUEST_SECONDS } from '../retention.ts';
import { APP, type Bench, type Case, hashText, NOW, race, someClient } from './bench.ts';

/** Authorization requests that were sent ahead (RFC 9126). */
export function pushedRequestCases(define: Case): void {
  define(
    'a pushed request comes back as it was sent, with the key of its proof, also after its time to begin (RFC 9126 §2.2, RFC 9449 §10.1)',
    async (b) => {
      await b.store.putClient(b.tenant, someClient(), NOW);
      const plain = await push(b);
      const bound = await push(b, { boundKey: `jkt:${hashText('key')}`, parameters: 'x'.repeat(MAX_PUSHED_REQUEST) });
      assert.deepEqual(await b.store.findPushedRequest(b.tenant, plain.id), plain);
      assert.deepEqual(await b.second.findPushedRequest(b.tenant, bound.id), bound);
      assert.equal(plain.boundKey, undefined);
      assert.equal(await b.store.findPushedRequest(b.otherTenant, plain.id), undefined);
      assert.equal(await b.store.findPushedRequest(b.tenant, 9999), undefined);
    },
  );

  define('longer parameters are misuse', async (b) => {
    await b.store.putClient(b.tenant, someClient(), NOW);
    await assert.rejects(async () => await push(b, { parameters: 'x'.repeat(MAX_PUSHED_REQUEST + 1) }), TypeError);
    assert.equal(await b.countRows('pushed_requests'), 0);
  });

  define('fifty that are pushed at once have fifty ids over both stores', async (b) => {
    await b.store.putClient(b.tenant, someClient(), NOW);
    const pushed = await race(b, async (store) => await store.pushRequest(b.tenant, someRequest(), NOW));
    assert.equal(new Set(pushed.map(({ id }) => id)).size, 50);
    assert.equal(await b.countRows('pushed_requests'), 50);
  });

  define('what a client had pushed is over when it is revoked or removed, and nobody inherits it', async (b) => {
    const registered = { ...someClient(clientId('registered')), source: 'registered' as const };
    await b.store.putClient(b.tenant, someClient(), NOW);
    await b.store.putClient(b.tenant, registered, NOW);
    const [first, second] = [await push(b), await push(b, { clientId: registered.clientId })];
    await b.store.revokeClient(b.tenant, APP, NOW);
    assert.equal(await b.second.findPushedRequest(b.tenant, first.id), undefined);
    assert.deepEqual(await b.second.findPushedRequest(b.tenant, second.id), second);
    await b.store.removeClient(b.tenant, registered.clientId, NOW);
    assert.equal(await b.countRows('pushed_requests'), 1);
    const late = await b.store.pushRequest(b.tenant, someRequest({ clientId: registered.clientId }), NOW);
    await b.store.putClient(b.tenant, registered, NOW);
    for (const { id } of [second, late]) assert.equal(await b.second.findPushedRequest(b.tenant, id), undefined);
    const fresh = await push(b, { clientId: registered.clientId });
    assert.deepEqual(await b.second.findPushedRequest(b.tenant, fresh.id), fresh);
  });

  define('whoever has begun finds the request for an hour more, and then it falls', async (b) => {
    await b.store.putClient(b.tenant, someClient(), NOW);
    const { id } = await push(b, { expiresAt: NOW + 60 });
    await churn(b, NOW + 60 + PUSHED_REQUEST_SECONDS);
    assert.equal((await b.store.findPushedRequest(b.tenant, id))?.id, id);
    await churn(b, NOW + 60 + PUSHED_REQUEST_SECONDS + FALL_AFTER_SECONDS);
    assert.equal(await b.store.findPushedRequest(b.tenant, id), undefined);
  });
}

function someRequest(change: Partial<PushedRequest> = {}): Omit<PushedRequest, 'id'> {
  return {
    secretHash: hashText('secret'),
    clientId: APP,
    parameters: 'response_type=code&state=%00',
    boundKey: undefined,
    createdAt: NOW,
    expiresAt: NOW + 60,
    ...change,
  };
}

async function push(b: Bench, change: Partial<PushedRequest> = {}): Promise<PushedRequest> {
  const request = someRequest(change);
  return { id: (await b.store.pushRequest(b.tenant, request, NOW)).id, ...request };
}

async function churn(b: Bench, now: number): Promise<void> {
  for (let index = 0; index < 2 * PURGE_EVERY; index += 1)
    await b.store.pushRequest(b.tenant, someRequest({ createdAt: now, expiresAt: now + 60 }), now);
}
