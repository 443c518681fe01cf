import { CLIENT_REGISTRIES, type ClientRegistries } from '@hufu/protocol/client-metadata';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import type { Config } from '../config/config.ts';
import { signingAlgorithms } from '../keys/algorithms.ts';
import { isUsable } from '../sender/certificates.ts';

/**
 * What a client may choose from that nobody vouches for: what this server has, without the grant types that nobody's consent stands behind.
 * A client that acts for itself is an administrator's to make.
 */
export function registriesOf(config: Config): ClientRegistries {
  const grantTypes = Object.entries(CLIENT_REGISTRIES.grantTypes).filter(([name]) => GRANT_TYPES.includes(name));
  const authMethods = Object.entries(CLIENT_REGISTRIES.authMethods).filter(([name]) => name !== ATTESTED && isUsable(config, name));
  return {
    ...CLIENT_REGISTRIES,
    authMethods: Object.fromEntries(authMethods),
    grantTypes: Object.fromEntries(grantTypes),
    idTokenAlgs: [...config.signing.algorithms, ...MAC_ALGS],
    verificationAlgs: [...signingAlgorithms.keys(), ...MAC_ALGS],
  };
}

/** Whose clients are named beside their attesters. */
const ATTESTED = 'attest_jwt_client_auth';
const GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token', 'implicit', DEVICE_CODE];
