import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { type Outage, withLatency, withOutages } from '@hufu/store/slow';
import { assertionForm, signWith } from '../testing/client-assertions.ts';
import {
  EXCHANGE_YAML,
  GATE_SECRET,
  IDP,
  idpAssertion,
  idpClaims,
  introspected,
  introspectWith,
  JWT_BEARER,
  PARTNER_SECRET,
  PAYMENTS,
  robotKey,
  strangerKey,
  TOKEN_EXCHANGE,
} from '../testing/exchange-world.ts';
import { type Prover, prover } from '../testing/proofs.ts';
import { claimsOf, postToken } from '../testing/visits.ts';
import { API, ISSUER, openWorld, START, START_MS, VAULT } from '../testing/world.ts';

const world = await openWorld({ yaml: EXCHANGE_YAML });
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;

let jtis = 0;
const own = (part: object = {}): string =>
  signWith(robotKey, { iss: 'robot', sub: 'robot', aud: ISSUER, exp: START + 300, iat: START, jti: `own-${jtis++}`, ...part });

/** A service account, which sends nothing but its assertion. */
const robot = (assertion: string, more: Readonly<Record<string, string>> = {}, at = world): Promise<Reply> =>
  postToken(at, { grant_type: JWT_BEARER, assertion, ...more });

const partner = (assertion: string, more: Readonly<Record<string, string>> = {}, at = world): Promise<Reply> =>
  postToken(at, { grant_type: JWT_BEARER, assertion, ...more }, { basic: `partner:${PARTNER_SECRET}` });

async function refused(reply: Reply, check: string, detail: RegExp, error = 'invalid_grant', status = 400): Promise<void> {
  const why = await world.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed], [status, error, check], why.detail ?? '');
  assert.match(why.detail ?? '', detail);
}

test('a service account gets a token for itself for one signed assertion, without any other authentication (RFC 7523 §2.1, RFC 7521 §4.1)', async () => {
  const reply = await robot(own(), { scope: 'read' });
  assert.equal(reply.status, 200, reply.body.toString());
  assert.deepEqual(Object.keys(reply.json), ['access_token', 'token_type', 'expires_in', 'scope']);
  const { sub, client_id: client, aud, scope } = claimsOf(reply.json['access_token']);
  assert.deepEqual([sub, client, aud, scope], ['robot', 'robot', API, 'read']);
});

test('the assertion may say the scopes itself, and then nothing beyond them is given (RFC 7521 §4.1)', async () => {
  assert.equal((await robot(own({ scope: 'read' }))).json['scope'], 'read');
  assert.equal((await robot(own({ scope: 'read write' }), { scope: 'write' })).json['scope'], 'write');
  await refused(await robot(own({ scope: 'read' }), { scope: 'write' }), 'grant_assertion_claims', /^write$/, 'invalid_scope');
  await refused(await robot(own({ scope: 'unlock' })), 'scope', /unlock/, 'invalid_scope');
  await refused(await robot(own(), { scope: 'openid' }), 'scope', /openid/, 'invalid_scope');
});

test('sub and jti may be missing, as in the assertions of Google’s libraries; one is then good once by all that it says (RFC 7523 §3)', async () => {
  const bare = own({ sub: undefined, jti: undefined, scope: 'read' });
  assert.equal((await robot(bare)).status, 200);
  await refused(await robot(bare), 'grant_assertion_unused', /used before/);
  // Another signature over the same words is no other assertion (review finding 14).
  const again = signWith(robotKey, { iss: 'robot', aud: ISSUER, exp: START + 300, iat: START, scope: 'read', nonce: 'n' });
  const twin = `${again.slice(0, again.lastIndexOf('.'))}.${signWith(robotKey, { iss: 'robot', aud: ISSUER, exp: START + 300, iat: START, scope: 'read', nonce: 'n' }).split('.')[2] ?? ''}`;
  assert.notEqual(again, twin);
  assert.equal((await robot(again)).status, 200);
  await refused(await robot(twin), 'grant_assertion_unused', /used before/);
});

