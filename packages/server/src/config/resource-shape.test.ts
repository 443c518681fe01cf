import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceConfig } from './config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(resources: string): readonly ResourceConfig[] {
  return readConfig({ text: `resources: ${resources}`, file: 'f', env: {} }).resources;
}

function problemsOf(resources: string): readonly string[] {
  try {
    read(resources);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test('a resource is a JWT of ten minutes signed with ES256 where nothing else is said', () => {
  assert.deepEqual(read('[{ identifier: https://a.example }]'), [
    { identifier: 'https://a.example', scopes: [], tokenFormat: 'jwt', signingAlg: 'ES256', tokenTtlSeconds: 600 },
  ]);
});

test('resources keep their order', () => {
  assert.deepEqual(
    read('[{ identifier: urn:b:b }, { identifier: urn:a:a }]').map(({ identifier }) => identifier),
    ['urn:b:b', 'urn:a:a'],
  );
});

test('an identifier is an absolute URI without a fragment (RFC 8707 §2), and comes once', () => {
  for (const good of ['https://a.example/x?y=1', 'urn:example:api', 'api://x', 'https://a.example:8443'])
    assert.deepEqual(problemsOf(`[{ identifier: "${good}" }]`), [], good);
  for (const bad of ['a.example', '/x', 'https://', 'urn:a b', 'https://é.example', ':x']) {
    assert.deepEqual(problemsOf(`[{ identifier: "${bad}" }]`), ['resources[0].identifier: is not an absolute URI'], bad);
  }
  assert.deepEqual(problemsOf('[{ identifier: "https://a.example#" }]'), ['resources[0].identifier: has a fragment']);
  assert.deepEqual(problemsOf('[{ identifier: urn:a:a }, { identifier: urn:a:a }]'), [
    'resources[1].identifier: is the same as resources[0].identifier in line 1',
  ]);
});

test('a scope is a scope token (RFC 6749 §3.3), and comes once in a resource', () => {
  assert.deepEqual(read('[{ identifier: urn:a:a, scopes: ["a:read", "!#[]~"] }]')[0]?.scopes, ['a:read', '!#[]~']);
  for (const bad of ['a b', 'a\\"', 'a\\\\', 'é', '\\u007f']) {
    assert.deepEqual(problemsOf(`[{ identifier: urn:a:a, scopes: ["${bad}"] }]`), ['resources[0].scopes[0]: is not a scope token'], bad);
  }
  assert.deepEqual(problemsOf('[{ identifier: urn:a:a, scopes: [x, x] }]'), [
    'resources[0].scopes[1]: is the same as resources[0].scopes[0] in line 1',
  ]);
});

test('a token lives 5 seconds to 24 hours', () => {
  const ttlOf = (ttl: string): unknown => read(`[{ identifier: urn:a:a, token_ttl: ${ttl} }]`)[0]?.tokenTtlSeconds;
  assert.equal(ttlOf('5'), 5);
  assert.equal(ttlOf('5s'), 5);
  assert.equal(ttlOf('24h'), 86_400);
  assert.equal(ttlOf('1d'), 86_400);
  for (const bad of ['4', '4s', '25h', '86401', '-5', '5.5', '"5"', '5 m', '5M', '1w', '""', 'true', '[5]']) {
    assert.equal(problemsOf(`[{ identifier: urn:a:a, token_ttl: ${bad} }]`).length, 1, bad);
  }
});

test('what signs is one of the algorithms in use', () => {
  assert.deepEqual(problemsOf('[{ identifier: urn:a:a, signing_alg: EdDSA }]'), [
    'resources[0].signing_alg: is not among signing.algorithms',
  ]);
  assert.deepEqual(problemsOf('[{ identifier: urn:a:a, signing_alg: none }]'), [
    'resources[0].signing_alg: is not one of the allowed values',
  ]);
});
