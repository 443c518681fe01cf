import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PROFILE_NAMES } from '@hufu/protocol/profiles/profile-names';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { findVerificationKeys } from '../client-keys/client-jwks.ts';
import { findClient } from '../clients.ts';
import { ADMIN_YAML, ask, roleToken, type Told } from '../testing/admin-world.ts';
import { type ClientKeyPair, clientKeyPair } from '../testing/client-assertions.ts';
import { type JwksHost, openJwksHost } from '../testing/jwks-host.ts';
import { openWorld, START, type World } from '../testing/world.ts';

const one: ClientKeyPair = await clientKeyPair('one');
let host: JwksHost;
let world: World;
let reader: string;
before(async () => {
  host = await openJwksHost([{ ...one.jwk, use: 'sig', alg: 'ES256' }]);
  const clients = `
  - { client_id: bank, token_endpoint_auth_method: private_key_jwt, redirect_uris: [https://bank.example/cb], dpop_bound_access_tokens: true, id_token_signed_response_alg: ES256, jwks: ${JSON.stringify({ keys: [one.jwk] })}, hufu: { profile: fapi2_security } }
  - { client_id: remote, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks_uri: '${host.url}/jwks' }
`;
  const yaml = ADMIN_YAML.replace('resources:', `${clients.slice(1)}resources:`).replace(
    'policies:\n',
    'policies:\n  outbound: { allow_hosts: [127.0.0.1] }\n',
  );
  world = await openWorld({ yaml });
  reader = await roleToken(world, 'read');
});
after(async () => {
  await world.close();
  host.close();
});

interface Demand {
  readonly member: string;
  readonly rule: string;
  readonly has: readonly string[];
  readonly met: boolean;
  readonly faults: readonly string[];
}

function check(id: string, query = ''): Promise<Told> {
  return ask(world, reader, 'clients.check', { params: { client_id: id }, query });
}

function demands({ json, body }: Told): readonly Demand[] {
  const { demands: all } = json;
  return Array.isArray(all) ? all : assert.fail(body.toString());
}

test('a client is compared with the profile that it is held to (FAPI 2.0 Security Profile §5.3)', async () => {
  const reply = await check('bank');
  assert.deepEqual([reply.status, reply.json['profile'], reply.json['held']], [200, 'fapi2_security', true]);
  assert.ok(demands(reply).length > 5 && demands(reply).every(({ met }) => met));
  const bound = demands(reply).find(({ member }) => member === 'dpop_bound_access_tokens');
  assert.deepEqual([bound?.rule, bound?.has], ['either', ['dpop_bound_access_tokens']]);
});

test('a client without a profile is compared with OAuth 2.1, or with the one that is named, and told which members to change', async () => {
  const { json } = await check('plain');
  assert.deepEqual([json['profile'], json['held'], json['meets']], ['oauth21', false, true]);
  const reply = await check('plain', 'profile=fapi1_advanced');
  assert.deepEqual([reply.json['held'], reply.json['meets']], [false, false]);
  const unmet = demands(reply).filter(({ met }) => !met);
  assert.deepEqual(
    unmet.map(({ member }) => member),
    ['token_endpoint_auth_method', 'tls_client_certificate_bound_access_tokens', 'authorization_signed_response_alg'],
  );
  assert.match(unmet[0]?.faults[0] ?? '', /^is client_secret_basic; FAPI 1.0 Advanced knows private_key_jwt/);
  assert.equal((await check('plain', 'profile=none')).status, 400);
  assert.equal((await check('nobody')).status, 404);
});

test('what is told is what the start holds clients to: every fault of each profile, for each client', async () => {
  assert.deepEqual([...PROFILES.keys()], [...PROFILE_NAMES]);
  for (const id of ['plain', 'bank', 'remote', 'console'])
    for (const [name, profile] of PROFILES) {
      const { metadata } = (await findClient(world.ctx, id)) ?? assert.fail();
      const told = demands(await check(id, `profile=${name}`)).flatMap(({ faults }) => faults);
      assert.deepEqual(
        told,
        profile.findFaults(metadata).map(({ message }) => message),
        `${id} ${name}`,
      );
    }
});

test('what the server itself lacks stands beside it, with its setting (FAPI 2.0 Security Profile §5.4.1)', async () => {
  const signed = await openWorld({ yaml: ADMIN_YAML, issuer: 'http://localhost:4400' });
  const token = await roleToken(signed, 'read');
  const { json } = await ask(signed, token, 'clients.check', { params: { client_id: 'plain' }, query: 'profile=fapi2_security' });
  const server = Array.isArray(json['server']) ? json['server'] : [];
  assert.ok(server.some(({ setting }) => setting === 'issuer'));
  await signed.close();
});

test('the keys of a client are told as they are known, and a look fetches nothing', async () => {
  const look = (id: string): Promise<Told> => ask(world, reader, 'clients.keys.list', { params: { client_id: id } });
  assert.deepEqual((await look('bank')).json, { source: 'jwks', items: [{ kty: 'EC', kid: 'one', crv: 'P-256' }] });
  assert.deepEqual((await look('plain')).json, { source: 'none', items: [] });
  const jwks_uri = `${host.url}/jwks`;
  assert.deepEqual((await look('remote')).json, { source: 'jwks_uri', items: [], jwks_uri });
  assert.deepEqual(host.asked, []);
  const client = (await findClient(world.ctx, 'remote')) ?? assert.fail();
  await findVerificationKeys(world.ctx, client, { kid: 'one', alg: 'ES256' }, START);
  const known = {
    source: 'jwks_uri',
    items: [{ kty: 'EC', kid: 'one', crv: 'P-256', alg: 'ES256', use: 'sig' }],
    jwks_uri,
    fetched_at: START,
  };
  assert.deepEqual((await look('remote')).json, known);
  host.status = 500;
  await findVerificationKeys(world.ctx, client, { kid: 'two', alg: 'ES256' }, START + 60);
  assert.deepEqual((await look('remote')).json, { ...known, fault: 'its host answered 500' });
  assert.equal(host.asked.length, 2, 'two for those who needed keys, none for who looked');
});
