import { argon2Sync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  ACCESS_TOKEN_SECONDS,
  API,
  API_SCOPE,
  APP,
  type BenchClient,
  claimsOf,
  DEVICE_CLIENTS,
  DPOP,
  deviceClientOf,
  EXCHANGER,
  JWT_RESOURCE,
  MACHINE,
  OPAQUE_RESOURCE,
  PASSWORD,
  REDIRECT_URI,
  SIGNER_ID,
  USERS,
  usernameOf,
  WEB,
} from '../contract.ts';
import { publicEcKey } from '../jwk.ts';
import type { Setting } from '../subject.ts';
import { DEVICE_CODE_GRANT, TOKEN_EXCHANGE_GRANT } from '../token-requests.ts';

/** `hufu.yaml` (as JSON, which is YAML) with the benchmark's clients, users and resources. */
export function hufuConfig(setting: Setting, port: number): unknown {
  const passwordHash = hashPassword();
  return {
    issuer: `http://localhost:${port}`,
    listen: `127.0.0.1:${port}`,
    mode: 'test',
    data_dir: join(setting.directory, 'data'),
    database: setting.scenario.database === 'postgres' ? setting.postgresUrl : `sqlite:${join(setting.directory, 'data', 'hufu.sqlite')}`,
    limits: 'off',
    policies: { brute_force: 'off' },
    resources: [
      { identifier: JWT_RESOURCE, scopes: [API_SCOPE], token_format: 'jwt', signing_alg: 'ES256', token_ttl: ACCESS_TOKEN_SECONDS },
      { identifier: OPAQUE_RESOURCE, scopes: [API_SCOPE], token_format: 'opaque', token_ttl: ACCESS_TOKEN_SECONDS },
    ],
    clients: [
      userClient(APP, 'ES256'),
      userClient(WEB, 'RS256'),
      machineClient(MACHINE, {}),
      machineClient(API, { resource_server_of: [JWT_RESOURCE, OPAQUE_RESOURCE] }),
      ...ownClients(setting),
    ],
    users: Array.from({ length: USERS }, (_, user) => ({
      username: usernameOf(user),
      password_hash: passwordHash,
      claims: claimsOf(user),
    })),
  };
}

function userClient(client: BenchClient, idTokenAlg: string): unknown {
  return {
    client_id: client.id,
    client_secret: client.secret,
    client_name: client.id,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: idTokenAlg,
    scope: `openid profile email ${API_SCOPE}`,
    // No contender ends a grant because its user has many.
    hufu: { first_party: true, max_grants_per_user: 10_000 },
  };
}

/** Clients that only the scenario knows. */
function ownClients({ scenario, clientKey }: Setting): unknown[] {
  switch (scenario.work.kind) {
    case 'dpop_token':
      return [{ ...machineClient(DPOP, {}), dpop_bound_access_tokens: true }];
    case 'private_key_jwt_token': {
      const { client_secret: _secret, ...client } = machineClient({ id: SIGNER_ID, secret: '' }, {});
      const key = { ...publicEcKey(clientKey), kid: clientKey.kid, alg: 'ES256' };
      return [{ ...client, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } }];
    }
    case 'device_poll':
      return Array.from({ length: DEVICE_CLIENTS }, (_, client) => {
        const { client_secret: _secret, ...own } = machineClient({ id: deviceClientOf(client), secret: '' }, {});
        return { ...own, grant_types: [DEVICE_CODE_GRANT], token_endpoint_auth_method: 'none' };
      });
    case 'token_exchange': {
      const exchange = { audiences: [JWT_RESOURCE], scopes: [API_SCOPE], impersonation: true };
      const hufu = { resource_server_of: [OPAQUE_RESOURCE], token_exchange: exchange, max_grants_per_user: 10_000 };
      return [{ ...machineClient(EXCHANGER, hufu), grant_types: [TOKEN_EXCHANGE_GRANT] }];
    }
    default:
      return [];
  }
}

function machineClient(client: BenchClient, hufu: object): Readonly<Record<string, unknown>> {
  return {
    client_id: client.id,
    client_secret: client.secret,
    client_name: client.id,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: API_SCOPE,
    hufu,
  };
}

/** One Argon2id hash (19 MiB, two passes) as a PHC string for all users: their sign-ins are not what is measured. */
function hashPassword(): string {
  const nonce = randomBytes(16);
  const tag = argon2Sync('argon2id', { message: PASSWORD, nonce, parallelism: 1, tagLength: 32, memory: 19_456, passes: 2 });
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=19456,t=2,p=1$${text(nonce)}$${text(tag)}`;
}
