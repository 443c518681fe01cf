import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readForm } from '@hufu/protocol/form';
import { NO_PROFILE } from '@hufu/protocol/profiles/profile';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { findClient } from '../clients.ts';
import { openWorld } from '../testing/world.ts';
import type { ReturnPath } from './authorization-request.ts';
import { checkResponseMode, readReturnPath } from './check-response-mode.ts';

const world = await openWorld();
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
after(() => world.close());

function pathOf(query: string, profile: string, authorizationSignedResponseAlg: string | undefined): ReturnPath {
  const rules = PROFILES.get(profile)?.rules ?? NO_PROFILE;
  const client = { ...spa, metadata: { ...spa.metadata, rules, authorizationSignedResponseAlg } };
  return readReturnPath(readForm(query), { client, redirectUri: 'https://spa.example/cb' }, undefined);
}

const SIGNED = 'response_type=code&response_mode=jwt';

test('who has to get answers that are JWTs gets errors as JWTs, whatever could be read of the request (FAPI 1.0 Advanced §5.2.2.2, JARM §2.3)', () => {
  for (const query of ['response_type=code', 'response_type=code&response_mode=query', SIGNED, '']) {
    assert.equal(pathOf(query, 'fapi1_advanced', 'PS256').mode, 'query.jwt', query);
    assert.equal(pathOf(query, 'fapi2_message_signing', 'PS256').mode, 'query.jwt', query);
  }
  assert.equal(pathOf('response_type=code&response_mode=form_post', 'fapi1_advanced', 'PS256').mode, 'form_post.jwt');
  assert.equal(pathOf('response_type=code+id_token', 'fapi1_advanced', 'PS256').mode, 'fragment', 'the ID token is the signature');
  for (const profile of ['', 'fapi2_security']) assert.equal(pathOf('response_type=code', profile, 'PS256').mode, 'query', profile);
  assert.equal(pathOf('', 'fapi1_advanced', undefined).mode, 'query', 'who registered nothing to sign with');
});

test('it has to ask for them all the same (FAPI 1.0 Advanced §5.2.3.2)', () => {
  const check = (query: string): void => checkResponseMode(readForm(query), pathOf(query, 'fapi1_advanced', 'PS256'));
  check(SIGNED);
  for (const query of ['response_type=code', 'response_type=code&response_mode=query'])
    assert.throws(() => check(query), { code: 'invalid_request', message: /has to ask for an answer that is a JWT/ });
});