test('what is wrong with a service account’s assertion makes it a stranger (RFC 7523 §3, RFC 8725 §3.11)', async () => {
  for (const [part, detail] of [
    [{ sub: 'alice' }, /sub is not the client/],
    [{ aud: 'https://other.example' }, /aud/],
    [{ aud: [ISSUER, 'https://other.example'] }, /aud/],
    [{ aud: `${ISSUER}/oauth/introspect` }, /aud/],
    [{ exp: undefined }, /no exp/],
    [{ exp: START }, /expired/],
    [{ exp: START + 7_200 }, /ahead/],
    [{ iat: START + 60 }, /ahead/],
    [{ jti: 7 }, /jti/],
    [{ scope: ['read'] }, /scope/],
  ] as const) {
    await refused(await robot(own(part)), 'client_authentication', detail, 'invalid_client', 401);
  }
  const forged = signWith({ ...strangerKey, kid: 'robot-1' }, { iss: 'robot', sub: 'robot', aud: ISSUER, exp: START + 300, jti: 'f' });
  await refused(await robot(forged), 'client_authentication', /signature is wrong/, 'invalid_client', 401);
  for (const typ of ['at+jwt', 'oauth-authz-req+jwt', 'dpop+jwt', 'oauth-id-jag+jwt']) {
    const other = signWith(robotKey, { iss: 'robot', sub: 'robot', aud: ISSUER, exp: START + 300, jti: `t-${typ}` }, { typ });
    await refused(await robot(other), 'client_authentication', /typ/, 'invalid_client', 401);
  }
  await refused(await robot(own({ iss: 'machine', sub: 'machine' })), 'client_authentication', /key pair/, 'invalid_client', 401);
  await refused(await robot(own({ iss: 'nobody', sub: 'nobody' })), 'client_known', /no such client/, 'invalid_client', 401);
});

test('one assertion is good once: for the grant, for client authentication, or for both at a time (RFC 7523 §3, attacks TOK-12)', async () => {
  const assertion = own();
  assert.equal((await robot(assertion)).status, 200);
  await refused(await robot(assertion), 'grant_assertion_unused', /used before/);
  const asClient = await introspectWith(world, assertionForm(assertion));
  await refused(asClient, 'assertion_unused', /used before/, 'invalid_client', 401);
  const both = own();
  await refused(await robot(both, assertionForm(both)), 'grant_assertion_unused', /used before/);
  assert.equal((await robot(own(), assertionForm(own()))).status, 200);
});

test('the assertion of a grant proves nobody at another endpoint, nor for another grant (RFC 7521 §4.2)', async () => {
  const elsewhere = await introspectWith(world, { grant_type: JWT_BEARER, assertion: own() });
  await refused(elsewhere, 'client_authentication', /no client authentication/, 'invalid_client', 401);
  const other = await postToken(world, { grant_type: 'client_credentials', assertion: own() });
  await refused(other, 'client_authentication', /no client authentication/, 'invalid_client', 401);
});

test('a mistake in what is asked for spends nothing, and neither does a store that is away (RFC 7523 §2.1)', async () => {
  let outage: Outage = 'none';
  const shaky = await openWorld({
    yaml: EXCHANGE_YAML,
    wrap: (store) => withOutages(store, (verb) => (verb === 'takeOnce' ? outage : 'none')),
  });
  const assertion = own();
  assert.equal((await robot(assertion, { scope: 'unlock' }, shaky)).json['error'], 'invalid_scope');
  assert.equal((await robot(assertion, { resource: 'https://nowhere.example/' }, shaky)).json['error'], 'invalid_target');
  outage = 'before';
  const away = await robot(assertion, {}, shaky);
  assert.deepEqual([away.status, away.json['error']], [503, 'temporarily_unavailable']);
  outage = 'none';
  assert.equal((await robot(assertion, {}, shaky)).status, 200);
  await shaky.close();
});

test('a trusted issuer speaks for a user of ours, to a client that proves itself; there is no refresh token (RFC 7523 §2.1, RFC 7521 §4.1)', async () => {
  const reply = await partner(idpAssertion({ aud: `${ISSUER}/oauth/token` }), { scope: 'read', resource: API });
  assert.equal(reply.status, 200, reply.body.toString());
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual([claims['sub'], claims['client_id'], claims['scope']], ['alice-sub', 'partner', 'read']);
  assert.equal('auth_time' in claims, false, 'nobody said when');
  assert.equal('refresh_token' in reply.json || 'id_token' in reply.json, false);
  const opaque = await partner(idpAssertion(), { resource: VAULT });
  assert.deepEqual([opaque.json['scope'], String(opaque.json['access_token']).slice(0, 4)], ['read unlock', 'hfa_']);
  const nobody = await robot(idpAssertion());
  assert.equal(nobody.status, 401, 'the client proves itself');
});

