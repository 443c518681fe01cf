import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readHolder } from '@hufu/protocol/tally';
import { hashPendingSecret, readPendingRequest } from '../pending/pending-request.ts';
import { askDevice, BANK_SECRET, PENDING_YAML } from '../testing/pending.ts';
import { API, openWorld, START_MS } from '../testing/world.ts';

const world = await openWorld({ yaml: PENDING_YAML });
after(() => world.close());

test('a device gets a code for itself, one for its user, and where and how long (RFC 8628 §3.2)', async () => {
  const reply = await askDevice(world);
  assert.equal(reply.status, 200, reply.body.toString());
  assert.equal(reply.headers['cache-control'], 'no-store');
  const { device_code: deviceCode, user_code: userCode, ...rest } = reply.json;
  assert.match(String(deviceCode), /^hfd_[\w-]{64}$/);
  assert.match(String(userCode), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.deepEqual(rest, {
    verification_uri: 'https://id.example/device',
    verification_uri_complete: `https://id.example/device?user_code=${String(userCode)}`,
    expires_in: 600,
    interval: 5,
  });
});

test('the row knows neither code, but what was asked, by whom and from where (RFC 8628 §5.2, §5.4, attacks DEV-21)', async () => {
  const { json } = await askDevice(world, { scope: 'openid read', resource: API });
  const credential = readHolder(world.ctx.keys.tally, 'device', String(json['device_code'])) ?? assert.fail();
  const row = (await world.store.findPending(world.tenant, credential.id)) ?? assert.fail();
  const text = JSON.stringify(row);
  assert.equal(text.includes(credential.secret), false);
  assert.equal(text.includes(String(json['user_code']).slice(0, 4)), false);
  assert.equal(row.secretHash, hashPendingSecret('device', credential.secret));
  assert.deepEqual([row.kind, row.clientId, row.decision.kind, row.userId], ['device', 'tv', 'pending', undefined]);
  const { scopes, resources, address, userAgent } = readPendingRequest(row);
  assert.deepEqual([scopes, resources, address, userAgent], [['openid', 'read'], [API], '192.0.2.1', 'Screen/1.0']);
});

test('a scope, a resource or a client that may not have it is refused, and leaves nothing (RFC 8628 §3.1, RFC 8707 §2, RFC 9396 §5)', async () => {
  for (const [part, error, failed] of [
    [{ scope: 'openid write' }, 'invalid_scope', 'scope'],
    [{ scope: 'openid nonsense' }, 'invalid_scope', 'scope'],
    [{ resource: 'https://else.example/' }, 'invalid_target', 'resource'],
    [{ client_id: 'spa' }, 'unauthorized_client', 'client_grant_type'],
    [{ authorization_details: '[]' }, 'invalid_request', 'parameters'],
  ] as const) {
    const reply = await askDevice(world, part);
    assert.deepEqual([reply.status, reply.json['error'], (await world.why(reply)).failed], [400, error, failed]);
  }
  assert.equal((await askDevice(world, { client_id: 'box' })).status, 401, 'a confidential client proves itself here too');
  assert.equal((await askDevice(world, { client_id: 'box', client_secret: BANK_SECRET, scope: 'read' })).status, 200);
});

test('offline_access is left out where there are no refresh tokens (OpenID Connect Core §11)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML.replace('scope: read unlock', 'scope: read offline_access') });
  const { json } = await askDevice(own, { client_id: 'box', client_secret: BANK_SECRET, scope: 'read offline_access' });
  const { id } = readHolder(own.ctx.keys.tally, 'device', String(json['device_code'])) ?? assert.fail();
  assert.deepEqual(readPendingRequest((await own.store.findPending(own.tenant, id)) ?? assert.fail()).scopes, ['read']);
  await own.close();
});

test('one source opens twenty of a public client and then one a minute; another is not hurt by it (attacks DEV-17)', async () => {
  const own = await openWorld({ yaml: PENDING_YAML });
  for (let i = 0; i < 20; i++) assert.equal((await askDevice(own)).status, 200);
  const refused = await askDevice(own);
  assert.deepEqual([refused.status, refused.json['error'], refused.headers['retry-after']], [429, 'temporarily_unavailable', '60']);
  assert.equal((await own.why(refused)).failed, 'device_throttle');
  own.clock.freeze(START_MS + 60_000);
  assert.equal((await askDevice(own)).status, 200);
  assert.equal((await askDevice(own)).status, 429);
  assert.equal((await askDevice(own, { client_id: 'box', client_secret: BANK_SECRET, scope: 'read' })).status, 200);
  await own.close();
});

test('codes are longer where a thousand wait, and there is an end to them (attacks DEV-07, DEV-17)', async () => {
  const asked: number[] = [];
  const own = await openWorld({
    yaml: PENDING_YAML,
    wrap: (store) => ({
      ...store,
      openPending: (tenant, pending, limits, now) => {
        asked.push(limits.maxOpen);
        return limits.maxOpen < open ? Promise.resolve({ kind: 'full' as const }) : store.openPending(tenant, pending, limits, now);
      },
    }),
  });
  let open = 5_000;
  const reply = await askDevice(own);
  assert.match(String(reply.json['user_code']), /^[B-Z]{5}-[B-Z]{5}$/);
  assert.deepEqual(asked, [1_000, 10_000]);
  open = 10_001;
  assert.equal((await askDevice(own)).status, 429);
  await own.close();
});

test('a code that is taken is drawn again, five times at most, and another failure is none of that (attacks DEV-18)', async () => {
  let taken = 4;
  let tries = 0;
  const own = await openWorld({
    yaml: PENDING_YAML,
    wrap: (store) => ({
      ...store,
      openPending: (...args) => {
        tries += 1;
        if (taken < 0) return Promise.reject(new RangeError('the disk is full'));
        return taken-- > 0 ? Promise.resolve({ kind: 'taken' as const }) : store.openPending(...args);
      },
    }),
  });
  assert.equal((await askDevice(own)).status, 200);
  assert.equal(tries, 5);
  [taken, tries] = [5, 0];
  assert.equal((await askDevice(own)).status, 500);
  assert.equal(tries, 5);
  [taken, tries] = [-1, 0];
  assert.equal((await askDevice(own)).status, 500);
  assert.equal(tries, 1);
  await own.close();
});
