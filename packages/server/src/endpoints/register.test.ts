import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '@hufu/protocol/client-metadata';
import { clientId } from '@hufu/protocol/ids';
import { hashClientSecret } from '../client-auth/authenticate-client.ts';
import { findClient } from '../clients.ts';
import { describeServer } from '../server-description.ts';
import { GOOD_METADATA, OPEN_YAML, registerAt, registrationYaml } from '../testing/registrations.ts';
import { ISSUER, openWorld, START } from '../testing/world.ts';

const world = await openWorld({ yaml: OPEN_YAML.replace('open }', 'open, brute_force: off }') });
after(() => world.close());

const NO_SECRET = { ...GOOD_METADATA, token_endpoint_auth_method: 'none' };

async function refused(metadata: object | string, headers: Record<string, string> = {}): Promise<readonly unknown[]> {
  const reply = await registerAt(world, metadata, headers);
  assert.equal(reply.headers['cache-control'], 'no-store');
  return [reply.status, reply.json['error']];
}

test('a registration is answered with everything that is registered, and its credentials (RFC 7591 §3.2.1, OpenID Connect Registration §3.2)', async () => {
  const reply = await registerAt(world, { ...GOOD_METADATA, 'client_name#zh-CN': '新来的', contacts: ['a@new.example'] });
  assert.equal(reply.status, 201);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['cache-control'], 'no-store');
  const { client_id, client_secret, registration_access_token, registration_client_uri, ...metadata } = reply.json;
  assert.match(String(client_id), /^client_[\w-]{24}$/);
  assert.match(String(client_secret), /^[\w-]{43}$/);
  assert.match(String(registration_access_token), /^hfg_[\w-]{43}$/);
  assert.equal(registration_client_uri, `${ISSUER}/oauth/register/${String(client_id)}`);
  assert.deepEqual(metadata, {
    client_secret_expires_at: 0,
    client_id_issued_at: START,
    application_type: 'web',
    redirect_uris: ['https://new.example/cb'],
    post_logout_redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    client_name: 'Newcomer',
    'client_name#zh-CN': '新来的',
    contacts: ['a@new.example'],
    subject_type: 'public',
    id_token_signed_response_alg: 'RS256',
    require_auth_time: false,
  });
});

test('what is kept of its secrets are hashes, and our settings are the server’s (RFC 7591 §5)', async () => {
  const { json } = await registerAt(world);
  const record = await world.store.findClient(world.tenant, clientId(String(json['client_id'])));
  assert.deepEqual(
    [record?.source, record?.enabled, record?.secrets],
    [
      'registered',
      true,
      [{ hash: hashClientSecret(world.ctx, String(json['client_id']), String(json['client_secret'])), createdAt: START, expiresAt: 0 }],
    ],
  );
  const kept = JSON.stringify(record);
  for (const name of ['client_secret', 'registration_access_token']) assert.equal(kept.includes(String(json[name])), false, name);
  assert.equal(record?.registrationHash?.length, 43);
  assert.equal('hufu' in (record?.metadata ?? {}), false);
});

test('a secret is made for those who need one alone (RFC 7591 §3.2.1, OpenID Connect Core §10.1)', async () => {
  assert.equal('client_secret' in (await registerAt(world, NO_SECRET)).json, false);
  const keys = {
    keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }],
  };
  const withKeys = { ...GOOD_METADATA, token_endpoint_auth_method: 'private_key_jwt', jwks: keys };
  const plain = (await registerAt(world, withKeys)).json;
  assert.deepEqual(['client_secret' in plain, 'client_secret_expires_at' in plain, plain['jwks']], [false, false, keys]);
  const keyed = (await registerAt(world, { ...withKeys, id_token_signed_response_alg: 'HS256' })).json;
  assert.match(String(keyed['client_secret']), /^[\w-]{43}$/);
  assert.equal(keyed['client_secret_expires_at'], 0);
});

