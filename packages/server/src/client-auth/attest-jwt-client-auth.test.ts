import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { JWT_BEARER_GRANT } from '@hufu/protocol/client-metadata';
import { OAuthError } from '@hufu/protocol/errors';
import { readForm } from '@hufu/protocol/form';
import { buildOauthMetadata } from '@hufu/protocol/server-metadata';
import { findClient } from '../clients.ts';
import { ConfigError } from '../config/problem.ts';
import { readConfig } from '../config/read-config.ts';
import { Trail } from '../decisions/trail.ts';
import { describeServer } from '../server-description.ts';
import { attest, attestationHeaders, proveInstance } from '../testing/attestations.ts';
import { type ClientKeyPair, clientKeyPair, encodeJson, signWith, signWithSecret } from '../testing/client-assertions.ts';
import { GOOD_METADATA, registerAt } from '../testing/registrations.ts';
import { answerOf, ask, postToken, signedIn, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START } from '../testing/world.ts';
import { attestJwtClientAuth } from './attest-jwt-client-auth.ts';
import { authenticateClient } from './authenticate-client.ts';
import { authenticateTokenClient } from './authenticate-token-client.ts';

const maker = await clientKeyPair('maker');
const other = await clientKeyPair('other');
const phone = await clientKeyPair('phone');
const tablet = await clientKeyPair('tablet', 'PS256');
const keys = ({ jwk }: ClientKeyPair): string => JSON.stringify({ keys: [jwk] });
const POLICIES = `
policies:
  brute_force: off
  registration: open
  trusted_attesters:
    - { issuer: 'https://maker.example', jwks: ${keys(maker)}, clients: [wallet, spare] }
    - { issuer: 'https://other.example', jwks: ${keys(other)}, clients: [elsewhere] }
`;
const CLIENTS = ['wallet', 'spare', 'elsewhere'].map(
  (id) =>
    `  - { client_id: ${id}, token_endpoint_auth_method: attest_jwt_client_auth, redirect_uris: ['https://wallet.example/cb'], grant_types: [authorization_code, refresh_token, client_credentials], scope: openid read, hufu: { first_party: true } }`,
);
const YAML = POLICIES + BASIC_YAML.replace('\nresources:', `\n${CLIENTS.join('\n')}\nresources:`);
const world = await openWorld({ yaml: YAML });
after(() => world.close());

/** 'ok', or the check that failed and why. */
async function attempt(headers: Readonly<Record<string, string>>, form: Readonly<Record<string, string>> = {}): Promise<string> {
  const trail = new Trail();
  try {
    const request = world.http({ method: 'POST', path: '/oauth/token', headers });
    const client = await authenticateClient(world.ctx, request, readForm(new URLSearchParams(form).toString()), trail, START);
    assert.deepEqual([client.confidential, trail.reached.at(-1)], [true, 'client_authentication']);
    return 'ok';
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    if (error.code === 'invalid_client') assert.equal(error.description, 'client authentication failed', 'always the same words');
    return `${trail.reached.at(-1)}: ${error.code === 'invalid_client' ? error.detail : error.code}`;
  }
}

const shown = (claims: object = {}, header: object = {}): Promise<string> =>
  attempt(attestationHeaders(attest(maker, 'wallet', phone, claims, header), proveInstance(phone)));
const proved = (claims: object = {}, header: object = {}, by = phone): Promise<string> =>
  attempt(attestationHeaders(attest(maker, 'wallet', phone), proveInstance(by, claims, header)));

test('an instance proves itself by an attestation, again and again, with a proof for each request (Attestation-Based Client Authentication §4, §5.1, §7.5)', async () => {
  const attestation = attest(maker, 'wallet', phone);
  for (let round = 0; round < 2; round++) assert.equal(await attempt(attestationHeaders(attestation, proveInstance(phone))), 'ok');
  assert.equal(await attempt(attestationHeaders(attestation, proveInstance(phone)), { client_id: 'wallet' }), 'ok');
  assert.equal(await attempt(attestationHeaders(attest(maker, 'wallet', tablet), proveInstance(tablet))), 'ok');
  assert.equal(await shown({ iss: 'https://maker.example' }), 'ok');
  assert.equal(await proved({ challenge: 'unasked' }), 'ok', 'none was given');
});

