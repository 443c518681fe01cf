import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { type Client, findClient } from '../clients.ts';
import { clientKeyPair, encodeJson, signWith, signWithSecret } from '../testing/client-assertions.ts';
import { openJwksHost } from '../testing/jwks-host.ts';
import { openWorld, START } from '../testing/world.ts';
import { clientSecretRecord } from './client-secret.ts';
import { VERIFICATION_ALGS, verifyClientJwt } from './verify-client-jwt.ts';

const es = await clientKeyPair('es');
const rs = await clientKeyPair('rs', 'RS256');
const ed = await clientKeyPair('ed', 'EdDSA');
const stranger = await clientKeyPair('es');
const SECRET = 'a-secret-of-the-client-0123456789abcdef';
const canary = await openJwksHost([stranger.jwk]);
const world = await openWorld({
  yaml: `policies: { outbound: { allow_hosts: [127.0.0.1] } }
clients:
  - { client_id: pair, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks: ${JSON.stringify({ keys: [es.jwk, rs.jwk, ed.jwk] })} }
  - { client_id: mac, client_secret: ${SECRET}, token_endpoint_auth_method: client_secret_jwt, grant_types: [client_credentials] }
  - { client_id: hashed, client_secret: ${SECRET}, grant_types: [client_credentials] }`,
});
after(() => world.close());
after(() => canary.close());
const clientOf = async (id: string): Promise<Client> => (await findClient(world.ctx, id)) ?? assert.fail();
// The configuration takes none that is so short; a database may have it.
const { metadata, record } = await clientOf('mac');
const tooShort = clientSecretRecord(world.ctx, 'short', metadata, 'only-31-characters-0123456789ab', START);
await world.store.putClient(world.tenant, { ...record, clientId: clientId('short'), secrets: [tooShort] }, START);
const clients = {
  pair: await clientOf('pair'),
  mac: await clientOf('mac'),
  short: await clientOf('short'),
  hashed: await clientOf('hashed'),
};
const PAYLOAD = { sub: 'x', n: 1 };

async function outcome(client: keyof typeof clients, text: string, algs: readonly string[] = VERIFICATION_ALGS): Promise<string> {
  const read = await verifyClientJwt(world.ctx, clients[client], text, { algs, now: START });
  return read.kind === 'verified' ? JSON.stringify(read.payload) : read.reason;
}

test('a signature of one of the client’s own keys verifies, with its kid or without (RFC 7515 §4.1.4, §5.2, OpenID Connect Core §10.1)', async () => {
  for (const pair of [es, rs, ed]) {
    assert.equal(await outcome('pair', signWith(pair, PAYLOAD)), JSON.stringify(PAYLOAD), pair.alg);
    assert.equal(await outcome('pair', signWith(pair, PAYLOAD, { kid: undefined })), JSON.stringify(PAYLOAD), pair.alg);
  }
  const read = await verifyClientJwt(world.ctx, clients.pair, signWith(es, PAYLOAD, { typ: 'JWT' }), { algs: ['ES256'], now: START });
  assert.deepEqual(read, { kind: 'verified', header: { alg: 'ES256', kid: 'es', typ: 'JWT' }, payload: PAYLOAD });
});

test('anything else does not (RFC 7515 §5.2, attacks JWT-06)', async () => {
  const good = signWith(es, PAYLOAD);
  const [header = '', , signature = ''] = good.split('.');
  assert.equal(await outcome('pair', `${header}.${encodeJson({ sub: 'y' })}.${signature}`), 'its signature is wrong');
  assert.equal(await outcome('pair', signWith(stranger, PAYLOAD)), 'its signature is wrong');
  assert.equal(await outcome('pair', signWith(stranger, PAYLOAD, { kid: undefined })), 'its signature is wrong');
  assert.equal(await outcome('pair', signWith(es, PAYLOAD, { kid: 'rs' })), 'the client has no key for ES256 with the kid "rs"');
  for (const kid of [7, null, ['es'], { kid: 'es' }])
    assert.equal(await outcome('pair', signWith(es, PAYLOAD, { kid })), 'its kid is not a text');
  for (const kid of ['../../dev/null', "' OR '1'='1", 'https://127.0.0.1/', 'x'.repeat(9_000)])
    assert.match(await outcome('pair', signWith(es, PAYLOAD, { kid })), /^the client has no key for ES256 with the kid .{1,70}$/);
  for (const text of ['', 'x', 'a.b.c', `${header}.${signature}`, `${good}.`, `${good}=`, JSON.stringify({ payload: 'x', signatures: [] })])
    assert.equal(await outcome('pair', text), 'it does not read as a signed JWT', text);
});

test('only the algorithms that are asked for count, and none never does (RFC 8725 §3.1)', async () => {
  assert.equal(await outcome('pair', signWith(es, PAYLOAD), ['RS256']), 'its alg "ES256" is not one of RS256');
  for (const alg of ['none', 'None', 'nOnE', 'ES256K', 'RS1', 'es256', '']) {
    const text = `${encodeJson({ alg })}.${encodeJson(PAYLOAD)}.${Buffer.from('x').toString('base64url')}`;
    assert.notEqual(await outcome('pair', text), JSON.stringify(PAYLOAD), alg);
    assert.notEqual(
      await outcome('pair', text, [...VERIFICATION_ALGS, alg]),
      JSON.stringify(PAYLOAD),
      `even where somebody asks for ${alg}`,
    );
  }
});

test('a public key is no secret, and a secret is no key pair (RFC 8725 §2.1, attacks JWT-02)', async () => {
  const pem = es.key.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const secret of [pem, pem.trim(), JSON.stringify(es.jwk), String(es.jwk['x'])]) {
    assert.equal(await outcome('pair', signWithSecret(secret, PAYLOAD, { kid: 'es' })), 'the client has no secret that can be read');
    assert.equal(await outcome('mac', signWithSecret(secret, PAYLOAD)), 'its signature is wrong');
  }
  assert.equal(await outcome('mac', signWith(es, PAYLOAD)), 'the client has no key for ES256 with the kid "es"');
});

test('what is keyed with the client’s secret verifies with it (RFC 7518 §3.2, OpenID Connect Core §10.1)', async () => {
  for (const alg of ['HS256', 'HS384', 'HS512'])
    assert.equal(await outcome('mac', signWithSecret(SECRET, PAYLOAD, {}, alg)), JSON.stringify(PAYLOAD));
  assert.equal(await outcome('mac', signWithSecret(`${SECRET}x`, PAYLOAD)), 'its signature is wrong');
  assert.equal(await outcome('mac', signWithSecret(SECRET, PAYLOAD, { alg: 'HS512' }, 'HS256')), 'its signature is wrong');
  assert.equal(
    await outcome('short', signWithSecret('only-31-characters-0123456789ab', PAYLOAD)),
    'the client’s secret is shorter than 32 bytes',
  );
  assert.equal(await outcome('hashed', signWithSecret(SECRET, PAYLOAD)), 'the client has no secret that can be read');
});

test('keys that the JWT brings or points to are never looked at (RFC 8725 §3.10, attacks JWT-08, JWT-09)', async () => {
  for (const header of [{ jwk: stranger.jwk }, { jku: `${canary.url}/jwks` }, { x5u: `${canary.url}/cert` }, { x5c: ['MIIB'] }]) {
    assert.equal(await outcome('pair', signWith(stranger, PAYLOAD, { ...header, kid: undefined })), 'its signature is wrong');
    assert.equal(await outcome('pair', signWith(es, PAYLOAD, header)), JSON.stringify(PAYLOAD), 'nor are they in the way');
  }
  assert.deepEqual(canary.asked, []);
});
