import { clientKey } from './keys.ts';
import { SITE_HOST } from './site.ts';
import { RESPONSE_TYPES } from './variant.ts';

/** Who signs in. */
export const USER = { username: 'conf-user', password: 'a tally for every module of the suite' } as const;

/** A client of the static variants. */
export interface StaticClient {
  readonly clientId: string;
  readonly secret: string;
}

/** As the suite's configuration names them: two for `client_secret_basic`, one for `client_secret_post`. */
export const STATIC_CLIENTS: Readonly<Record<'client' | 'client2' | 'client_secret_post', StaticClient>> = {
  client: { clientId: 'conformance-1', secret: 'first-secret-0123456789-abcdefghijklmnopqrstuvwxyz' },
  client2: { clientId: 'conformance-2', secret: 'second-secret-0123456789-abcdefghijklmnopqrstuvwxy' },
  client_secret_post: { clientId: 'conformance-post', secret: 'post-secret-0123456789-abcdefghijklmnopqrstuvwxyzab' },
};

/** Every standard claim of OpenID Connect Core §5.1: a claim without a value would be a warning of the suite. */
const CLAIMS = {
  name: 'Tiger Tally',
  given_name: 'Tiger',
  family_name: 'Tally',
  middle_name: 'Bronze',
  nickname: 'Hu',
  preferred_username: 'tiger',
  profile: 'https://people.example/tiger',
  picture: 'https://people.example/tiger.png',
  website: 'https://tiger.example/',
  email: 'tiger@example.com',
  email_verified: true,
  gender: 'female',
  birthdate: '1986-01-31',
  zoneinfo: 'Asia/Shanghai',
  locale: 'en-US',
  phone_number: '+86 10 5555 0100',
  phone_number_verified: true,
  address: {
    formatted: '1 Tally Road\nXi\u2019an 710000\nChina',
    street_address: '1 Tally Road',
    locality: 'Xi\u2019an',
    region: 'Shaanxi',
    postal_code: '710000',
    country: 'China',
  },
  updated_at: 1_760_000_000,
};

/**
 * hufu.yaml for certification, without what the harness writes (`issuer`, `listen`, `mode: test`, `data_dir`, `tls`). JSON is YAML.
 * @param base where the static clients' addresses begin
 */
export function providerYaml(base: string): string {
  const { client, client2, client_secret_post: post } = STATIC_CLIENTS;
  const members: Readonly<Record<string, unknown>> = {
    limits: 'off',
    policies: { registration: 'open', brute_force: 'off', outbound: { allow_hosts: [SITE_HOST] } },
    clients: [
      { ...staticClient(client, base, 0), token_endpoint_auth_method: 'client_secret_basic' },
      { ...staticClient(client2, base, 1), token_endpoint_auth_method: 'client_secret_basic' },
      { ...staticClient(post, base, 0), token_endpoint_auth_method: 'client_secret_post' },
    ],
  };
  const lines = Object.entries(members).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  return lines.join('') + userYaml();
}

/** Its `users`: who signs in. */
export function userYaml(): string {
  return `users: ${JSON.stringify([{ ...USER, claims: CLAIMS }])}\n`;
}

function staticClient({ clientId, secret }: StaticClient, base: string, key: number): Readonly<Record<string, unknown>> {
  return {
    client_id: clientId,
    client_secret: secret,
    client_name: `Conformance (${clientId})`,
    redirect_uris: [`${base}/callback`],
    response_types: RESPONSE_TYPES,
    grant_types: ['authorization_code', 'implicit', 'refresh_token'],
    post_logout_redirect_uris: [`${base}/post_logout_redirect`],
    frontchannel_logout_uri: `${base}/frontchannel_logout`,
    frontchannel_logout_session_required: true,
    backchannel_logout_uri: `${base}/backchannel_logout`,
    backchannel_logout_session_required: true,
    jwks: { keys: [clientKey(key, 'none').jwk] },
    // Nothing in OpenID Connect Core demands PKCE of a client with a secret; the suite sends none.
    hufu: { pkce: 'optional' },
  };
}
