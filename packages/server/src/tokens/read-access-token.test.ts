import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grantId } from '@hufu/protocol/ids';
import { readAccess, writeAccess } from '@hufu/protocol/tally';
import { claimsOf, signedIn, tokensOf } from '../testing/visits.ts';
import { API, openWorld, START, VAULT } from '../testing/world.ts';
import { readAccessToken } from './read-access-token.ts';
import { derivedSecret } from './secrets.ts';

const world = await openWorld();
after(() => world.close());

async function token(scope = 'openid read', part: Record<string, string> = {}): Promise<string> {
  return String((await tokensOf(world, { scope, ...part }))['access_token']);
}

test('a live token says its grant, its one audience, its scopes and its times (RFC 9068 §4)', async () => {
  for (const [scope, resource, ttl] of [
    ['openid read', API, 600],
    ['openid unlock', VAULT, 300],
  ] as const) {
    const text = await token(scope);
    const read = await readAccessToken(world.ctx, text, START);
    assert.ok(read.kind === 'live');
    assert.equal(read.resource, resource);
    assert.deepEqual(read.scopes, scope.split(' '));
    assert.equal(read.issuedAt, START);
    assert.equal(read.expiresAt, START + ttl);
    assert.equal(read.grant.subject, 'alice-sub');
    assert.equal((await readAccessToken(world.ctx, text, START + ttl - 1)).kind, 'live');
    const over = await readAccessToken(world.ctx, text, START + ttl);
    assert.deepEqual([over.kind, over.kind === 'dead' && over.reason], ['dead', 'expired 0 seconds ago']);
  }
});

test('any change, and anything that is not ours, is dead before the store is asked (decision 0002)', async () => {
  const jwt = await token();
  const opaque = await token('unlock');
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const forge = (part: object, typ = 'at+jwt', kid: unknown = world.ctx.keys.signerFor('ES256', START)?.kid, alg = 'ES256'): string =>
    `${Buffer.from(JSON.stringify({ alg, typ, kid })).toString('base64url')}.${Buffer.from(JSON.stringify({ ...claimsOf(jwt), ...part })).toString('base64url')}.${signature}`;
  const idToken = String((await tokensOf(world))['id_token']);
  const bad = [
    '',
    'x',
    'hfa_',
    opaque.slice(0, -1),
    `${opaque}A`,
    `${opaque.slice(0, 30)}${opaque[30] === 'A' ? 'B' : 'A'}${opaque.slice(31)}`,
    opaque.replace('hfa_', 'hfm_'),
    opaque.replace('hfa_', 'hfr_'),
    `${header}.${payload}.`,
    `${header}.${payload}`,
    forge({ scope: 'write' }),
    forge({}, 'JWT'),
    forge({}, 'at+jwt', 'nobody'),
    forge({}, 'at+jwt', 7),
    forge({}, 'at+jwt', undefined, 'none'),
    forge({}, 'at+jwt', undefined, 'RS256'),
    idToken,
  ];
  const asked: string[] = [];
  const store = new Proxy(world.store, {
    get(target, name) {
      asked.push(String(name));
      return Reflect.get(target, name);
    },
  });
  for (const text of bad) {
    const read = await readAccessToken({ ...world.ctx, store }, text, START);
    assert.deepEqual(read, { kind: 'dead', reason: 'not an access token of ours, or changed' }, text);
  }
  assert.deepEqual(asked, []);
});

test('a JWT that we signed under another issuer, or without a name of ours, is none of ours (RFC 9068 §4)', async () => {
  const signer = world.ctx.keys.signerFor('ES256', START) ?? assert.fail();
  const claims = claimsOf(await token());
  assert.equal((await readAccessToken(world.ctx, signer.sign('at+jwt', claims), START)).kind, 'live');
  for (const part of [{ iss: 'https://id.example/' }, { iss: undefined }, { jti: 7 }, { jti: 'x' }, { jti: 'A'.repeat(44) }]) {
    assert.equal(
      (await readAccessToken(world.ctx, signer.sign('at+jwt', { ...claims, ...part }), START)).kind,
      'dead',
      JSON.stringify(part),
    );
  }
  assert.equal((await readAccessToken(world.ctx, signer.sign('JWT', claims), START)).kind, 'dead');
});

test('an authentic token dies with its grant, its session, its user and its client, and says why', async () => {
  const visitor = await signedIn(world, 'bob');
  const text = String((await tokensOf(world, { scope: 'unlock' }, visitor))['access_token']);
  await world.store.endSession(world.tenant, visitor.session.id, 'signed_out', START + 5);
  const read = await readAccessToken(world.ctx, text, START + 6);
  assert.ok(read.kind === 'dead');
  assert.equal(read.reason, `its grant is dead since ${START + 5}: signed_out`);
  assert.equal(read.grant?.subject, 'bob-sub');
  assert.equal(read.expiresAt, START + 300);
});

test("a sealed token of a grant that has no such half is dead: a client's own text is not a user's, nor the other way (decision 0002)", async () => {
  const text = await token('openid unlock');
  const { tally } = world.ctx.keys;
  const read = readAccess(tally, text) ?? assert.fail();
  const { keyId, id, generation, issuedAt, lifetime, resource, number, mask } = read;
  const head = { keyId, id, generation };
  const part = { issuedAt, lifetime, resource, number, mask };
  const reasonOf = async (forged: string): Promise<unknown> => {
    const result = await readAccessToken(world.ctx, forged, START);
    return result.kind === 'dead' ? result.reason : result.kind;
  };
  assert.equal(
    await reasonOf(writeAccess(tally, 'access', head, part, derivedSecret('t'.repeat(24)))),
    'its secret is not the one the row knows',
  );
  assert.equal(await reasonOf(writeAccess(tally, 'machine', head, part, '')), 'its secret is not the one the row knows');
  assert.equal(
    await reasonOf(writeAccess(tally, 'access', { ...head, generation: 2 }, part, read.derived)),
    'a generation that has not been issued',
  );
  assert.equal(
    await reasonOf(writeAccess(tally, 'access', head, { ...part, resource: 7 }, read.derived)),
    'it names what its grant does not have',
  );
  assert.equal(
    await reasonOf(writeAccess(tally, 'access', head, { ...part, mask: '____' }, read.derived)),
    'it names what its grant does not have',
  );
  assert.equal(
    await reasonOf(writeAccess(tally, 'access', { ...head, id: grantId(40_000) }, part, read.derived)),
    'no grant has this token; it may have expired long ago',
  );
  assert.equal(await reasonOf(writeAccess(tally, 'access', head, part, read.derived)), 'live');

  const machine = (await world.ctx.store.findClient(world.tenant, world.ctx.config.clients[4]?.clientId ?? assert.fail())) ?? assert.fail();
  const own = await world.store.ownGrant(world.tenant, machine.clientId, ['unlock'], [VAULT], keyId, START);
  assert.equal(
    await reasonOf(
      writeAccess(tally, 'access', { keyId, id: own.id, generation: 1 }, { ...part, mask: 'gAAA', resource: 0 }, 'd'.repeat(24)),
    ),
    'its secret is not the one the row knows',
  );
  assert.equal(
    await reasonOf(writeAccess(tally, 'machine', { keyId, id: own.id, generation: 1 }, { ...part, mask: 'gAAA', resource: 0 }, '')),
    'live',
  );
});
