import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { CBORTag, decodeCBOR, encodeCBOR } from '@levischuck/tiny-cbor';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { HttpReply } from '../http.ts';
import { type StatusLists, statusLists } from '../status/status-lists.ts';
import { claimsOf, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START, type World } from '../testing/world.ts';
import { jwks } from './jwks.ts';
import { statusList } from './status-list.ts';

const world = await openWorld();
const lists = statusLists(world.ctx);
after(() => world.close());

const CWT = 'application/statuslist+cwt';

/** `path` is what stands after `/oauth/status/`. */
async function get(path: string, accept?: string, at: World = world, of: StatusLists = lists): Promise<HttpReply> {
  const [last = '', query = ''] = path.split('?');
  const headers = accept === undefined ? {} : { accept };
  return await statusList(at.ctx, of, at.http({ path: `/oauth/status/${last}`, query, headers }), decodeURIComponent(last));
}

/** The list and the index that a token names. */
async function placeOfToken(at: World = world): Promise<{ readonly uri: string; readonly list: string; readonly idx: number }> {
  const { status_list: status } = Object(claimsOf((await tokensOf(at))['access_token'])['status']);
  return { ...status, list: String(status.uri).slice(`${ISSUER}/oauth/status/`.length) };
}

function statusIn(compressed: Uint8Array, idx: number): number {
  const bytes = inflateSync(compressed);
  return ((bytes[idx >> 2] ?? 0) >> ((idx & 3) * 2)) & 3;
}

test('the list that a token names is a signed JWT about that address, which everybody may read (Token Status List §5.1, §6.2, §8, §8.1, §8.2)', async () => {
  const { uri, list, idx } = await placeOfToken();
  const reply = await get(list);
  assert.deepEqual(
    [reply.status, reply.headers['content-type'], reply.headers['cache-control'], reply.headers['vary']],
    [200, 'application/statuslist+jwt', 'public, max-age=15', 'Accept'],
  );
  const keys = createLocalJWKSet(JSON.parse(jwks(world.ctx, world.http()).body.toString()));
  const options = { typ: 'statuslist+jwt', issuer: ISSUER, subject: uri, currentDate: new Date(START * 1000), algorithms: ['ES256'] };
  const { payload } = await jwtVerify(reply.body.toString(), keys, options);
  const { status_list: told, ...claims } = payload;
  assert.deepEqual(claims, { iss: ISSUER, sub: uri, iat: START, exp: START + 30, ttl: 15 });
  const { bits, lst } = Object(told);
  assert.equal(bits, 2);
  assert.match(lst, /^[\w-]+$/);
  assert.equal(statusIn(Buffer.from(lst, 'base64url'), idx), 0);
});

test('signing out everywhere is in the list (Token Status List §7.1)', async () => {
  const own = await openWorld();
  const of = statusLists(own.ctx);
  const { list, idx } = await placeOfToken(own);
  const alice = (await own.store.findUserByName(own.tenant, 'alice')) ?? assert.fail();
  await own.store.revokeUser(own.tenant, alice.id, 'revoked_by_user', START);
  const { lst } = Object(claimsOf((await get(list, undefined, own, of)).body)['status_list']);
  assert.equal(statusIn(Buffer.from(lst, 'base64url'), idx), 1);
  await own.close();
});

