import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { grantId } from '@hufu/protocol/ids';
import { ALL_DETAILS, ROTATED, readAccess, scopesOfMask } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { NEVER } from '@hufu/store/retention';
import fc from 'fast-check';
import type { ResourceConfig } from '../config/config.ts';
import { placeOf } from '../status/place.ts';
import { claimsOf } from '../testing/visits.ts';
import { API, ISSUER, openWorld, START, VAULT } from '../testing/world.ts';
import { type AccessTokenRequest, issueAccessToken } from './issue-access-token.ts';
import { readAccessToken } from './read-access-token.ts';
import { derivedSecret, sha256 } from './secrets.ts';

const world = await openWorld();
after(() => world.close());

const SECRET = 's'.repeat(24);

function grant(part: Partial<GrantRecord> = {}): GrantRecord {
  return {
    id: grantId(1),
    userId: undefined,
    subject: 'alice-sub',
    clientId: world.ctx.config.clients[0]?.clientId ?? assert.fail(),
    sessionId: undefined,
    parentId: undefined,
    scopes: ['openid', 'read', 'write', 'unlock'],
    resources: [API, VAULT, ISSUER],
    authTime: START - 30,
    amr: ['pwd'],
    offline: false,
    createdAt: START,
    generation: 1,
    keyId: world.ctx.keys.sealKeyId,
    rotatedAt: START,
    codeHash: undefined,
    secretHash: sha256(SECRET),
    accessHash: sha256(derivedSecret(SECRET)),
    codeRequest: undefined,
    claims: undefined,
    authorizationDetails: undefined,
    actor: undefined,
    boundKey: undefined,
    expiresAt: START + 86_400,
    idleSeconds: 3_600,
    dead: undefined,
    hasRevokedTokens: false,
    deviceId: undefined,
    redeemedAt: START,
    suspendedUntil: undefined,
    ...part,
  };
}

function resource(identifier: string): ResourceConfig {
  return world.ctx.config.resources.find((one) => one.identifier === identifier) ?? assert.fail();
}

function issue(part: Partial<AccessTokenRequest> = {}): ReturnType<typeof issueAccessToken> {
  return issueAccessToken(world.ctx, {
    grant: grant(),
    resource: resource(VAULT),
    scopes: ['unlock'],
    secret: SECRET,
    confirmation: undefined,
    details: ALL_DETAILS,
    ttl: 600,
    now: START,
    ...part,
  });
}

test('a JWT says who, for whom, for how long and which one it is and where its status is told (RFC 9068 §2.2, §2.2.1, §2.2.3, Token Status List §6.2)', async () => {
  const token = await issue({ resource: resource(API), scopes: ['openid', 'read'], now: START + 7 });
  const [header = ''] = token.text.split('.');
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    alg: 'ES256',
    typ: 'at+jwt',
    kid: world.ctx.keys.signerFor('ES256', START)?.kid,
  });
  const { jti, ...claims } = claimsOf(token.text);
  const { list, index } = placeOf(world.ctx, 1);
  assert.deepEqual(claims, {
    iss: ISSUER,
    sub: 'alice-sub',
    aud: API,
    client_id: 'spa',
    iat: START,
    exp: START + 600,
    scope: 'openid read',
    auth_time: START - 30,
    acr: 'urn:hufu:acr:1',
    amr: ['pwd'],
    status: { status_list: { idx: index, uri: `${ISSUER}/oauth/status/${list}` } },
  });
  assert.match(String(jti), /^[\w-]{44}$/);
  assert.equal(token.expiresIn, 593, 'what is left of it, not what it had');
});

test('without scopes, user and methods the claims are left out, not empty (RFC 9068 §2.2.1)', async () => {
  const own = grant({ authTime: undefined, amr: [], secretHash: undefined, accessHash: undefined, subject: 'machine', expiresAt: NEVER });
  const claims = claimsOf((await issue({ grant: own, resource: resource(API), scopes: [], secret: undefined })).text);
  assert.deepEqual(Object.keys(claims).toSorted(), ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'status', 'sub']);
  assert.equal(claims['exp'], START + 600);
});

test('an opaque token names its part of the grant, and carries the derived half, never the secret (decision 0002)', async () => {
  const token = await issue({ scopes: ['openid', 'unlock'] });
  const read = readAccess(world.ctx.keys.tally, token.text) ?? assert.fail();
  assert.equal(read.kind, 'access');
  assert.equal(read.resource, 1);
  assert.deepEqual(scopesOfMask(grant().scopes, read.mask), ['openid', 'unlock']);
  assert.equal(read.derived, derivedSecret(SECRET));
  assert.equal(token.text.includes(SECRET), false);
  assert.equal(read.number, ROTATED);
});

test('one generation has one access token for the same scopes and resource: whoever asks again gets the same', async () => {
  const first = await issue({ now: START });
  assert.equal((await issue({ now: START + 299 })).text, first.text);
  assert.notEqual((await issue({ now: START + 300 })).text, first.text, 'after half of its life a new one begins');
  assert.equal((await issue({ now: START + 300 })).text, (await issue({ now: START + 599 })).text);
  assert.notEqual((await issue({ scopes: ['unlock', 'openid'] })).text, first.text);
  assert.notEqual((await issue({ grant: grant({ generation: 2 }) })).text, first.text);
  const [a, b] = await Promise.all([issue({ resource: resource(API) }), issue({ resource: resource(API) })]);
  assert.deepEqual(claimsOf(a.text), claimsOf(b.text), 'a JWT has another signature each time, and the same claims');
});

