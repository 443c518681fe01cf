import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import { NO_PROFILE } from '@hufu/protocol/profiles/profile';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { findAssertionFault } from '../client-auth/client-assertion.ts';
import { type Client, findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { assertionClaims, clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { answerOf, ask, authorizationQuery, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, START } from '../testing/world.ts';
import { REQUEST_RULES, RedirectError, readAuthorizationRequest } from './read-request.ts';

const pair = await clientKeyPair('a');
const stranger = await clientKeyPair('a');
const JWKS = `jwks: ${JSON.stringify({ keys: [pair.jwk] })}`;
const world = await openWorld({
  yaml: BASIC_YAML.replace('- client_id: spa\n', `- client_id: spa\n    ${JWKS}\n    require_signed_request_object: true\n`).replace(
    '- client_id: web\n',
    `- client_id: web\n    ${JWKS}\n`,
  ),
});
const alice = await signedIn(world);
const web = (await findClient(world.ctx, 'web')) ?? assert.fail();
after(() => world.close());

function under(profile: string | undefined): Client {
  return { ...web, metadata: { ...web.metadata, rules: PROFILES.get(profile ?? '')?.rules ?? NO_PROFILE } };
}

test('of a client that has to sign, nothing beside a refused object says where to go or how (RFC 9101 §6.3, §10.5)', async () => {
  const claims = {
    iss: 'spa',
    client_id: 'spa',
    aud: ISSUER,
    response_type: 'code',
    redirect_uri: 'https://app.example/cb',
    state: 'inner',
  };
  for (const request of [signWith(stranger, claims), signWith(pair, { ...claims, aud: 'https://other.example' }), 'x']) {
    const reply = await ask(world, alice, { request });
    assert.equal(reply.status, 400);
    assert.match(reply.body.toString(), /request object is not valid/);
  }
  // Without an object there is nothing that could have said otherwise.
  assert.equal(answerOf(await ask(world, alice, {})).get('error'), 'invalid_request');
  const freer = { client_id: 'web', redirect_uri: 'https://web.example/cb' };
  assert.equal(answerOf(await ask(world, alice, { ...freer, request: 'x' })).get('error'), 'invalid_request_object');
});

async function faultOf(profile: string | undefined, part: Readonly<Record<string, string | undefined>>): Promise<string> {
  const parameters = { client_id: 'web', redirect_uri: 'https://web.example/cb', ...part };
  const form = readQuery(authorizationQuery(parameters), REQUEST_RULES);
  const rules = { ...under(profile).metadata.rules, signedRequest: 'optional', signedAnswer: 'optional' } as const;
  const client = { ...web, metadata: { ...web.metadata, rules } };
  try {
    await readAuthorizationRequest(world.ctx, form, { kind: 'push', client, proven: undefined }, new Trail(), START);
    return '';
  } catch (error) {
    assert.ok(error instanceof RedirectError && error.error instanceof OAuthError, String(error));
    return `${error.error.code}: ${error.error.description}`;
  }
}

test('FAPI 1.0 wants a scope said, and a nonce with openid, also of the code alone (FAPI 1.0 Baseline §5.2.2.2)', async () => {
  const code = { response_type: 'code', nonce: undefined };
  assert.equal(await faultOf('fapi1_advanced', { ...code, scope: 'openid' }), 'invalid_request: nonce is missing');
  assert.equal(await faultOf('fapi1_advanced', { ...code, scope: 'openid', nonce: 'n' }), '');
  assert.equal(await faultOf('fapi1_advanced', { ...code, scope: 'read' }), '');
  assert.equal(await faultOf('fapi1_advanced', { ...code, scope: undefined }), 'invalid_request: scope is missing');
  for (const scope of ['openid', undefined]) assert.equal(await faultOf(undefined, { ...code, scope }), '');
});

test('FAPI 1.0 takes an assertion that names us among others, and nobody else does (RFC 7519 §4.1.3, RFC 7523 §3)', async () => {
  const why = async (profile: string | undefined, aud: unknown): Promise<string> => {
    const proof = signWith(pair, assertionClaims('web', { aud }));
    const request = world.http({ method: 'POST', path: '/oauth/token' });
    const attempt = { mechanism: 'client_assertion', clientId: 'web', proof, request, trail: new Trail(), now: START } as const;
    return (await findAssertionFault(world.ctx, under(profile), attempt, ['ES256'])) ?? '';
  };
  const other = 'https://other.example/token';
  assert.equal(await why('fapi1_advanced', [other, ISSUER]), '');
  assert.equal(await why('fapi1_advanced', [`${ISSUER}/oauth/token`, other]), '');
  assert.equal(await why('fapi1_advanced', ISSUER), '');
  for (const aud of [other, [other], [], [ISSUER, 7], [[ISSUER]], Array.from({ length: 6 }, () => ISSUER), undefined])
    assert.match(await why('fapi1_advanced', aud), /^its aud is not this server/, JSON.stringify(aud));
  assert.match(await why(undefined, [other, ISSUER]), /^its aud is not this server/);
  assert.match(await why('fapi2_security', [ISSUER]), /^its aud is a list/);
});