test('what is wrong is told by the codes of RFC 7591 §3.2.2 (attacks REG-02)', async () => {
  for (const uri of ['https://new.example/cb#x', 'javascript:alert(1)', 'http://new.example/cb', 'com.example:/cb', 5])
    assert.deepEqual(await refused({ redirect_uris: [uri] }), [400, 'invalid_redirect_uri'], String(uri));
  assert.deepEqual(await refused({}), [400, 'invalid_redirect_uri']);
  for (const [name, value] of Object.entries({
    token_endpoint_auth_method: 'tls_client_auth',
    grant_types: ['password'],
    response_types: ['code id_token'],
    client_name: 'a\nb',
    logo_uri: 'data:image/png,x',
    jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] },
    id_token_signed_response_alg: 'none',
    default_max_age: -1,
    scope: 'a"b',
  }))
    assert.deepEqual(await refused({ ...GOOD_METADATA, [name]: value }), [400, 'invalid_client_metadata'], name);
});

test('what nobody’s consent stands behind is not for strangers: client_credentials, unsigned request objects (RFC 7591 §5)', async () => {
  const others = ['client_credentials', 'password', JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT];
  for (const name of others) assert.deepEqual(await refused({ grant_types: [name] }), [400, 'invalid_client_metadata'], name);
  assert.deepEqual(await refused({ ...GOOD_METADATA, request_object_signing_alg: 'none' }), [400, 'invalid_client_metadata']);
});

test('scopes that nothing here offers are left out, and the answer says so (RFC 7591 §2 scope)', async () => {
  assert.equal((await registerAt(world, { ...GOOD_METADATA, scope: 'openid read admin' })).json['scope'], 'openid read');
  const { json } = await registerAt(world, { ...GOOD_METADATA, scope: 'admin' });
  assert.equal('scope' in json, false);
  assert.notEqual(await findClient(world.ctx, String(json['client_id'])), undefined, 'and it reads');
});

test('answers that come back through the browser go by https to another machine (OpenID Connect Registration §2 application_type)', async () => {
  const implicit = { grant_types: ['implicit'], response_types: ['id_token'] };
  for (const uri of ['http://localhost/cb', 'https://localhost/cb', 'https://127.0.0.1/cb'])
    assert.deepEqual(await refused({ ...implicit, redirect_uris: [uri] }), [400, 'invalid_redirect_uri'], uri);
  assert.equal((await registerAt(world, { ...implicit, redirect_uris: ['https://new.example/cb'] })).status, 201);
  assert.equal((await registerAt(world, { ...implicit, application_type: 'native', redirect_uris: ['http://localhost/cb'] })).status, 201);
  assert.equal((await registerAt(world, { redirect_uris: ['http://localhost/cb'] })).status, 201, 'a code does not');
});

test('an ID token algorithm that is not said is RS256, or the first where the server has it not (OpenID Connect Registration §2)', async () => {
  const modern = await openWorld({ yaml: OPEN_YAML.replace('[ES256, RS256]', '[EdDSA, ES256]') });
  assert.equal((await registerAt(modern)).json['id_token_signed_response_alg'], 'EdDSA');
  assert.equal((await registerAt(modern, { ...GOOD_METADATA, id_token_signed_response_alg: 'RS256' })).status, 400);
  await modern.close();
});

test('URIs that we or our users would follow lead outside, unless the host is exempt (attacks REG-07)', async () => {
  const exempt = await openWorld({ yaml: registrationYaml('registration: open, outbound: { allow_hosts: [intranet, 10.0.0.0/8] }') });
  for (const name of [
    'jwks_uri',
    'logo_uri',
    'client_uri',
    'policy_uri',
    'tos_uri',
    'sector_identifier_uri',
    'initiate_login_uri',
    'backchannel_logout_uri',
    'frontchannel_logout_uri',
  ]) {
    for (const host of [
      '10.0.0.1',
      '127.0.0.1',
      '[::1]',
      '[fd00::1]',
      '169.254.169.254',
      'localhost',
      'intranet',
      'db.internal',
      'printer.local',
    ])
      assert.deepEqual(
        await refused({ ...GOOD_METADATA, [name]: `https://${host}/x` }),
        [400, 'invalid_client_metadata'],
        `${name} ${host}`,
      );
  }
  for (const host of ['10.0.0.1', 'intranet'])
    assert.equal((await registerAt(exempt, { ...GOOD_METADATA, logo_uri: `https://${host}/x` })).status, 201, host);
  assert.equal((await registerAt(exempt, { ...GOOD_METADATA, logo_uri: 'https://10.0.0.1.example/x' })).status, 201);
  assert.equal((await registerAt(exempt, { ...GOOD_METADATA, logo_uri: 'https://172.16.0.1/x' })).status, 400);
  await exempt.close();
});

