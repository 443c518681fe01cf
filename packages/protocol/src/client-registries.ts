import type { JoseRegistries } from './client-jose.ts';
import { CIBA, DEVICE_CODE } from './grant-type.ts';
import { CONTENT_ENCRYPTION_ALGS, ENCRYPTION_ALGS, MAC_ALGS, SIGNATURE_ALGS } from './jose-algorithms.ts';
import { PROFILES } from './profiles/registry.ts';

/** What a client may choose from. A new grant type, authentication method or algorithm is one line here. */
export interface ClientRegistries extends JoseRegistries {
  readonly authMethods: Readonly<Record<string, AuthMethodRule>>;
  readonly grantTypes: Readonly<Record<string, GrantTypeRule>>;
  readonly responseModes: readonly string[];
  readonly profiles: readonly string[];
}

export interface AuthMethodRule {
  /** Whether the client has a `client_secret`. */
  readonly secret: 'needed' | 'none';
  /** Whether the client proves who it is (RFC 6749 §2.1). */
  readonly client: 'confidential' | 'public';
}

export interface GrantTypeRule {
  /** Who may use it. */
  readonly clients: 'any' | 'confidential';
  /** Whether an answer comes back through the browser. */
  readonly redirects: boolean;
  /** Whether it can bring a refresh token. */
  readonly refreshes: boolean;
}

/** RFC 7523 §2.1. */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** RFC 7522 §2.1. */
export const SAML2_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

export const CLIENT_REGISTRIES: ClientRegistries = {
  authMethods: {
    client_secret_basic: { secret: 'needed', client: 'confidential' },
    client_secret_post: { secret: 'needed', client: 'confidential' },
    client_secret_jwt: { secret: 'needed', client: 'confidential' },
    private_key_jwt: { secret: 'none', client: 'confidential' },
    tls_client_auth: { secret: 'none', client: 'confidential' },
    self_signed_tls_client_auth: { secret: 'none', client: 'confidential' },
    attest_jwt_client_auth: { secret: 'none', client: 'confidential' },
    none: { secret: 'none', client: 'public' },
  },
  grantTypes: {
    authorization_code: { clients: 'any', redirects: true, refreshes: true },
    refresh_token: { clients: 'any', redirects: false, refreshes: false },
    client_credentials: { clients: 'confidential', redirects: false, refreshes: false },
    [DEVICE_CODE]: { clients: 'any', redirects: false, refreshes: true },
    [CIBA]: { clients: 'confidential', redirects: false, refreshes: true },
    implicit: { clients: 'any', redirects: true, refreshes: false },
    [JWT_BEARER_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    [SAML2_BEARER_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    [TOKEN_EXCHANGE_GRANT]: { clients: 'confidential', redirects: false, refreshes: false },
    password: { clients: 'confidential', redirects: false, refreshes: true },
  },
  responseModes: ['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
  idTokenAlgs: [...SIGNATURE_ALGS, ...MAC_ALGS],
  verificationAlgs: [...SIGNATURE_ALGS, ...MAC_ALGS],
  encryptionAlgs: ENCRYPTION_ALGS,
  contentEncryptionAlgs: CONTENT_ENCRYPTION_ALGS,
  profiles: [...PROFILES.keys()],
};
