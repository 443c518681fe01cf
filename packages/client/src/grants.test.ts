import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { readDpopProof, thumbprintInput } from '@hufu/protocol/dpop';
import { readJwt } from '@hufu/protocol/jwt';
import { sha256 } from './bytes.ts';
import { tlsClientAuth } from './client-authentication.ts';
import { clientSecretBasic, clientSecretPost } from './client-secret.ts';
import { dpopThumbprint, newDpopKey } from './dpop.ts';
import { clientCredentials, exchangeToken, jwtBearer, serviceAccountToken } from './grants.ts';
import { privateKeyJwt, readSigningKey } from './private-key.ts';
import { isFault } from './testing/fault.ts';
import { json, openIssuer, type TestIssuer } from './testing/issuer.ts';

async function open(): Promise<TestIssuer> {
  const world = await openIssuer();
  const body = {
    access_token: 'at',
    token_type: 'Bearer',
    expires_in: 600,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  };
  world.answers.set('/token', () => json(200, body));
  return world;
}

const newSigningKey = (): ReturnType<typeof readSigningKey> =>
  readSigningKey({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256' });

const pairs = (world: TestIssuer): unknown => [...(world.asked.at(-1)?.form ?? [])];

test('a client gets a token for itself, for the scopes and APIs that it names (RFC 6749 §4.4.2, RFC 8707 §2)', async () => {
  const world = await open();
  const tokens = await clientCredentials(world.client(), { scope: 'a b', resource: ['https://x.example/', 'https://y.example/'] });
  assert.equal(tokens.accessToken, 'at');
  assert.deepEqual(pairs(world), [
    ['grant_type', 'client_credentials'],
    ['scope', 'a b'],
    ['resource', 'https://x.example/'],
    ['resource', 'https://y.example/'],
    ['client_id', 'app'],
  ]);
  world.answers.set('/token', () => json(400, { error: 'invalid_scope' }));
  await assert.rejects(clientCredentials(world.client()), isFault('refused', 'invalid_scope'));
});

test('a client that binds all its tokens gets none that is bound to nothing (RFC 9449 §5)', async () => {
  const world = await open();
  const client = world.client({ dpop: 'always' });
  const key = await newSigningKey();
  for (const grant of [
    () => clientCredentials(client),
    () => jwtBearer(client, 'a.b.c'),
    () => serviceAccountToken(client, { name: 'robot', key }),
    () => exchangeToken(client, { subjectToken: 'st' }),
  ])
    await assert.rejects(grant(), TypeError);
  assert.deepEqual(world.asked, []);
  const proofs: (string | null)[] = [];
  world.answers.set('/token', ({ headers }) => {
    proofs.push(headers.get('dpop'));
    return json(200, { access_token: 'at', token_type: 'DPoP', expires_in: 600 });
  });
  const dpopKey = await newDpopKey();
  assert.equal((await clientCredentials(client, { dpopKey })).tokenType, 'DPoP');
  const proof = readDpopProof(proofs.at(-1) ?? '');
  assert.ok(proof.kind === 'read');
  assert.equal(await sha256(thumbprintInput(proof.proof.jwk)), await dpopThumbprint(dpopKey));
});

test('a token that is bound to nothing is given back by whoever has asked for a bound one, by each grant (RFC 9449 §5, RFC 7009 §2.1)', async () => {
  const world = await open();
  const client = world.client();
  const [dpopKey, key] = [await newDpopKey(), await newSigningKey()];
  for (const grant of [
    () => clientCredentials(client, { dpopKey }),
    () => jwtBearer(client, 'a.b.c', { dpopKey }),
    () => serviceAccountToken(client, { name: 'robot', key }, { dpopKey }),
    () => exchangeToken(client, { subjectToken: 'st', dpopKey }),
  ]) {
    await assert.rejects(grant(), isFault('malformed', 'malformed'));
    assert.deepEqual(pairs(world), [
      ['token', 'at'],
      ['token_type_hint', 'access_token'],
      ['client_id', 'app'],
    ]);
  }
});

test('a secret is form-encoded before it is put into the header (RFC 6749 §2.3.1)', async () => {
  const world = await open();
  await clientCredentials(world.client({ clientId: 'a:b', authentication: clientSecretBasic('ü %+') }));
  const asked = world.asked.at(-1);
  assert.equal(asked?.headers.get('authorization'), `Basic ${Buffer.from('a%3Ab:%C3%BC+%25%2B').toString('base64')}`);
  assert.equal(asked?.form.has('client_id'), false);
  await clientCredentials(world.client({ authentication: clientSecretPost('ü %+') }));
  assert.deepEqual([world.asked.at(-1)?.form.get('client_id'), world.asked.at(-1)?.form.get('client_secret')], ['app', 'ü %+']);
});

test('an assertion is for the issuer alone, for a minute, and never the same twice (RFC 7523 §3, RFC 7515 §5.1, attacks SDK-12)', async () => {
  const world = await open();
  for (const [alg, pair] of [
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2_048 })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ] as const) {
    const key = await readSigningKey(
      JSON.stringify({ ...pair.privateKey.export({ format: 'jwk' }), alg, kid: 'k', use: 'sig', key_ops: ['sign'] }),
    );
    const client = world.client({ authentication: privateKeyJwt(key) });
    await clientCredentials(client);
    await clientCredentials(client);
    const [one, other] = world.asked.slice(-2).map(({ form }) => readJwt(form.get('client_assertion') ?? '') ?? assert.fail());
    assert.ok(one && other);
    const { jti, ...claims } = one.payload;
    assert.deepEqual(claims, { iss: 'app', sub: 'app', aud: world.issuer, iat: 1_800_000_000, exp: 1_800_000_060 });
    assert.deepEqual(one.header, { alg, kid: 'k' });
    assert.notEqual(jti, other.payload['jti']);
    const publicKey = createPublicKey(pair.publicKey.export({ format: 'pem', type: 'spki' }));
    const hash = alg === 'EdDSA' ? null : 'sha256';
    assert.ok(verify(hash, Buffer.from(one.signingInput), { key: publicKey, dsaEncoding: 'ieee-p1363' }, one.signature), alg);
  }
  for (const jwk of ['{}', '{"kty":"EC"}', '{"alg":"none","d":"x"}', '{"alg":"HS256","k":"x"}'])
    await assert.rejects(readSigningKey(jwk), TypeError);
});

