import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayConfig } from './gateway-config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

const SECRET = 'a secret of thirty-two characters or more';
const JWK = '{ kty: OKP, crv: Ed25519, kid: notes-1, alg: EdDSA, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }';

function read(passport: string, route = ''): GatewayConfig | undefined {
  const text = `
gateway:
  origins: ["https://api.example"]
  upstreams: { notes: { targets: [{ url: "http://10.0.0.1:8080" }] } }
  routes: [{ name: notes, path: /, upstream: notes, token: any${route} }]
  passport: ${passport}
`;
  return readConfig({ text, file: 'hufu.yaml', env: { SECRET } }).gateway;
}

test('what is written of Passports is read as plain data', () => {
  const gateway = read(
    `
    ttl: 30s
    levels: { bearer: 1, device_claim: 0, acr: { "urn:hufu:acr:2": 3 }, issuers: { "https://partner.example": 1 }, rule: user }
    device_claims: { type: device_type }
    services:
      notes: { secret: "\${SECRET}", jwks: { keys: [${JWK}] }, actions: [USER_LOGOUT, USER_STEP_UP] }
`,
    ', passport: { min_level: 2, actions: true }',
  );
  const { passport, routes } = gateway ?? assert.fail();
  assert.equal(passport?.ttlSeconds, 30);
  assert.deepEqual(passport?.levels?.acr, [['urn:hufu:acr:2', 3]]);
  assert.deepEqual([passport?.levels?.bearer, passport?.levels?.dpop, passport?.levels?.deviceClaim], [1, undefined, 0]);
  assert.deepEqual(passport?.deviceClaims, { id: 'device_id', type: 'device_type' });
  const [notes] = passport?.services ?? [];
  assert.deepEqual([notes?.name, notes?.upstreams, notes?.actions], ['notes', undefined, ['USER_LOGOUT', 'USER_STEP_UP']]);
  assert.equal(notes?.secret?.reveal(), SECRET);
  assert.doesNotMatch(JSON.stringify(gateway), /thirty-two/);
  assert.deepEqual(routes[0]?.passport, { send: true, minLevel: 2, actions: true });
  assert.deepEqual(read('{}')?.passport, { ttlSeconds: 60, levels: undefined, deviceClaims: undefined, services: [] });
});

test('Passports that cannot be are told with their place', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{ ttl: 3m }', /passport\.ttl.*too long/s],
    ['{ levels: { bearer: 4 } }', /passport\.levels\.bearer.*whole number/s],
    ['{ levels: { acr: { "a b": 1 } } }', /is no name/],
    ['{ services: { notes: { actions: [USER_LOGIN] } } }', /not one of the allowed/],
    ['{ services: { notes: { secret: short } } }', /too short/],
    ['{ services: { notes: { jwks: { keys: [{ kty: oct, k: eA }] } } } }', /services\.notes\.jwks/],
    ['{ keys: [] }', /unknown key/],
  ];
  for (const [text, message] of wrong)
    assert.throws(
      () => read(text),
      (error) => error instanceof ConfigError && message.test(error.message) && !error.message.includes('short is'),
      text,
    );
});