test('an assertion that is bound to a key is shown with it, in either grant that takes one (RFC 7800 §3, RFC 9449 §5)', async () => {
  const [holder, thief] = [await prover(), await prover()];
  const at = (by: Prover | undefined): Readonly<Record<string, string>> =>
    by === undefined ? {} : { dpop: by.prove({ htm: 'POST', htu: `${ISSUER}/` }) };
  const asGrant = (assertion: string, by?: Prover): Promise<Reply> =>
    postToken(world, { grant_type: JWT_BEARER, assertion }, { basic: `partner:${PARTNER_SECRET}`, ...at(by) });
  const asSubject = (assertion: string, by?: Prover): Promise<Reply> =>
    postToken(
      world,
      {
        grant_type: TOKEN_EXCHANGE,
        subject_token: assertion,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: PAYMENTS,
        scope: 'read',
      },
      { basic: `gate:${GATE_SECRET}`, ...at(by) },
    );
  const cnf = { jkt: holder.jkt };
  for (const [show, error] of [
    [asGrant, 'invalid_grant'],
    [asSubject, 'invalid_request'],
  ] as const) {
    for (const by of [undefined, thief])
      await refused(await show(idpAssertion({ cnf }), by), 'grant_assertion_claims', /bound to a key/, error);
    for (const other of [{}, { ...cnf, kid: 'x' }, { 'x5t#S256': holder.jkt }, 'x', null])
      await refused(await show(idpAssertion({ cnf: other }), holder), 'grant_assertion_claims', /bound to a key/, error);
    const bound = await show(idpAssertion({ cnf }), holder);
    assert.deepEqual([bound.status, bound.json['token_type']], [200, 'DPoP'], bound.body.toString());
  }
});

test('what is given is within the issuer’s scopes, the client’s and the assertion’s own, and nothing but scopes (RFC 7523 §3.1, RFC 9396 §6, attacks TOK-19)', async () => {
  await refused(await partner(idpAssertion(), { scope: 'write' }), 'scope', /write/, 'invalid_scope');
  await refused(await partner(idpAssertion(), { scope: 'openid' }), 'scope', /openid/, 'invalid_scope');
  await refused(await partner(idpAssertion({ scope: 'unlock' }), { scope: 'read' }), 'scope', /read/, 'invalid_scope');
  assert.equal((await partner(idpAssertion({ scope: 'unlock write' }))).json['scope'], 'unlock');
  for (const part of [{ scope: '' }, { scope: 'write' }])
    await refused(await partner(idpAssertion(part)), 'resource', /nothing is left|undefined/, 'invalid_scope');
  await refused(await partner(idpAssertion(), { authorization_details: '[]' }), 'client_grant_type', /not supported/, 'invalid_request');
});

test('whoever is not trusted, for this, or from this client, says nothing (RFC 7523 §3)', async () => {
  await refused(await partner(idpAssertion({ iss: 'https://evil.example' })), 'trusted_issuer', /not trusted/);
  await refused(await partner(signWith(strangerKey, idpClaims())), 'grant_assertion_key', /signature is wrong/);
  await refused(await partner(signWith({ ...strangerKey, kid: 'other' }, idpClaims())), 'grant_assertion_key', /no key/);
  const robots = await postToken(world, { grant_type: JWT_BEARER, assertion: idpAssertion(), ...assertionForm(own()) });
  await refused(robots, 'trusted_issuer', /may not show/);
  await refused(await partner('x.y.z'), 'client_grant_type', /does not read/);
});

test('what is wrong with an issuer’s assertion is invalid_grant (RFC 7523 §3, RFC 7521 §4.1.1)', async () => {
  for (const [part, check, detail] of [
    [{ aud: 'https://other.example' }, 'grant_assertion_claims', /aud/],
    [{ aud: ['https://id.example', 'https://other.example'] }, 'grant_assertion_claims', /aud/],
    [{ exp: START - 1 }, 'grant_assertion_claims', /expired/],
    [{ exp: START + 4_000 }, 'grant_assertion_claims', /ahead/],
    [{ exp: undefined }, 'grant_assertion_claims', /no exp/],
    [{ nbf: START + 60 }, 'grant_assertion_claims', /ahead/],
    [{ jti: undefined }, 'grant_assertion_claims', /no jti/],
    [{ sub: undefined }, 'grant_assertion_claims', /no sub/],
    [{ sub: 'carol' }, 'grant_assertion_subject', /no user/],
  ] as const) {
    await refused(await partner(idpAssertion(part)), check, detail);
  }
  for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt', 'oauth-authz-req+jwt', 'secevent+jwt'])
    await refused(await partner(idpAssertion({}, { typ })), 'grant_assertion_claims', /typ/);
});

test('somebody who is not ours has a sub that no user of ours can have (RFC 7523 §3)', async () => {
  const reply = await partner(idpAssertion({ iss: `${IDP}/foreign` }), { scope: 'read' });
  assert.equal(claimsOf(reply.json['access_token'])['sub'], `${IDP}/foreign|alice`);
});