test('a service account signs for itself, and anybody may hand in an assertion (RFC 7523 §2.1)', async () => {
  const world = await open();
  const key = await readSigningKey({
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    alg: 'ES256',
  });
  await serviceAccountToken(world.client(), { name: 'robot', key }, { scope: 'a' });
  const form = world.asked.at(-1)?.form;
  assert.equal(form?.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  const { payload } = readJwt(form?.get('assertion') ?? '') ?? assert.fail();
  assert.deepEqual(
    [payload['iss'], payload['sub'], payload['aud'], form?.get('scope'), form?.has('client_id')],
    ['robot', 'robot', world.issuer, 'a', false],
  );
  await jwtBearer(world.client(), 'a.b.c');
  assert.equal(world.asked.at(-1)?.form.get('assertion'), 'a.b.c');
});

test('one token is made of another, and an actor comes with the kind of their token (RFC 8693 §2.1)', async () => {
  const world = await open();
  const tokens = await exchangeToken(world.client(), { subjectToken: 'st', audience: ['a', 'b'], scope: 's' });
  assert.equal(tokens.issuedTokenType, 'urn:ietf:params:oauth:token-type:access_token');
  assert.deepEqual(pairs(world), [
    ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['subject_token', 'st'],
    ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
    ['audience', 'a'],
    ['audience', 'b'],
    ['scope', 's'],
    ['client_id', 'app'],
  ]);
  await exchangeToken(world.client(), { subjectToken: 'st', actorToken: 'act' });
  assert.equal(world.asked.at(-1)?.form.get('actor_token_type'), 'urn:ietf:params:oauth:token-type:access_token');
});

test('a client with a certificate asks at the addresses for certificates (RFC 8705 §5)', async () => {
  const world = await open();
  world.metadata['mtls_endpoint_aliases'] = { token_endpoint: 'https://mtls.id.example/token' };
  await clientCredentials(world.client({ authentication: tlsClientAuth() }));
  assert.deepEqual([world.asked.at(-1)?.url, world.asked.at(-1)?.form.get('client_id')], ['https://mtls.id.example/token', 'app']);
  await clientCredentials(world.client());
  assert.equal(world.asked.at(-1)?.url, 'https://id.example/token');
});