test('one attester does not speak for the clients of another (Attestation-Based Client Authentication §7.1)', async () => {
  const from = (by: ClientKeyPair, id: string, claims: object = {}): Promise<string> =>
    attempt(attestationHeaders(attest(by, id, phone, claims), proveInstance(phone)));
  assert.equal(await from(other, 'elsewhere'), 'ok');
  assert.match(await from(other, 'wallet'), /^client_attestation: of the attestation: the attester has no key/);
  assert.match(await from({ ...other, kid: 'maker' }, 'wallet'), /^client_attestation: of the attestation: its signature is wrong/);
  assert.match(await from(maker, 'elsewhere'), /^client_attestation: of the attestation: the attester has no key/);
  assert.match(await from(phone, 'wallet'), /has no key/, 'nor an instance for itself');
  assert.match(await from(maker, 'wallet', { iss: 'https://other.example' }), /no attester is trusted with this client/);
});

test('an attestation is of its kind, signed with a key pair, of now, with a public key (Attestation-Based Client Authentication §4, §7.1)', async () => {
  const unread = 'client_authentication: the attestation';
  assert.match(await shown({}, { typ: 'JWT' }), /^client_authentication: the attestation has another typ/);
  assert.match(await shown({}, { typ: 'oauth-client-attestation-pop+jwt' }), /has another typ/);
  for (const sub of [undefined, '', 7]) assert.equal(await shown({ sub }), `${unread} has no sub`);
  const { kid: _, ...jwk } = phone.jwk;
  for (const cnf of [
    undefined,
    null,
    {},
    { jkt: 'x' },
    { jwk: { kty: 'oct', k: 'AAAA' } },
    { jwk: phone.key.export({ format: 'jwk' }) },
    7,
  ])
    assert.match(await shown({ cnf }), /^client_authentication: the attestation has no public key in cnf/, JSON.stringify(cnf));
  assert.equal(await shown({ cnf: { jwk: { ...jwk, use: 'sig' } } }), 'ok');
  const mac = signWithSecret(
    'a-secret-of-two-sides-0123456789abcdef',
    { sub: 'wallet', exp: START + 60, cnf: { jwk } },
    { typ: 'oauth-client-attestation+jwt' },
  );
  assert.match(await attempt(attestationHeaders(mac, proveInstance(phone))), /has an alg other than/);
  const none = `${encodeJson({ alg: 'none', typ: 'oauth-client-attestation+jwt' })}.${encodeJson({ sub: 'wallet' })}.`;
  assert.match(await attempt(attestationHeaders(none, proveInstance(phone))), /does not read as a signed JWT|has an alg/);

  for (const exp of [undefined, 'x']) assert.equal(await shown({ exp }), 'client_attestation: the attestation has no exp');
  assert.equal(await shown({ exp: START }), `client_attestation: the attestation has expired at ${START}`);
  assert.equal(await shown({ iat: START + 61 }), 'client_attestation: the attestation has an iat that is to come');
  assert.equal(await shown({ nbf: START + 61 }), 'client_attestation: the attestation has an nbf that is to come');
  assert.equal(await shown({ iat: undefined, exp: START + 86_400 }), 'ok');
});

