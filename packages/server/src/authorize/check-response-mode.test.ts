import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Form, readForm } from '@hufu/protocol/form';
import { NO_PROFILE } from '@hufu/protocol/profiles/profile';
import { PROFILES } from '@hufu/protocol/profiles/registry';
import { findClient } from '../clients.ts';
import { openWorld } from '../testing/world.ts';
import type { ReturnAddress, ReturnPath } from './authorization-request.ts';
import { checkResponseMode, readRefusalPath, readReturnPath } from './check-response-mode.ts';

const world = await openWorld();
const spa = (await findClient(world.ctx, 'spa')) ?? assert.fail();
after(() => world.close());

function pathOf(query: string, profile: string, authorizationSignedResponseAlg: string | undefined, read = readRefusalPath): ReturnPath {
  const rules = PROFILES.get(profile)?.rules ?? NO_PROFILE;
  const client = { ...spa, metadata: { ...spa.metadata, rules, authorizationSignedResponseAlg } };
  return read(readForm(query), { client, redirectUri: 'https://spa.example/cb' });
}

const SIGNED = 'response_type=code&response_mode=jwt';

test('who has to get answers that are JWTs hears of a bad request object by a JWT (FAPI 1.0 Advanced §5.2.2.2, JARM §2.3)', () => {
  for (const query of ['response_type=code', 'response_type=code&response_mode=query', SIGNED, '']) {
    assert.equal(pathOf(query, 'fapi1_advanced', 'PS256').mode, 'query.jwt', query);
    assert.equal(pathOf(query, 'fapi2_message_signing', 'PS256').mode, 'query.jwt', query);
  }
  assert.equal(pathOf('response_type=code&response_mode=form_post', 'fapi1_advanced', 'PS256').mode, 'form_post.jwt');
  assert.equal(pathOf('response_type=code+id_token', 'fapi1_advanced', 'PS256').mode, 'fragment', 'the ID token is the signature');
  for (const profile of ['', 'fapi2_security']) assert.equal(pathOf('response_type=code', profile, 'PS256').mode, 'query', profile);
  assert.equal(pathOf('', 'fapi1_advanced', undefined).mode, 'query', 'who registered nothing to sign with');
});

const asked = (form: Form, address: ReturnAddress): ReturnPath => readReturnPath(form, address, undefined);

test('what can be read has to ask for it, and is refused as it asked (FAPI 1.0 Advanced §5.2.3.2)', () => {
  const check = (query: string): void => checkResponseMode(readForm(query), pathOf(query, 'fapi1_advanced', 'PS256', asked));
  check(SIGNED);
  for (const query of ['response_type=code', 'response_type=code&response_mode=query'])
    assert.throws(() => check(query), { code: 'invalid_request', message: /has to ask for an answer that is a JWT/ });
  assert.equal(pathOf('response_type=code', 'fapi1_advanced', 'PS256', asked).mode, 'query');
});
