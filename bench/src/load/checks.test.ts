import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochSeconds } from '../clock.ts';
import { accessClaims, idClaims, JwtSigner } from '../floors/jwt.ts';
import { makeSigningKeys, publicKeys } from '../subjects/program.ts';
import { readChecks, WrongAnswer } from './checks.ts';
import type { Expectation } from './plan.ts';
import { ResponseReader } from './response-reader.ts';

const ISSUER = 'http://127.0.0.1:1';
const AUDIENCE = 'https://api.example/';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
const keys = makeSigningKeys();
const access = new JwtSigner(keys.ec, 'at+jwt');
const id = new JwtSigner(keys.rsa, 'JWT');

const REFRESH: Expectation = {
  kind: 'token',
  access: { alg: 'ES256', issuer: ISSUER, audience: AUDIENCE },
  clientId: 'app',
  scope: 'read',
  subjects: ['alice'],
  rotates: true,
  idToken: { alg: 'RS256', issuer: ISSUER, audience: 'app' },
  boundTo: undefined,
  issuedTokenType: undefined,
  keys: publicKeys(keys),
};

function answer(status: number, body: object): ResponseReader {
  const text = JSON.stringify(body);
  const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: ${text.length}\r\n\r\n${text}`, 'latin1');
  const reader = new ResponseReader();
  reader.push(bytes, bytes.length);
  return reader;
}

function rightTokens(): Record<string, unknown> {
  return {
    access_token: access.sign(accessClaims(ISSUER, 'alice', 'app', AUDIENCE, 'read')),
    token_type: 'Bearer',
    expires_in: 600,
    refresh_token: 'the-next-refresh-token',
    id_token: id.sign(idClaims(ISSUER, 'alice', 'app')),
  };
}

function checkFirst(expect: Expectation, response: ResponseReader): string {
  return readChecks(expect).check(response, 0, 'the-refresh-token-before');
}

test('a right token response passes and gives the next refresh token (RFC 6749 §6)', () => {
  assert.equal(checkFirst(REFRESH, answer(200, rightTokens())), 'the-next-refresh-token');
});

test('every way in which a token response can be wrong is noticed (RFC 6749 §5.1, RFC 9068 §2.2)', () => {
  const now = epochSeconds();
  const claims = accessClaims(ISSUER, 'alice', 'app', AUDIENCE, 'read');
  const signed = (changes: object): object => ({ ...rightTokens(), access_token: access.sign({ ...claims, ...changes }) });
  const forged = String(rightTokens()['access_token']).replace(/.{8}$/, 'AAAAAAAA');
  const wrong: readonly (readonly [string, ResponseReader])[] = [
    ['status', answer(400, rightTokens())],
    ['no access token', answer(200, { ...rightTokens(), access_token: undefined })],
    ['opaque', answer(200, { ...rightTokens(), access_token: 'x'.repeat(43) })],
    ['signature', answer(200, { ...rightTokens(), access_token: forged })],
    ['token_type', answer(200, { ...rightTokens(), token_type: 'DPoP' })],
    ['expires_in', answer(200, { ...rightTokens(), expires_in: '600' })],
    ['not rotated', answer(200, { ...rightTokens(), refresh_token: 'the-refresh-token-before' })],
    ['no refresh token', answer(200, { ...rightTokens(), refresh_token: undefined })],
    ['no ID token', answer(200, { ...rightTokens(), id_token: undefined })],
    ['ID token signed otherwise', answer(200, { ...rightTokens(), id_token: access.sign(idClaims(ISSUER, 'alice', 'app')) })],
    ['ID token for another client', answer(200, { ...rightTokens(), id_token: id.sign(idClaims(ISSUER, 'alice', 'other')) })],
    ['issuer', answer(200, signed({ iss: 'http://other' }))],
    ['audience', answer(200, signed({ aud: 'https://other.example/' }))],
    ['subject', answer(200, signed({ sub: 'bob' }))],
    ['client', answer(200, signed({ client_id: 'other' }))],
    ['scope', answer(200, signed({ scope: 'write' }))],
    ['expired', answer(200, signed({ exp: now }))],
    ['future', answer(200, signed({ iat: now + 60 }))],
    ['no jti', answer(200, signed({ jti: undefined }))],
    ['bound', answer(200, signed({ cnf: { jkt: 'a' } }))],
    ['exchanged', answer(200, { ...rightTokens(), issued_token_type: ACCESS_TOKEN_TYPE })],
  ];
  for (const [what, response] of wrong) assert.throws(() => checkFirst(REFRESH, response), WrongAnswer, what);
});

test('an ID token where none belongs, and the same access token twice, are wrong', () => {
  const { refresh_token: _refresh, id_token: _id, ...machine } = rightTokens();
  const expect: Expectation = { ...REFRESH, rotates: false, idToken: undefined };
  assert.throws(() => checkFirst(expect, answer(200, { ...machine, id_token: rightTokens()['id_token'] })), WrongAnswer);
  const { check } = readChecks(expect);
  check(answer(200, machine), 0, '');
  assert.throws(() => check(answer(200, machine), 0, ''), /twice/);
});

test('a token has to be bound to the key of its own proof and to say so (RFC 9449 §5, §6.1)', () => {
  const expect: Expectation = { ...REFRESH, rotates: false, idToken: undefined, boundTo: ['first', 'second'] };
  const { check } = readChecks(expect);
  const claims = accessClaims(ISSUER, 'alice', 'app', AUDIENCE, 'read');
  const bound = (jkt: string): object => ({
    access_token: access.sign({ ...claims, cnf: { jkt } }),
    token_type: 'DPoP',
    expires_in: 600,
  });
  check(answer(200, bound('second')), 1, '');
  assert.throws(() => readChecks(expect).check(answer(200, bound('second')), 0, ''), /not bound/);
  assert.throws(() => readChecks(expect).check(answer(200, { ...bound('first'), access_token: access.sign(claims) }), 0, ''), /not bound/);
  assert.throws(() => readChecks(expect).check(answer(200, { ...bound('first'), token_type: 'Bearer' }), 0, ''), /token_type/);
});

test('an exchange has to say what kind of token came out (RFC 8693 §2.2.1)', () => {
  const expect: Expectation = { ...REFRESH, rotates: false, idToken: undefined, issuedTokenType: ACCESS_TOKEN_TYPE };
  const { refresh_token: _refresh, id_token: _id, ...exchanged } = rightTokens();
  readChecks(expect).check(answer(200, { ...exchanged, issued_token_type: ACCESS_TOKEN_TYPE }), 0, '');
  assert.throws(() => readChecks(expect).check(answer(200, exchanged), 0, ''), /issued_token_type/);
});

test('a pushed request is created under a name that nobody else has (RFC 9126 §2.2)', () => {
  const uri = (name: string): object => ({ request_uri: `urn:ietf:params:oauth:request_uri:${name}`, expires_in: 60 });
  const { check, issued } = readChecks({ kind: 'pushed' });
  check(answer(201, uri('a')), 0, '');
  check(answer(201, uri('b')), 0, '');
  assert.deepEqual(issued(), ['urn:ietf:params:oauth:request_uri:a']);
  assert.throws(() => check(answer(201, uri('b')), 0, ''), /twice/);
  const wrong: readonly ResponseReader[] = [
    answer(200, uri('c')),
    answer(400, { error: 'invalid_request' }),
    answer(201, { ...uri('c'), request_uri: 'https://example.com/request' }),
    answer(201, { ...uri('c'), expires_in: undefined }),
  ];
  for (const response of wrong) assert.throws(() => check(response, 0, ''), WrongAnswer);
});

test('a refusal has to be the one that is expected: too fast a poll is none (RFC 8628 §3.5)', () => {
  const { check } = readChecks({ kind: 'refusal', error: 'authorization_pending' });
  check(answer(400, { error: 'authorization_pending' }), 0, '');
  check(answer(400, { error: 'authorization_pending' }), 0, '');
  assert.throws(() => check(answer(400, { error: 'slow_down' }), 0, ''), /slow_down/);
  assert.throws(() => check(answer(200, rightTokens()), 0, ''), WrongAnswer);
});

test('introspection has to say that this very token is alive (RFC 7662 §2.2)', () => {
  const expect: Expectation = { kind: 'introspection', clientId: 'app', scope: 'read', subjects: ['alice', 'bob'] };
  const alive = { active: true, client_id: 'app', sub: 'bob', scope: 'read offline_access', exp: 1 };
  const { check } = readChecks(expect);
  check(answer(200, alive), 1, 't');
  assert.throws(() => check(answer(200, alive), 0, 't'), WrongAnswer);
  for (const change of [{ active: false }, { client_id: 'x' }, { scope: 'write' }, { exp: undefined }]) {
    assert.throws(() => check(answer(200, { ...alive, ...change }), 1, 't'), WrongAnswer);
  }
});

test('a document has its members and stays the same', () => {
  const { check } = readChecks({ kind: 'document', members: ['keys'] });
  assert.throws(() => check(answer(200, {}), 0, ''), WrongAnswer);
  check(answer(200, { keys: [] }), 0, '');
  check(answer(200, { keys: [] }), 0, '');
  assert.throws(() => check(answer(200, { keys: [1] }), 0, ''), WrongAnswer);
});