test('a proof is the instance’s own, for this server alone, of now, and used once (Attestation-Based Client Authentication §5.1, §7.2)', async () => {
  assert.equal(
    await proved({}, {}, await clientKeyPair('thief')),
    'client_attestation_proof: the proof is not signed with the key of the attestation',
  );
  assert.match(await proved({}, {}, maker), /not signed with the key/);
  assert.match(await proved({}, { typ: 'dpop+jwt' }), /^client_attestation_proof: the proof has another typ/);
  for (const aud of [
    undefined,
    'https://other.example',
    `${ISSUER}/`,
    `${ISSUER}/oauth/token`,
    [ISSUER],
    [ISSUER, 'https://other.example'],
  ])
    assert.equal(await proved({ aud }), 'client_attestation_proof: the proof is for another server than this one alone', String(aud));
  for (const jti of [undefined, '', 'j'.repeat(257)]) assert.match(await proved({ jti }), /has no jti/);
  assert.match(await proved({ iat: undefined }), /has no iat/);
  assert.match(await proved({ iat: START - 61 }), /was made 61 seconds ago/);
  assert.match(await proved({ iat: START + 61 }), /was made 61 seconds in the future/);
  for (const iat of [START - 60, START + 60]) assert.equal(await proved({ iat }), 'ok');

  const same = attestationHeaders(attest(maker, 'wallet', phone), proveInstance(phone));
  const raced = await Promise.all(Array.from({ length: 20 }, () => attempt(same)));
  assert.equal(raced.filter((outcome) => outcome === 'ok').length, 1);
  assert.deepEqual(new Set(raced), new Set(['ok', 'assertion_unused: the jti of the proof has been used before']));
});

test('half of it, both twice, and another way beside it are nothing (Attestation-Based Client Authentication §7.5, RFC 6749 §2.3, attacks TOK-04, TOK-08)', async () => {
  const attestation = attest(maker, 'wallet', phone);
  const both = (): Readonly<Record<string, string>> => attestationHeaders(attestation, proveInstance(phone));
  const { 'oauth-client-attestation': first = '', 'oauth-client-attestation-pop': second = '' } = both();
  assert.match(await attempt({ 'oauth-client-attestation': first }), /^client_attestation_proof: the proof does not read/);
  assert.match(
    await attempt({ 'oauth-client-attestation-pop': second }, { client_id: 'wallet' }),
    /^client_authentication: the attestation/,
  );
  assert.match(await attempt(attestationHeaders(`${first}, ${first}`, second)), /does not read as a signed JWT/);
  assert.match(await attempt(attestationHeaders(first, `${second}, ${second}`)), /does not read as a signed JWT/);
  assert.equal(
    await attempt(both(), { client_id: 'spare' }),
    'client_authentication: client_id in the body is not the sub of the attestation',
  );
  assert.equal(await attempt(both(), { client_id: 'wallet', client_secret: 'x' }), 'client_authentication: invalid_request');
  assert.equal(
    await attempt({ ...both(), authorization: `Basic ${btoa(`web:${SECRETS.web}`)}` }),
    'client_authentication: invalid_request',
  );
  const used = (id: string): string => `client_authentication: the client is registered for ${id}`;
  assert.equal(await attempt({}, { client_id: 'wallet' }), `${used('attest_jwt_client_auth')} and used none`);
  for (const [id, method] of [
    ['spa', 'none'],
    ['web', 'client_secret_basic'],
  ] as const)
    assert.equal(
      await attempt(attestationHeaders(attest(maker, id, phone), proveInstance(phone))),
      `${used(method)} and used client_attestation`,
    );
  assert.match(await attempt(attestationHeaders(attest(maker, 'nobody', phone), proveInstance(phone))), /there is no such client/);
});

test('the method itself looks whom the attestation is about (Attestation-Based Client Authentication §7.1)', async () => {
  const client = (await findClient(world.ctx, 'spare')) ?? assert.fail();
  const proof = attest(maker, 'wallet', phone);
  const request = world.http({ headers: attestationHeaders(proof, proveInstance(phone)) });
  const part = { mechanism: 'client_attestation', clientId: 'spare', proof, request, trail: new Trail(), now: START } as const;
  assert.equal(await attestJwtClientAuth.prove(world.ctx, client, part), 'the attestation is about another client');
});

