import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { REDIRECT_URI, USER } from './relying-party.ts';

/** Clients that get ID tokens and tokens through the browser, that sign and encrypt, and that are told of a logout. */
export interface FrontChannel {
  readonly yaml: string;
  /** Signs the requests of `jar` and `sealed-jar`. */
  readonly signingKey: CryptoKey;
  /** Opens what is encrypted to `sealed`. */
  readonly decryptionKey: CryptoKey;
}

export const SECRET = 'front-channel-secret-0123456789-abcdefghijk';
export const SIGNING_KID = 'rp-signs';

/** @param logoutUri where `told` hears that a session has ended */
export async function makeFrontChannel(logoutUri: string): Promise<FrontChannel> {
  const signing = await generateKeyPair('ES256', { extractable: true });
  const encryption = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  const publicKey = async (key: CryptoKey, more: JWK): Promise<string> =>
    JSON.stringify({ keys: [{ ...(await exportJWK(key)), ...more }] });
  const signs = await publicKey(signing.publicKey, { alg: 'ES256', use: 'sig', kid: SIGNING_KID });
  const opens = await publicKey(encryption.publicKey, { alg: 'RSA-OAEP-256', use: 'enc', kid: 'rp-opens' });
  const all = '[code, id_token, id_token token, code id_token, code token, code id_token token]';
  const client = (id: string, ...more: readonly string[]): string =>
    [
      `  - client_id: ${id}`,
      `client_secret: ${SECRET}`,
      `redirect_uris: [${REDIRECT_URI}]`,
      'grant_types: [authorization_code, implicit, refresh_token]',
      `response_types: ${all}`,
      'hufu: { first_party: true }',
      ...more,
    ].join('\n    ');
  return {
    yaml: `
policies: { registration: open, outbound: { allow_hosts: [127.0.0.1] } }
clients:
${client('hybrid')}
${client('jar', `jwks: ${signs}`, 'request_object_signing_alg: ES256', 'require_signed_request_object: true')}
${client(
  'sealed',
  `jwks: ${opens}`,
  'id_token_signed_response_alg: ES256',
  'id_token_encrypted_response_alg: RSA-OAEP-256',
  'id_token_encrypted_response_enc: A256GCM',
  'userinfo_signed_response_alg: ES256',
  'userinfo_encrypted_response_alg: RSA-OAEP-256',
  'userinfo_encrypted_response_enc: A128CBC-HS256',
)}
${client('signed', 'userinfo_signed_response_alg: RS256')}
${client('pairwise', 'subject_type: pairwise')}
${client('told', `backchannel_logout_uri: ${logoutUri}`, 'backchannel_logout_session_required: true')}
users:
  - username: ${USER.username}
    password: ${USER.password}
    claims: { sub: mei, name: Mei Lin, email: mei@example.com, email_verified: true }
`,
    signingKey: signing.privateKey,
    decryptionKey: encryption.privateKey,
  };
}
