import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import { findClient } from '../clients.ts';
import { sessionName } from '../sessions/session-name.ts';
import { claimsOf, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START } from '../testing/world.ts';
import { type IdTokenRequest, issueIdToken } from './issue-id-token.ts';

const world = await openWorld({ yaml: BASIC_YAML.replace('algorithms: [ES256]', 'algorithms: [ES256, EdDSA]') });
const client = (await findClient(world.ctx, 'spa')) ?? assert.fail();
const request: IdTokenRequest = {
  client,
  subject: 'alice-sub',
  authTime: START - 30,
  amr: ['pwd'],
  accessToken: 'at',
  nonce: 'n',
  sid: 'sid-1',
  claims: {},
  now: START,
};
after(() => world.close());

test('an ID token has the claims of the standard and none of the user (OpenID Connect Core §2, §5.4)', () => {
  const jwt = readJwt(String(issueIdToken(world.ctx, request))) ?? assert.fail();
  assert.equal(jwt.header['typ'], 'JWT');
  assert.equal(jwt.header['kid'], world.ctx.keys.signerFor('ES256', START)?.kid);
  const { at_hash: _, ...claims } = jwt.payload;
  assert.deepEqual(claims, {
    iss: ISSUER,
    sub: 'alice-sub',
    aud: 'spa',
    exp: START + 3_600,
    iat: START,
    auth_time: START - 30,
    nonce: 'n',
    acr: 'urn:hufu:acr:1',
    amr: ['pwd'],
    sid: 'sid-1',
  });
});

test('what is not there is left out: nonce, amr, sid (OpenID Connect Core §2)', () => {
  const bare = { ...request, nonce: undefined, sid: undefined, amr: [] };
  assert.deepEqual(Object.keys(claimsOf(issueIdToken(world.ctx, bare))).toSorted(), [
    'at_hash',
    'aud',
    'auth_time',
    'exp',
    'iat',
    'iss',
    'sub',
  ]);
});

test("at_hash is the left half of the access token's hash, by the algorithm of the signature (OpenID Connect Core §3.1.3.6)", () => {
  const half = (hash: string, length: number): string => createHash(hash).update('at').digest().subarray(0, length).toString('base64url');
  assert.equal(claimsOf(issueIdToken(world.ctx, request))['at_hash'], half('sha256', 16));
  const { client } = request;
  const edDsa = { ...request, client: { ...client, metadata: { ...client.metadata, idTokenSignedResponseAlg: 'EdDSA' } } };
  assert.equal(claimsOf(issueIdToken(world.ctx, edDsa))['at_hash'], half('sha512', 32));
});

test('c_hash and s_hash are made the same way, of the code and the state that come beside it (OpenID Connect Core §3.3.2.11)', () => {
  const half = (text: string): string => createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
  const claims = claimsOf(issueIdToken(world.ctx, { ...request, accessToken: undefined, code: 'hfc_x', state: 'ä' }));
  assert.deepEqual([claims['c_hash'], claims['s_hash'], claims['at_hash']], [half('hfc_x'), half('ä'), undefined]);
});

test('claims about the user never stand in for those of the token (OpenID Connect Core §2)', () => {
  const claims = claimsOf(issueIdToken(world.ctx, { ...request, claims: { name: 'Alice', iss: 'evil', sub: 'bob', aud: 'x', exp: 1 } }));
  assert.deepEqual([claims['name'], claims['iss'], claims['sub'], claims['aud']], ['Alice', ISSUER, 'alice-sub', 'spa']);
});

test('a client that is registered for an algorithm without a key gets server_error, with the reason for the log', () => {
  const { client } = request;
  const rs256 = { ...request, client: { ...client, metadata: { ...client.metadata, idTokenSignedResponseAlg: 'RS256' } } };
  assert.throws(() => issueIdToken(world.ctx, rs256), { code: 'server_error', detail: 'no active RS256 key' });
});

test('an exchange puts the nonce and the name of the session in; sid is the same for all tokens of a session (OpenID Connect Front-Channel Logout §3)', async () => {
  const visitor = await signedIn(world);
  const one = claimsOf((await tokensOf(world, { nonce: 'n-0' }, visitor))['id_token']);
  const other = claimsOf((await tokensOf(world, {}, visitor))['id_token']);
  assert.equal(one['nonce'], 'n-0');
  assert.equal('nonce' in other, false);
  assert.equal(one['sid'], sessionName(world.ctx, visitor.session.id));
  assert.equal(other['sid'], one['sid']);
  const elsewhere = claimsOf((await tokensOf(world, {}, await signedIn(world)))['id_token']);
  assert.notEqual(elsewhere['sid'], one['sid']);
  assert.equal(elsewhere['sub'], one['sub']);
});
