import { PROFILES } from '@hufu/protocol/profiles/registry';
import type { ClientKeyPair } from './client-assertions.ts';
import { API, CHEAP_HASH, VAULT } from './world.ts';

/** Names of the columns of a table of profiles; `none` is a client without one. */
export const PROFILE_NAMES: readonly string[] = ['none', ...PROFILES.keys()];

const FAPI2 = 'id_token_signed_response_alg: ES256, dpop_bound_access_tokens: true';
const MORE: Readonly<Record<string, string>> = {
  none: 'id_token_signed_response_alg: ES256',
  oauth21: 'id_token_signed_response_alg: ES256',
  mcp: 'id_token_signed_response_alg: ES256',
  fapi2_security: FAPI2,
  fapi2_message_signing: `${FAPI2}, authorization_signed_response_alg: ES256`,
  fapi1_advanced:
    'id_token_signed_response_alg: ES256, authorization_signed_response_alg: ES256, tls_client_certificate_bound_access_tokens: true, ' +
    'grant_types: [authorization_code, refresh_token, implicit], response_types: [code, code id_token]',
};

/** `hufu.yaml` with a client of each profile, named like it, which proves itself with one of the key pairs and asks for as little as its profile lets it. */
export function profilesYaml(pairs: readonly ClientKeyPair[]): string {
  const jwks = JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) });
  const clients = PROFILE_NAMES.map((name) => {
    // OAuth 2.1 does not let a registration say it; the others overrule it.
    const pkce = name === 'oauth21' || name === 'mcp' ? '' : ', pkce: optional';
    const profile = name === 'none' ? '' : `, profile: ${name}`;
    const grants = MORE[name]?.includes('grant_types') ? '' : 'grant_types: [authorization_code, refresh_token, client_credentials], ';
    return `  - { client_id: ${name}, token_endpoint_auth_method: private_key_jwt, redirect_uris: [https://app.example/cb], ${grants}${MORE[name] ?? ''}, jwks: ${jwks}, hufu: { first_party: true${profile}${pkce} } }`;
  });
  return `
signing: { algorithms: [ES256] }
trusted_proxies: [10.0.0.0/8]
policies: { brute_force: off, forwarded_certificates: { header: client-cert } }
clients:
${clients.join('\n')}
resources:
  - { identifier: '${API}', scopes: [read, write], token_format: jwt, token_ttl: 10m }
  - { identifier: '${VAULT}', scopes: [unlock, read], token_format: opaque, token_ttl: 5m }
users:
  - { username: alice, password_hash: '${CHEAP_HASH}', claims: { sub: alice-sub } }
`;
}
