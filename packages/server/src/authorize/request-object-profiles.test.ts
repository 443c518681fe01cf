import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { NO_PROFILE } from '@hufu/protocol/profiles/profile';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { type Client, findClient } from '../clients.ts';
import { clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { BASIC_YAML, ISSUER, openWorld, START } from '../testing/world.ts';
import { openRequestObject } from './request-object.ts';

const ec = await clientKeyPair('ec');
const rsa = await clientKeyPair('rsa', 'RS256');
const world = await openWorld({
  yaml: BASIC_YAML.replace('- client_id: spa\n', `- client_id: spa\n    jwks: { keys: ${JSON.stringify([ec.jwk, rsa.jwk])} }\n`),
});
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
after(() => world.close());

function under(profile: string | undefined): Client {
  return { ...spa, metadata: { ...spa.metadata, rules: PROFILES.get(profile ?? '')?.rules ?? NO_PROFILE } };
}

async function why(
  profile: string | undefined,
  claims: object,
  header: object = { typ: 'oauth-authz-req+jwt' },
  pair = ec,
): Promise<string> {
  try {
    await openRequestObject(world.ctx, under(profile), signWith(pair, claims, header), START);
    return '';
  } catch (error) {
    assert.ok(error instanceof OAuthError);
    assert.equal(error.code, 'invalid_request_object');
    return error.detail ?? '';
  }
}

const CLAIMS = { iss: 'spa', client_id: 'spa', aud: ISSUER, nbf: START, exp: START + 300, response_type: 'code' };

test('without a profile the times and the audience may be left out (RFC 9101 §4)', async () => {
  assert.equal(await why(undefined, { iss: 'spa' }, {}), '');
  assert.equal(await why(undefined, CLAIMS, {}, rsa), '');
});

for (const profile of ['fapi2_message_signing', 'fapi1_advanced']) {
  test(`${profile}: aud, exp and nbf are there and an hour is the most (FAPI 2.0 Message Signing §5.3.1, FAPI 1.0 Advanced §5.2.2)`, async () => {
    assert.equal(await why(profile, CLAIMS), '');
    assert.equal(await why(profile, { ...CLAIMS, aud: ['https://other.example', ISSUER] }), '');
    assert.equal(await why(profile, { ...CLAIMS, nbf: START + 8 }), '', 'a clock that is a little ahead');
    assert.equal(await why(profile, { ...CLAIMS, nbf: START - 3_599, exp: START + 1 }), '');
    const bad: readonly (readonly [object, string])[] = [
      [{ ...CLAIMS, aud: undefined }, 'it has no aud'],
      [{ ...CLAIMS, aud: ['https://other.example'] }, 'its aud is not this server'],
      [{ ...CLAIMS, exp: undefined }, 'it has no exp or no nbf'],
      [{ ...CLAIMS, nbf: undefined }, 'it has no exp or no nbf'],
      [{ ...CLAIMS, nbf: START - 3_600 }, 'its nbf is more than an hour ago'],
      [{ ...CLAIMS, exp: START + 3_601 }, 'its exp is more than an hour after its nbf'],
      [{ ...CLAIMS, nbf: START + 61 }, 'it is from the future'],
      [{ ...CLAIMS, exp: START }, 'it has expired'],
    ];
    for (const [claims, reason] of bad) assert.equal(await why(profile, claims), reason, JSON.stringify(claims));
  });

  test(`${profile}: RS256 and none are no algorithms (FAPI 2.0 Security Profile §5.4.1, FAPI 1.0 Advanced §8.6)`, async () => {
    assert.match(await why(profile, CLAIMS, { typ: 'oauth-authz-req+jwt' }, rsa), /^its alg "RS256" is not one of/);
    const unsigned = { ...under(profile), metadata: { ...under(profile).metadata, requestObjectSigningAlg: 'none' } };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    await assert.rejects(openRequestObject(world.ctx, unsigned, `${part({ alg: 'none' })}.${part(CLAIMS)}.`, START), {
      code: 'invalid_request_object',
    });
  });
}

test('the type may be said, in whatever case, and need not be (RFC 9101 §10.8, FAPI 2.0 Message Signing §5.3.1)', async () => {
  for (const profile of [undefined, 'fapi2_message_signing', 'fapi1_advanced']) {
    for (const typ of [undefined, 'JWT', 'jwt', 'OAuth-authz-REQ+jwt', 'application/oauth-authz-req+jwt'])
      assert.equal(await why(profile, CLAIMS, { typ }), '', `${profile} ${typ}`);
    for (const typ of ['at+jwt', 'dpop+jwt', '', 7, null])
      assert.equal(await why(profile, CLAIMS, { typ }), 'its typ is another kind of JWT', `${profile} ${typ}`);
  }
});