test('an assertion of somebody else for a grant does not say who sends it, where an attestation does (RFC 7521 §4.1)', async () => {
  const assertion = signWith(other, { iss: 'https://issuer.example', sub: 'alice' });
  const form = readForm(new URLSearchParams({ grant_type: JWT_BEARER_GRANT, assertion }).toString());
  const headers = attestationHeaders(attest(maker, 'wallet', phone), proveInstance(phone));
  const request = world.http({ method: 'POST', headers });
  assert.equal((await authenticateTokenClient(world.ctx, request, form, new Trail(), START)).id, 'wallet');
});

test('refresh tokens are of the instance, not of the client (Attestation-Based Client Authentication §9.3)', async () => {
  const as = (instance: ClientKeyPair): Readonly<Record<string, string>> =>
    attestationHeaders(attest(maker, 'wallet', instance), proveInstance(instance));
  const request = { client_id: 'wallet', redirect_uri: 'https://wallet.example/cb', scope: 'openid read' };
  const code = answerOf(await ask(world, await signedIn(world), request)).get('code') ?? assert.fail();
  const form = { grant_type: 'authorization_code', code, redirect_uri: request.redirect_uri, code_verifier: VERIFIER };
  const tokens = await postToken(world, form, as(phone));
  assert.equal(tokens.status, 200, tokens.body.toString());
  assert.equal(tokens.json['token_type'], 'Bearer');
  const refresh = (by: ClientKeyPair): ReturnType<typeof postToken> =>
    postToken(world, { grant_type: 'refresh_token', refresh_token: String(tokens.json['refresh_token']) }, as(by));
  const stolen = await refresh(tablet);
  assert.equal(stolen.json['error'], 'invalid_grant');
  assert.equal((await world.why(stolen)).failed, 'sender_key');
  assert.equal((await refresh(phone)).status, 200);
});

test('it is offered where an attester is trusted, and nobody registers for it (Attestation-Based Client Authentication §8)', async () => {
  const plain = describeServer((await openWorld({ yaml: BASIC_YAML })).ctx.config);
  assert.deepEqual([plain.attestation, plain.authMethods.includes('attest_jwt_client_auth')], [undefined, false]);
  const described = describeServer(world.ctx.config);
  assert.ok(described.authMethods.includes('attest_jwt_client_auth'));
  const { algs, proofAlgs } = described.attestation ?? assert.fail();
  assert.deepEqual([algs.includes('ES256'), proofAlgs.includes('ES256'), algs.includes('HS256')], [true, true, false]);
  const metadata = buildOauthMetadata(described);
  assert.deepEqual(metadata['client_attestation_signing_alg_values_supported'], algs);
  assert.deepEqual(metadata['client_attestation_pop_signing_alg_values_supported'], proofAlgs);
  const refused = await registerAt(world, { ...GOOD_METADATA, token_endpoint_auth_method: 'attest_jwt_client_auth' });
  assert.deepEqual([refused.status, refused.json['error']], [400, 'invalid_client_metadata']);
});

test('a client whose instances nobody may vouch for is no configuration, nor an attester without keys', () => {
  const problems = (yaml: string): string => {
    try {
      readConfig({ text: yaml, file: 'hufu.yaml', env: {} });
      return '';
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.message;
    }
  };
  const head = 'issuer: https://id.example\n';
  const client = CLIENTS[0] ?? '';
  assert.match(problems(`${head}clients:\n${client}`), /needs an attester that names the client/);
  const policy = (keysOf: string, id = 'wallet'): string =>
    `${head}policies: { trusted_attesters: [{ issuer: m, ${keysOf}clients: [${id}] }] }\nclients:\n${client}`;
  assert.equal(problems(policy(`jwks: ${keys(maker)}, `).replace('openid read', 'openid')), '');
  assert.match(problems(policy('')), /needs one of jwks and jwks_uri/);
  assert.match(problems(policy(`jwks: ${keys(maker)}, jwks_uri: https://m.example/jwks, `)), /needs one of jwks and jwks_uri/);
  assert.match(problems(policy(`jwks: ${keys(maker)}, `, 'spare')), /needs an attester that names the client/);
});