test('no token begins before what the revocation log names: a lock of its user that is over, or its client when it was disabled', async () => {
  const rested = grant({ suspendedUntil: START + 60 });
  const begin = async (now: number): Promise<unknown> =>
    claimsOf((await issue({ grant: rested, resource: resource(API), scopes: ['read'], now: START + now })).text)['iat'];
  assert.deepEqual(
    [await begin(60), await begin(90), await begin(200), await begin(299)],
    [60, 90, 121, 121].map((at) => START + at),
  );
  assert.equal(await begin(300), START + 300, 'and anew after each half of its life, as ever');
});

test('whenever it is asked for, a token has at least half of its life before it, and never outlives its grant', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 1, max: 300_000 }),
      async (ttl, age, left) => {
        const now = START + age;
        const token = await issue({ ttl, now, grant: grant({ expiresAt: now + left }) });
        const read = readAccess(world.ctx.keys.tally, token.text) ?? assert.fail();
        const end = read.issuedAt + read.lifetime;
        assert.ok(read.issuedAt <= now, 'not issued in the future');
        assert.ok(end > now, 'not dead on arrival');
        assert.ok(end <= now + left, 'not longer than the grant');
        assert.ok(read.lifetime <= ttl);
        assert.ok(token.expiresIn >= Math.min(left, Math.ceil(ttl / 2)), `${token.expiresIn} of ${ttl}`);
        assert.equal(token.expiresIn, end - now);
      },
    ),
    { numRuns: 200 },
  );
});

test('a rotation that lies in the future, by another clock, begins no token in the past', async () => {
  const token = await issue({ grant: grant({ rotatedAt: START + 5 }), now: START });
  const read = readAccess(world.ctx.keys.tally, token.text) ?? assert.fail();
  assert.equal(read.issuedAt, START + 5);
});

test('tokens of a client for itself never coincide, in one second or in many (decision 0002)', async () => {
  const own = grant({ authTime: undefined, amr: [], secretHash: undefined, accessHash: undefined, expiresAt: NEVER });
  const texts = await Promise.all(Array.from({ length: 500 }, () => issue({ grant: own, secret: undefined })));
  assert.equal(new Set(texts.map(({ text }) => text)).size, 500);
  const read = readAccess(world.ctx.keys.tally, texts[0]?.text ?? '') ?? assert.fail();
  assert.equal(read.kind, 'machine');
  assert.equal(read.derived, '');
  assert.notEqual(read.number, ROTATED);
  assert.equal(read.lifetime, 600);
});

test('an algorithm without a key is our fault, and says so to the log alone', async () => {
  const broken = { ...resource(API), signingAlg: 'RS256' };
  await assert.rejects(issue({ resource: broken }), (error: unknown) => {
    assert.deepEqual({ ...Object(error) }.code, 'server_error');
    assert.equal(Object(error).detail, 'no active RS256 key');
    return true;
  });
});

test('the token of a rotation that was revoked alone is handed out again as another one (RFC 7009 §2.1)', async () => {
  const own = await openWorld();
  const client = own.ctx.config.clients.find(({ clientId }) => clientId === 'machine') ?? assert.fail();
  const { id } = await own.store.ownGrant(own.tenant, client.clientId, ['openid', 'unlock'], [VAULT], own.ctx.keys.sealKeyId, START);
  const find = async (): Promise<GrantRecord> => (await own.store.findGrant(own.tenant, id)) ?? assert.fail();
  const token = async (): Promise<string> =>
    (
      await issueAccessToken(own.ctx, {
        grant: await find(),
        resource: resource(VAULT),
        scopes: ['unlock'],
        secret: SECRET,
        confirmation: undefined,
        details: ALL_DETAILS,
        ttl: 300,
        now: START,
      })
    ).text;
  const first = readAccess(own.ctx.keys.tally, await token()) ?? assert.fail();
  await own.store.revokeToken(own.tenant, id, first.name, START + 300, START);
  const second = readAccess(own.ctx.keys.tally, await token()) ?? assert.fail();
  assert.notEqual(second.number, ROTATED);
  assert.notEqual(second.name, first.name);
  assert.deepEqual({ ...second, number: '', name: '' }, { ...first, number: '', name: '' }, 'the same in all else');
  assert.equal(await own.store.findRevokedToken(own.tenant, id, second.name), false);
  await own.close();
});

test('a JWT of its own second is dead by its name as well, and its grant lives (RFC 7009 §2.1)', async () => {
  const own = await openWorld();
  const client = own.ctx.config.clients.find(({ clientId }) => clientId === 'machine') ?? assert.fail();
  const row = await own.store.ownGrant(own.tenant, client.clientId, ['read'], [API], own.ctx.keys.sealKeyId, START);
  const make = async (): Promise<string> =>
    (
      await issueAccessToken(own.ctx, {
        grant: row,
        resource: resource(API),
        scopes: ['read'],
        secret: undefined,
        confirmation: undefined,
        details: ALL_DETAILS,
        ttl: 300,
        now: START,
      })
    ).text;
  const [one, other] = [await make(), await make()];
  await own.store.revokeToken(own.tenant, row.id, String(claimsOf(one)['jti']), START + 300, START);
  assert.equal((await readAccessToken(own.ctx, one, START)).kind, 'dead');
  assert.equal((await readAccessToken(own.ctx, other, START)).kind, 'live');
  await own.close();
});