describe('the body', () => {
  test('is JSON, in UTF-8, whatever the header pretends (attacks HTP-05)', async () => {
    const good = JSON.stringify(GOOD_METADATA);
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/json;charset="UTF-8"'])
      assert.equal((await registerAt(world, good, { 'content-type': type })).status, 201, type);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json;charset=utf-7',
      'application/jsonx',
      'application/json, text/plain',
      '',
    ])
      assert.deepEqual(await refused(good, { 'content-type': type }), [400, 'invalid_request'], type);
  });

  test('is one object, neither deep nor ambiguous (attacks HTP-08)', async () => {
    const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    for (const body of [
      '',
      '[]',
      'null',
      '"x"',
      '{',
      '{"redirect_uris":[}',
      deep,
      '\ufeff{}',
      '{"client_name":"a","client_name":"b"}',
      '{"client_name":"a","client\\u005fname":"b"}',
      '{"jwks":{"keys":[],"keys":[]}}',
    ])
      assert.deepEqual(await refused(body), [400, 'invalid_request'], body.slice(0, 40));
    const twins = { ...GOOD_METADATA, jwks_uri: 'https://new.example/{"client_name":1}', contacts: ['client_name', 'client_name'] };
    assert.deepEqual(await refused(twins), [400, 'invalid_client_metadata'], 'a text that looks like a member is none');
  });

  test('has members of its own alone (attacks HTP-03)', async () => {
    const reply = await registerAt(
      world,
      `{"redirect_uris":["https://new.example/cb"],"__proto__":{"client_name":"x","polluted":true},"constructor":{"prototype":{"polluted":true}}}`,
    );
    assert.equal(reply.status, 201);
    assert.equal('client_name' in reply.json, false);
    assert.equal('polluted' in {}, false);
  });
});

test('registration is off by default: refused for everybody, and discovery knows of none (attacks REG-01)', async () => {
  const closed = await openWorld({ yaml: '' });
  for (const headers of [{}, { authorization: 'Bearer x' }]) {
    const reply = await registerAt(closed, GOOD_METADATA, headers);
    assert.deepEqual([reply.status, reply.json['error']], [401, 'invalid_token']);
    assert.match(String(reply.headers['www-authenticate']), /^Bearer /);
    assert.equal((await closed.why(reply)).failed, 'registration_open');
  }
  assert.equal(describeServer(closed.ctx.config).endpoints.registration_endpoint, undefined);
  assert.equal(describeServer(world.ctx.config).endpoints.registration_endpoint, '/oauth/register');
  await closed.close();
});

test('one source registers twenty at once and then one each half minute; an IPv6 network is one source (attacks REG-10)', async () => {
  const own = await openWorld({ yaml: OPEN_YAML });
  const from = (address: string): Promise<unknown> => registerAt(own, GOOD_METADATA, {}, address).then(({ status }) => status);
  for (let i = 0; i < 20; i++) assert.equal(await from(`2001:db8:1:1::${i}`), 201);
  const over = await registerAt(own, GOOD_METADATA, {}, '2001:db8:1:1::ff');
  assert.deepEqual([over.status, over.json['error'], over.headers['retry-after']], [429, 'temporarily_unavailable', '30']);
  assert.equal((await own.why(over)).failed, 'registration_throttle');
  assert.equal(await from('2001:db8:1:2::1'), 201, 'another source');
  own.clock.advance(30_000);
  assert.deepEqual([await from('2001:db8:1:1::1'), await from('2001:db8:1:1::1')], [201, 429]);
  await own.close();
});

test('all sources together are bounded too (attacks REG-10)', async () => {
  const own = await openWorld({ yaml: OPEN_YAML });
  const statuses = await Promise.all(
    Array.from({ length: 301 }, (_, i) => registerAt(own, {}, {}, `198.51.100.${i % 250}`).then(({ status }) => status)),
  );
  assert.deepEqual([statuses.filter((status) => status === 400).length, statuses.filter((status) => status === 429).length], [300, 1]);
  await own.close();
});

test('there are no more registered clients than the policy allows (attacks REG-10)', async () => {
  const small = await openWorld({ yaml: registrationYaml('registration: open, registered_clients: { max: 2 }') });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await registerAt(small)).status);
  assert.deepEqual(statuses, [201, 201, 429]);
  await small.close();
});
