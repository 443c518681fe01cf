/** What each profile asks of a client assertion, cell by cell. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { readForm } from '@hufu/protocol/form';
import { Trail } from '../decisions/trail.ts';
import { assertionClaims, assertionForm, clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { PROFILE_NAMES, profilesYaml } from '../testing/profile-clients.ts';
import { ISSUER, openWorld, START } from '../testing/world.ts';
import { authenticateClient } from './authenticate-client.ts';

const ALGS = ['ES256', 'PS256', 'EdDSA', 'Ed25519', 'RS256', 'ES384', 'PS512'] as const;
const pairs = await Promise.all(ALGS.map((alg) => clientKeyPair(alg, alg)));
const world = await openWorld({ yaml: profilesYaml(pairs) });
after(() => world.close());

async function outcome(profile: string, aud: unknown, alg: string, path = '/oauth/token'): Promise<string> {
  const pair = pairs.find(({ kid }) => kid === alg) ?? assert.fail(alg);
  const form = assertionForm(signWith(pair, assertionClaims(profile, { aud })));
  try {
    const request = world.http({ method: 'POST', path });
    await authenticateClient(world.ctx, request, readForm(new URLSearchParams(form).toString()), new Trail(), START);
    return '';
  } catch (error) {
    assert.ok(error instanceof OAuthError);
    assert.equal(error.code, 'invalid_client');
    return error.detail ?? '';
  }
}

const ISSUER_ALONE: ReadonlySet<string> = new Set(['fapi2_security', 'fapi2_message_signing']);
const LIST = 'its aud is a list, and the profile of the client wants our issuer as one text';
const NOT_OURS = 'its aud is not this server, or not this server alone';
const TOKEN = `${ISSUER}/oauth/token`;

describe('profile × audience of an assertion', () => {
  for (const profile of PROFILE_NAMES) {
    test(`${profile}: ${ISSUER_ALONE.has(profile) ? 'the issuer, as one text' : 'the issuer and our endpoints'} (FAPI 2.0 Security Profile §5.3.2.1, attacks TOK-11)`, async () => {
      const strict = ISSUER_ALONE.has(profile);
      assert.equal(await outcome(profile, ISSUER, 'ES256'), '');
      for (const path of ['/oauth/token', '/oauth/par', '/oauth/introspect', '/oauth/revoke']) {
        assert.equal(await outcome(profile, ISSUER, 'ES256', path), '', path);
        assert.equal(await outcome(profile, ISSUER + path, 'ES256', path), strict ? NOT_OURS : '', path);
        assert.equal(await outcome(profile, TOKEN, 'ES256', path), strict ? NOT_OURS : '', path);
      }
      for (const aud of [[ISSUER], [ISSUER, TOKEN], [TOKEN]])
        assert.equal(await outcome(profile, aud, 'ES256'), strict ? LIST : '', JSON.stringify(aud));
      assert.equal(await outcome(profile, [], 'ES256'), strict ? LIST : NOT_OURS);
      // The certification of FAPI 1.0 demands that it be taken.
      const among = profile === 'fapi1_advanced' ? '' : NOT_OURS;
      assert.equal(await outcome(profile, [ISSUER, 'https://other.example'], 'ES256'), strict ? LIST : among);
      for (const aud of [undefined, `${ISSUER}/`, 'https://other.example'])
        assert.equal(await outcome(profile, aud, 'ES256'), NOT_OURS, String(aud));
    });
  }
});

const ANY = ALGS;
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  none: ANY,
  oauth21: ANY,
  mcp: ANY,
  fapi2_security: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
  fapi2_message_signing: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
  fapi1_advanced: ['ES256', 'PS256'],
};

describe('profile × algorithm of an assertion', () => {
  for (const profile of PROFILE_NAMES) {
    test(`${profile}: ${TAKEN[profile]?.join(', ')} (FAPI 2.0 Security Profile §5.4.1, FAPI 1.0 Advanced §8.6)`, async () => {
      for (const alg of ALGS) {
        const taken = TAKEN[profile]?.includes(alg) === true;
        const said = await outcome(profile, ISSUER, alg);
        if (taken) assert.equal(said, '', alg);
        else assert.match(said, new RegExp(`^its alg "${alg}" is not one of `));
      }
    });
  }
});
