import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientKeyPair } from '../testing/client-assertions.ts';
import { samlKey } from '../testing/saml.ts';
import type { TrustedIssuer } from './config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

const { jwk } = await clientKeyPair('a');
const { certificate } = samlKey();
const JWKS = { keys: [jwk] };

function read(issuer: object): TrustedIssuer | undefined {
  const text = JSON.stringify({ issuer: 'https://id.example', policies: { trusted_issuers: [issuer] } });
  return readConfig({ text, file: 'f', env: {} }).policies.trustedIssuers[0];
}

const faultsOf = (issuer: object): readonly string[] => {
  try {
    read(issuer);
    return [];
  } catch (error) {
    return error instanceof ConfigError
      ? error.problems.map(({ path, message }) => `${path.replace('policies.trusted_issuers[0]', '')} ${message}`)
      : assert.fail();
  }
};

const GOOD = { issuer: 'https://idp.example', accepts: ['jwt-bearer'], jwks: JWKS, clients: ['web'], scopes: ['read'] };

test('an issuer speaks for nobody of ours unless that is said, by its sub, to those who are named (RFC 7523 §3)', () => {
  const issuer = read(GOOD) ?? assert.fail();
  assert.deepEqual([issuer.subject, issuer.subjectClaim, issuer.certificates, issuer.jwksUri], ['foreign', 'sub', [], undefined]);
  assert.equal(issuer.jwks?.keys.length, 1);
});

test('it has keys for what it signs, and none for what it does not (RFC 7522 §3, RFC 7523 §3)', () => {
  assert.deepEqual(faultsOf(GOOD), []);
  assert.deepEqual(faultsOf({ ...GOOD, jwks: undefined }), [' needs one of jwks and jwks_uri']);
  assert.deepEqual(faultsOf({ ...GOOD, jwks_uri: 'https://idp.example/jwks' }), [' needs one of jwks and jwks_uri']);
  assert.deepEqual(faultsOf({ ...GOOD, accepts: ['saml2-bearer'], jwks: undefined }), [' needs certificates for saml2-bearer']);
  assert.deepEqual(faultsOf({ ...GOOD, certificates: [certificate] }), [' has certificates, but does not accept saml2-bearer']);
  const saml = { ...GOOD, accepts: ['saml2-bearer'], jwks: undefined };
  assert.deepEqual(faultsOf({ ...saml, certificates: [certificate] }), []);
  assert.deepEqual(faultsOf({ ...saml, certificates: ['x'] }), ['.certificates[0] is not a certificate']);
});

test('clients, scopes and uses are said one by one', () => {
  for (const name of ['issuer', 'accepts', 'clients', 'scopes'])
    assert.deepEqual(faultsOf({ ...GOOD, [name]: undefined }), [`.${name} is missing`]);
  assert.equal(faultsOf({ ...GOOD, accepts: ['everything'] }).length, 1);
  assert.equal(faultsOf({ ...GOOD, accepts: [] }).length, 1);
  assert.deepEqual(faultsOf({ ...GOOD, issuer: 'https://idp.example|a' }), ['.issuer has a bar']);
  assert.equal(faultsOf({ ...GOOD, scopes: ['a b'] }).length, 1);
  assert.equal(faultsOf({ ...GOOD, subject: 'email' }).length, 1);
});