test('an address names somebody only where the issuer has verified it', async () => {
  const mail = { iss: `${IDP}/mail`, sub: '17', email: 'alice' };
  assert.equal((await partner(idpAssertion({ ...mail, email_verified: true }))).status, 200);
  for (const said of [undefined, false, 'true'])
    await refused(await partner(idpAssertion({ ...mail, email_verified: said })), 'grant_assertion_subject', /not verified/);
});

test('a disabled user is nobody, before and after (attacks EXC-10)', async () => {
  const own2 = await openWorld({ yaml: EXCHANGE_YAML });
  const bob = (await own2.store.findUserByName(own2.tenant, 'bob')) ?? assert.fail();
  const reply = await partner(idpAssertion({ sub: 'bob' }), {}, own2);
  const token = String(reply.json['access_token']);
  await own2.store.setUserEnabled(own2.tenant, bob.id, false, START);
  const seen = await introspected(own2, token, `partner:${PARTNER_SECRET}`);
  assert.deepEqual(seen.json, { active: false });
  assert.equal((await own2.why(await partner(idpAssertion({ sub: 'bob' }), {}, own2))).detail, 'the user is not active');
  await own2.close();
});

test('an identity assertion is for the client that it names, and for the issuer alone (ID-JAG §3)', async () => {
  const jag = (part: object = {}): string => idpAssertion({ client_id: 'partner', scope: 'read', ...part }, { typ: 'oauth-id-jag+jwt' });
  assert.equal((await partner(jag())).json['scope'], 'read');
  await refused(await partner(jag({ client_id: 'gate' })), 'grant_assertion_claims', /another client/);
  await refused(await partner(jag({ client_id: undefined })), 'grant_assertion_claims', /another client/);
  await refused(await partner(jag({ aud: `${ISSUER}/oauth/token` })), 'grant_assertion_claims', /aud/);
  await refused(await partner(jag({ iss: `${IDP}/foreign` })), 'trusted_issuer', /not trusted for id-jag/);
  assert.equal((await partner(jag({ resource: API }), { resource: API })).status, 200);
  await refused(await partner(jag({ resource: API }), { resource: VAULT }), 'grant_assertion_subject', /api/, 'invalid_target');
});

test('of fifty who show one assertion to two nodes, one gets a token (RFC 7523 §3, attacks TOK-12)', async () => {
  const store = await openMemory();
  const slow = (seed: number) => ({ store, yaml: EXCHANGE_YAML, wrap: () => withLatency(store, { seed, maxMs: 3 }) });
  const nodes = [await openWorld(slow(1)), await openWorld(slow(2))] as const;
  for (const send of [robot, partner]) {
    const assertion = send === robot ? own() : idpAssertion();
    const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => send(assertion, {}, nodes[i % 2 === 0 ? 0 : 1])));
    assert.deepEqual(replies.filter(({ status }) => status === 200).length, 1);
    assert.ok(replies.every(({ status, json }) => status === 200 || json['error'] === 'invalid_grant'));
  }
  for (const node of nodes) await node.close();
  await store.close();
});

test('an assertion ends on its second (RFC 7523 §3)', async () => {
  const late = await openWorld({ yaml: EXCHANGE_YAML });
  const [one, other] = [own({ exp: START + 10 }), own({ exp: START + 10 })];
  late.clock.freeze(START_MS + 9_999);
  assert.equal((await robot(one, {}, late)).status, 200);
  late.clock.freeze(START_MS + 10_000);
  assert.equal((await robot(other, {}, late)).status, 401);
  await late.close();
});

test('a client that wants something shown gets nobody by an issuer’s word, and a service account is nobody (RFC 7521 §4.1, product M15)', async () => {
  const floor = "hufu: { sign_in: { acr: 'urn:hufu:acr:1' } }";
  const strict = await openWorld({
    yaml: EXCHANGE_YAML.replace('unlock openid }', `unlock openid, ${floor} }`).replace('read write, jwks', `read write, ${floor}, jwks`),
  });
  const assertion = idpAssertion();
  for (const text of [assertion, idpAssertion({ client_id: 'partner', aud: ISSUER }, { typ: 'oauth-id-jag+jwt' })]) {
    const reply = await partner(text, { scope: 'read' }, strict);
    const why = await strict.why(reply);
    assert.deepEqual([reply.status, reply.json['error'], why.failed], [400, 'invalid_grant', 'sign_in_level'], why.detail ?? '');
  }
  assert.equal((await robot(own(), { scope: 'read' }, strict)).status, 200);
  const lax = await openWorld({ yaml: EXCHANGE_YAML, store: strict.store });
  assert.equal((await partner(assertion, { scope: 'read' }, lax)).status, 200, 'what was refused was not used up');
  for (const one of [lax, strict]) await one.close();
});