for (const alg of ['ES256', 'RS256', 'EdDSA', 'ES384'])
  test(`who asks for it gets the same as a CWT, signed with ${alg} (Token Status List §5.2, RFC 9052 §3.1, §4.2, §4.4, RFC 9053 §2.1, RFC 8812 §2, RFC 9864 §2.2, RFC 8392 §3.1, RFC 9596 §2)`, async () => {
    const yaml = BASIC_YAML.replace('algorithms: [ES256]', `algorithms: [${alg}]`);
    const own = await openWorld({ yaml });
    const { uri, list } = await placeOfToken(own);
    const of = statusLists(own.ctx);
    const reply = await get(list, CWT, own, of);
    assert.deepEqual([reply.status, reply.headers['content-type'], reply.headers['vary']], [200, CWT, 'Accept']);
    const message = decodeCBOR(reply.body instanceof Uint8Array ? Uint8Array.from(reply.body) : assert.fail());
    assert.ok(message instanceof CBORTag && message.tag === 18 && Array.isArray(message.value));
    const [protectedHeader, unprotected, payload, signature] = message.value;
    assert.ok(protectedHeader instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array);
    assert.deepEqual(unprotected, new Map());
    const signer = own.ctx.keys.signerFor(alg, START) ?? assert.fail();
    const cose = { ES256: -7, RS256: -257, EdDSA: -8, ES384: -35 }[alg];
    assert.deepEqual(
      decodeCBOR(protectedHeader),
      new Map<number, unknown>([
        [1, cose],
        [4, new Uint8Array(Buffer.from(signer.kid))],
        [16, CWT],
      ]),
    );
    const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(jwks(own.ctx, own.http()).body.toString());
    const key = createPublicKey({ key: keys.find(({ kid }) => kid === signer.kid) ?? assert.fail(), format: 'jwk' });
    const signed = encodeCBOR(['Signature1', protectedHeader, new Uint8Array(), payload]);
    const hash = { ES256: 'sha256', RS256: 'sha256', EdDSA: null, ES384: 'sha384' }[alg] ?? null;
    assert.ok(verify(hash, signed, alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key, signature));
    const claims = decodeCBOR(payload);
    assert.ok(claims instanceof Map);
    const told = claims.get(65_533);
    claims.delete(65_533);
    assert.deepEqual(
      claims,
      new Map<number, unknown>([
        [1, ISSUER],
        [2, uri],
        [4, START + 30],
        [6, START],
        [65_534, 15],
      ]),
    );
    assert.ok(told instanceof Map);
    const [bits, lst] = [told.get('bits'), told.get('lst')];
    assert.ok(bits === 2 && lst instanceof Uint8Array);
    const jwt = claimsOf((await get(list, undefined, own, of)).body);
    assert.equal(Buffer.from(lst).toString('base64url'), Object(jwt['status_list']).lst);
    await own.close();
  });

test('the form is the one that is asked for; whoever says nothing of it gets a JWT (RFC 9110 §12.5.1)', async () => {
  const { list } = await placeOfToken();
  const jwt = 'application/statuslist+jwt';
  for (const [accept, type] of [
    [undefined, jwt],
    ['*/*', jwt],
    ['text/html', jwt],
    [jwt, jwt],
    [CWT, CWT],
    [CWT.toUpperCase(), CWT],
    [`${jwt}, ${CWT}`, jwt],
    [`${jwt};q=0.5, ${CWT};q=0.9`, CWT],
    [`${jwt};q=0.9, ${CWT};q=0.5`, jwt],
    [`${CWT};q=0`, jwt],
    [`${CWT};q=x`, jwt],
  ] as const)
    assert.equal((await get(list, accept)).headers['content-type'], type, accept ?? '');
});

test('within a second it is the same bytes with the same ETag; each form has its own (RFC 9110 §8.8.3)', async () => {
  const { list } = await placeOfToken();
  const [one, other, cwt] = [await get(list), await get(list), await get(list, CWT)];
  assert.equal(one.body, other.body);
  assert.match(String(one.headers['etag']), /^"[\w-]{22}"$/);
  assert.equal(one.headers['etag'], other.headers['etag']);
  assert.notEqual(one.headers['etag'], cwt.headers['etag']);
});

test('another number is nobody’s list, and another time is not told (Token Status List §8.4)', async () => {
  const { list } = await placeOfToken();
  for (const path of ['', 'x', `0${list}`, `${list}%20`, '-1', '1e3', '268435456', '99999999999999999999', list === '7' ? '8' : '7']) {
    const reply = await get(path);
    assert.deepEqual([reply.status, JSON.parse(reply.body.toString()).error], [404, 'invalid_request'], path);
    assert.equal((await world.why(reply)).row.endpoint, 'status_list');
  }
  assert.equal((await get(`${list}?time=1767225600`)).status, 501);
  assert.equal((await get(`${list}?x=1`)).status, 200);
});
