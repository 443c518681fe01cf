import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { DPOP_ALGS, type DpopProof, findProofFault, normalizeHtu, readDpopProof, thumbprintInput } from './dpop.ts';

const JWK = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const NOW = 1_800_000_000;
const HEADER = { typ: 'dpop+jwt', alg: 'ES256', jwk: JWK };
const CLAIMS = { jti: 'j1', htm: 'POST', htu: 'https://as.example/oauth/token', iat: NOW };

function proofText(header: object = {}, claims: object = {}): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ ...HEADER, ...header })}.${encode({ ...CLAIMS, ...claims })}.AAAA`;
}

function read(header: object = {}, claims: object = {}): DpopProof {
  const reading = readDpopProof(proofText(header, claims));
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  return reading.proof;
}

function reasonOf(header: object, claims: object = {}): string {
  const reading = readDpopProof(proofText(header, claims));
  return reading.kind === 'refused' ? reading.reason : 'read';
}

test('a proof says its key and what it is for (RFC 9449 §4.2)', () => {
  const proof = read({}, { ath: 'a', nonce: 'n' });
  assert.deepEqual(proof.jwk, { kty: 'EC', crv: 'P-256', x: JWK.x, y: JWK.y });
  assert.equal(proof.alg, 'ES256');
  const { jti, htm, htu, iat, ath, nonce } = proof;
  assert.deepEqual({ jti, htm, htu, iat, ath, nonce }, { ...CLAIMS, ath: 'a', nonce: 'n' });
});

test('a proof without one of its parts, or with another kind of it, is none (RFC 9449 §4.3, attacks DPO-01)', () => {
  for (const typ of [undefined, 'jwt', 'DPoP+JWT', 'application/dpop+jwt', 5]) assert.match(reasonOf({ typ }), /typ/, String(typ));
  for (const jwk of [undefined, null, 'x', [], {}, { kty: 'EC' }, { kty: 'oct', k: 'AAAA' }]) assert.match(reasonOf({ jwk }), /jwk/);
  for (const name of ['jti', 'htm', 'htu', 'iat']) {
    for (const value of [undefined, null, {}, ['x'], true]) assert.match(reasonOf({}, { [name]: value }), new RegExp(name), name);
  }
  assert.match(reasonOf({}, { jti: '' }), /jti/);
  assert.match(reasonOf({}, { jti: 'x'.repeat(257) }), /jti/);
  assert.match(reasonOf({}, { iat: String(NOW) }), /iat/);
  for (const name of ['ath', 'nonce']) for (const value of [5, null, {}]) assert.match(reasonOf({}, { [name]: value }), new RegExp(name));
  assert.match(reasonOf({ crit: ['x'] }), /does not read/);
  assert.match(reasonOf({}, { more: 'x'.repeat(4_096) }), /longer/);
});

test('of algorithms those alone that proofs may have, and never a private or symmetric key (RFC 9449 §4.3, RFC 8725 §3.2, attacks DPO-03)', () => {
  for (const alg of ['none', 'HS256', 'RS256', 'RS512', 'ES256K', 'es256', '', undefined])
    assert.match(reasonOf({ alg }), /alg|does not read/, String(alg));
  for (const alg of DPOP_ALGS) assert.equal(read({ alg }).alg, alg);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.match(reasonOf({ jwk: pair.privateKey.export({ format: 'jwk' }) }), /private or symmetric/);
  assert.match(reasonOf({ jwk: { ...JWK, k: 'AAAA' } }), /private or symmetric/);
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  assert.match(reasonOf({ alg: 'PS256', jwk: small }), /jwk/);
});

test('whatever the text is, reading it neither throws nor takes long', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => readDpopProof(text).kind === 'refused'));
  fc.assert(
    fc.property(fc.json(), fc.json(), (header, payload) => {
      const encode = (part: string): string => Buffer.from(part).toString('base64url');
      return readDpopProof(`${encode(header)}.${encode(payload)}.AAAA`).kind === 'refused';
    }),
  );
});

test('a proof is for one method, one address and now (RFC 9449 §4.3, §11.1; attacks DPO-04, DPO-06)', () => {
  const request = { method: 'POST', uri: 'https://as.example/oauth/token', accessTokenHash: undefined };
  const fault = (claims: object, now: number = NOW): string | undefined => findProofFault(read({}, claims), request, now);
  assert.equal(fault({}), undefined);
  for (const htm of ['GET', 'post', 'POST ', '']) assert.match(fault({ htm }) ?? '', /method/);
  for (const htu of [
    'https://as.example/oauth/revoke',
    'https://as.example/oauth/token/',
    'http://as.example/oauth/token',
    'https://as.example:8443/oauth/token',
    'https://evil.example/oauth/token',
    '/oauth/token',
    '',
  ])
    assert.match(fault({ htu }) ?? '', /address/, htu);
  for (const htu of [
    'https://as.example/oauth/token?x=1#f',
    'HTTPS://AS.example:443/oauth/token',
    'https://as.example/oauth/%74oken',
    'https://as.example/x/../oauth/token',
  ])
    assert.equal(fault({ htu }), undefined, htu);
  for (const iat of [NOW - 60, NOW - 10, NOW + 10, NOW + 60, NOW + 0.5]) assert.equal(fault({ iat }), undefined, String(iat));
  for (const iat of [NOW - 61, NOW + 61, NOW - 3_600, NOW + 3_600, 0, NOW * 1000])
    assert.match(fault({ iat }) ?? '', /was made/, String(iat));
});

test('with an access token the proof is for that token (RFC 9449 §4.3, §7; attacks DPO-09)', () => {
  const request = { method: 'POST', uri: 'https://as.example/oauth/token', accessTokenHash: 'hash' };
  assert.equal(findProofFault(read({}, { ath: 'hash' }), request, NOW), undefined);
  for (const ath of [undefined, '', 'other']) assert.match(findProofFault(read({}, { ath }), request, NOW) ?? '', /ath/);
});

test('addresses are compared in their normal form (RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3)', () => {
  assert.equal(normalizeHtu('HTTP://Host.Example:80/a%2fb%7E?q#f'), 'http://host.example/a%2Fb~');
  assert.equal(normalizeHtu('https://host.example'), 'https://host.example/');
  for (const text of [
    '',
    'x',
    '//h/p',
    'ftp://h/p',
    'https://',
    'https://u:p@h/',
    'https://u@h/',
    'https://h\\p',
    'https://h/ p',
    ' https://h/',
    'https://h/\t',
    'https://é/',
  ])
    assert.equal(normalizeHtu(text), undefined, text);
  fc.assert(fc.property(fc.webUrl(), (url) => normalizeHtu(normalizeHtu(url) ?? '') === normalizeHtu(url)));
});

test('a thumbprint is made of the required members in order (RFC 7638 §3.1, RFC 8037 appendix A.3)', () => {
  const rsa = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  };
  const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
  assert.equal(hash(thumbprintInput(rsa)), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', use: 'sig' };
  assert.equal(hash(thumbprintInput(okp)), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});
