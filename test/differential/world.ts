import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';

/** What both servers are told: the same clients, user, resource and lifetimes. */
export const USER = { username: 'mei', password: 'a tally in two halves, both of bronze' } as const;
export const USER_CLAIMS: Readonly<Record<string, unknown>> = {
  name: 'Mei Lin',
  preferred_username: 'mei',
  given_name: 'Mei',
  family_name: 'Lin',
  locale: 'zh-CN',
  email: 'mei@example.com',
  email_verified: true,
  phone_number: '+86 10 1234 5678',
  phone_number_verified: false,
  address: { country: 'CN', locality: 'Beijing' },
  updated_at: 1_700_000_000,
};
export const RESOURCE = 'https://api.example/';
export const RESOURCE_SCOPES = ['read', 'write'] as const;

/** Seconds; what the servers have no common default for. */
export const LIFETIMES = { accessToken: 600, idToken: 3_600, code: 60, refreshToken: 31_536_000, session: 1_209_600 } as const;

/** Client metadata of RFC 7591 §2. */
export type Metadata = Readonly<Record<string, unknown>>;

export interface World {
  readonly clients: readonly DifferentialClient[];
  /** Private keys of the clients that sign, by client. */
  readonly keys: Readonly<Record<string, CryptoKey>>;
}

export interface DifferentialClient {
  readonly clientId: string;
  readonly secret: string | undefined;
  /** Asks its users, as other people's applications do. */
  readonly thirdParty: boolean;
  /** Sees the tokens of the resource. */
  readonly resourceServer: boolean;
  readonly metadata: Metadata;
}

const RESPONSE_TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'] as const;

/** The redirect URI of a client, as it registered it. */
export function redirectUriOf(clientId: string): string {
  return `https://${clientId}.example/cb`;
}

export function loggedOutUriOf(clientId: string): string {
  return `https://${clientId}.example/bye`;
}

export function secretOf(clientId: string): string {
  return `${clientId}-secret-0123456789-abcdefghijklmnopqrstuv`;
}

export async function makeWorld(): Promise<World> {
  const assertion = await keyOf('ES256');
  const request = await keyOf('ES256');
  const encryption = await keyOf('RSA-OAEP-256');
  const clients: readonly DifferentialClient[] = [
    client('web', {}),
    client('other', {}),
    client('post', { token_endpoint_auth_method: 'client_secret_post' }),
    client('spa', { token_endpoint_auth_method: 'none' }),
    client('third', {}, { thirdParty: true }),
    client('hybrid', { grant_types: ['authorization_code', 'implicit', 'refresh_token'], response_types: [...RESPONSE_TYPES] }),
    client('front', { grant_types: ['implicit'], response_types: ['id_token', 'id_token token'], token_endpoint_auth_method: 'none' }),
    client('fresh', { default_max_age: 3_600, require_auth_time: true }),
    client('pair', { subject_type: 'pairwise' }),
    client('twin', {
      redirect_uris: [redirectUriOf('twin'), 'https://twin.example/cb?tenant=one'],
      id_token_signed_response_alg: 'ES256',
    }),
    client('said', { userinfo_signed_response_alg: 'ES256' }),
    client('sealed', {
      jwks: { keys: [encryption.public] },
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      id_token_encrypted_response_enc: 'A256GCM',
    }),
    client('signer', { jwks: { keys: [request.public] }, request_object_signing_alg: 'ES256' }),
    client('keyed', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [assertion.public] } }, { secret: false }),
    client('maced', { token_endpoint_auth_method: 'client_secret_jwt' }),
    client('machine', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'read write' }),
    client('api', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'read' }, { resourceServer: true }),
  ];
  return { clients, keys: { signer: request.private, keyed: assertion.private, sealed: encryption.private } };
}

interface Traits {
  readonly thirdParty?: boolean;
  readonly resourceServer?: boolean;
  readonly secret?: boolean;
}

function client(clientId: string, metadata: Metadata, traits: Traits = {}): DifferentialClient {
  const { thirdParty = false, resourceServer = false, secret = metadata['token_endpoint_auth_method'] !== 'none' } = traits;
  return {
    clientId,
    secret: secret ? secretOf(clientId) : undefined,
    thirdParty,
    resourceServer,
    metadata: {
      client_name: clientId,
      redirect_uris: [redirectUriOf(clientId)],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      ...(Array.isArray(metadata['redirect_uris']) && metadata['redirect_uris'].length === 0
        ? {}
        : { post_logout_redirect_uris: [loggedOutUriOf(clientId)] }),
      ...metadata,
    },
  };
}

async function keyOf(alg: string): Promise<{ readonly private: CryptoKey; readonly public: JWK }> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const use = alg.startsWith('RSA-OAEP') ? 'enc' : 'sig';
  return { private: pair.privateKey, public: { ...(await exportJWK(pair.publicKey)), alg, use, kid: `client-${use}` } };
}
