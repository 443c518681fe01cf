import { SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import type { AuthMethod } from './auth-method.ts';
import { findAssertionFault } from './client-assertion.ts';

/** An assertion that is signed with a key of the client's own (OpenID Connect Core §9): nothing is kept here that could be stolen. */
export const privateKeyJwt: AuthMethod = {
  name: 'private_key_jwt',
  mechanism: 'client_assertion',
  prove: (ctx, client, attempt) => findAssertionFault(ctx, client, attempt, SIGNATURE_ALGS),
};
