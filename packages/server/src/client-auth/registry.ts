import { attestJwtClientAuth } from './attest-jwt-client-auth.ts';
import type { AuthMethod } from './auth-method.ts';
import { clientSecretBasic } from './client-secret-basic.ts';
import { clientSecretJwt } from './client-secret-jwt.ts';
import { clientSecretPost } from './client-secret-post.ts';
import { none } from './none.ts';
import { privateKeyJwt } from './private-key-jwt.ts';
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.ts';
import { tlsClientAuth } from './tls-client-auth.ts';

/** The authentication methods there are, by name; `CLIENT_REGISTRIES` of the protocol says the same to those who register. */
export const authMethods: ReadonlyMap<string, AuthMethod> = new Map(
  [
    clientSecretBasic,
    clientSecretPost,
    clientSecretJwt,
    privateKeyJwt,
    tlsClientAuth,
    selfSignedTlsClientAuth,
    attestJwtClientAuth,
    none,
  ].map((method) => [method.name, method]),
);
