import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';
import { Secret } from './secret.ts';

test('a secret prints as [secret] and is there when asked for', () => {
  const secret = new Secret('hunter2');
  assert.equal(secret.reveal(), 'hunter2');
  for (const text of [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    String(Object.entries(secret)),
  ]) {
    assert.doesNotMatch(text, /hunter2/);
  }
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
});

/** Documents that are wrong at the place of a secret, or have a secret in the wrong place. */
const WRONG: readonly ((secret: string) => string)[] = [
  (secret) => `users: [{ username: a, password: [${secret}] }]`,
  (secret) => `users: [{ username: a, password: { ${secret}x: 1 } }]`.replace(`${secret}x: 1`, ''),
  (secret) => `users: [{ username: a, password: ${secret}, password_hash: ${secret} }]`,
  (secret) => `users: [{ username: a, password_hash: ${secret} }]`,
  (secret) => `users: [{ username: a, passwort: ${secret} }]`,
  (secret) => `users:\n  - password:${secret}`,
  (secret) => `users:\n  - username: " a\\npassword: ${secret}"`,
  (secret) => `users: password:${secret}`,
  (secret) => `users: [${secret}]`,
  (secret) => `users: ${secret}`,
  (secret) =>
    `mode: production\nissuer: https://a.example\nclients: [{ client_id: a, client_secret: ${secret.slice(0, 12)}, grant_types: [client_credentials] }]`,
  (secret) => `clients: [{ client_id: a, client_secret: "${secret}\\u00e9" }]`,
  (secret) => `clients: [{ client_id: a, secret: ${secret} }]`,
  (secret) => `clients: [{ client_id: a, client_secret: ${secret}, token_endpoint_auth_method: none }]`,
  (secret) => `clients: [{ client_id: a, jwks: { keys: [{ kty: OKP, crv: Ed25519, d: ${secret}, x: ${secret} }] } }]`,
  (secret) => `database: postgres//hufu:${secret}@db/hufu`,
  (secret) => `database: mysql://hufu:${secret}@db/hufu`,
  (secret) => `database: postgres://hufu:${secret}@[db/hufu`,
  (secret) => `database: host=db password=${secret}`,
  (secret) => `redis: redis://:${secret}@cache/one`,
  (secret) => `redis: http://:${secret}@cache`,
  (secret) => `issuer: postgres://hufu:${secret}@db/hufu`,
  (secret) => `issuer: https://me:${secret}@a.example`,
  (secret) => `listen: ${'${DB_PASSWORD}'} # ${secret}`,
  (secret) => `users: [{ username: a, password: "${secret}\\q" }]`,
  (secret) => `users: [{ username: a, password: a: ${secret} }]`,
  (secret) => `users: [{ username: a, password: *${secret} }]`.replace('*', '!'),
];

test('no secret is in the text of an error, whatever is wrong with it', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z][A-Za-z0-9]{15,30}$/), (secret) => {
      for (const wrong of WRONG) {
        const text = wrong(secret);
        assert.throws(
          () => readConfig({ text, file: 'f', env: { DB_PASSWORD: secret } }),
          (error) => {
            assert.ok(error instanceof ConfigError, text);
            const told = `${error.message} ${error.stack} ${JSON.stringify(error.problems)} ${inspect(error)}`;
            assert.ok(!told.includes(secret.slice(0, 12)), `${text}\n${error.message}`);
            return true;
          },
          text,
        );
      }
    }),
    { numRuns: 20 },
  );
});

test('a configuration that is printed whole shows no secret', () => {
  const text = [
    'database: postgres://u:hunter2hunter2@h/db',
    'users: [{ username: a, password: hunter2hunter2 }]',
    'clients: [{ client_id: a, client_secret: hunter2hunter2, grant_types: [client_credentials] }]',
  ].join('\n');
  const config = readConfig({ text, file: 'f', env: {} });
  assert.doesNotMatch(`${inspect(config, { depth: 9, showHidden: true })} ${JSON.stringify(config)}`, /hunter2/);
});
