import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import type { AuthMethod } from './auth-method.ts';
import { findAssertionFault } from './client-assertion.ts';

/** An assertion that is keyed with the client's secret (OpenID Connect Core §9). */
export const clientSecretJwt: AuthMethod = {
  name: 'client_secret_jwt',
  mechanism: 'client_assertion',
  prove: (ctx, client, attempt) => findAssertionFault(ctx, client, attempt, MAC_ALGS),
};
