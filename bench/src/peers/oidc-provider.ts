/**
 * The peer: oidc-provider, set up to do the same work as the others. Wherever its options leave a choice that is not about the work,
 * the cheaper one is taken (features that no scenario uses are off, no token is bound to the browser's session).
 * Codes for the set-up are made with its own models, beside the measured port.
 */
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import pg from 'pg';
import { epochSeconds } from '../clock.ts';
import {
  ACCESS_TOKEN_SECONDS,
  API,
  API_SCOPE,
  APP,
  type BenchClient,
  CODE_CHALLENGE,
  CODE_SECONDS,
  claimsOf,
  DEVICE_CLIENTS,
  DEVICE_CODE_SECONDS,
  DPOP,
  deviceClientOf,
  JWT_RESOURCE,
  MACHINE,
  NONCE,
  PUSHED_REQUEST_SECONDS,
  REDIRECT_URI,
  REFRESH_TOKEN_SECONDS,
  SIGNER_ID,
  usernameOf,
  WEB,
} from '../contract.ts';
import { readSettings } from '../floors/settings.ts';
import { isMembers, readNumber } from '../json.ts';
import { DEVICE_CODE_GRANT } from '../token-requests.ts';
import { MapAdapter } from './map-adapter.ts';
import { createTable, PostgresAdapter } from './postgres-adapter.ts';

const CONNECTIONS = 16;

const settings = readSettings();
const pool = settings.postgresUrl === '' ? undefined : new pg.Pool({ connectionString: settings.postgresUrl, max: CONNECTIONS });
if (pool !== undefined) await createTable(pool);

const accounts = new Map(
  Array.from({ length: settings.users }, (_, user) => [usernameOf(user), { sub: usernameOf(user), ...claimsOf(user) }]),
);

function userClient(client: BenchClient, idTokenAlg: string): Readonly<Record<string, unknown>> {
  return {
    client_id: client.id,
    client_secret: client.secret,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: idTokenAlg,
  };
}

function machineClient(client: BenchClient): Readonly<Record<string, unknown>> {
  return {
    client_id: client.id,
    client_secret: client.secret,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  };
}

/** Clients that only the scenario knows. */
function ownClients(): Readonly<Record<string, unknown>>[] {
  const { client_secret: _secret, ...client } = machineClient({ id: SIGNER_ID, secret: '' });
  switch (settings.work) {
    case 'dpop_token':
      return [{ ...machineClient(DPOP), dpop_bound_access_tokens: true }];
    case 'private_key_jwt_token':
      return [{ ...client, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [settings.clientKey] } }];
    case 'device_poll': {
      const device = { ...client, grant_types: [DEVICE_CODE_GRANT], token_endpoint_auth_method: 'none' };
      return Array.from({ length: DEVICE_CLIENTS }, (_, index) => ({ ...device, client_id: deviceClientOf(index) }));
    }
    default:
      return [];
  }
}

const provider = new Provider(settings.issuer, {
  adapter: pool === undefined ? MapAdapter : (model: string) => new PostgresAdapter(pool, model),
  clients: [userClient(APP, 'ES256'), userClient(WEB, 'RS256'), machineClient(MACHINE), machineClient(API), ...ownClients()],
  clientDefaults: { token_endpoint_auth_method: 'client_secret_basic' },
  jwks: { keys: [settings.ecKey, settings.rsaKey] },
  cookies: { keys: ['bench'] },
  scopes: ['openid', 'offline_access'],
  claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name', 'locale'], email: ['email', 'email_verified'] },
  findAccount: async (_context: unknown, sub: string) => {
    const claims = accounts.get(sub);
    return claims === undefined ? undefined : { accountId: sub, claims: async () => claims };
  },
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: settings.work === 'dpop_token' },
    pushedAuthorizationRequests: { enabled: settings.work === 'par' },
    deviceFlow: { enabled: settings.work === 'device_poll' },
    rpInitiatedLogout: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: async () => true,
      getResourceServerInfo: async (_context: unknown, resource: string) => ({
        scope: API_SCOPE,
        audience: resource,
        accessTokenTTL: ACCESS_TOKEN_SECONDS,
        accessTokenFormat: resource === JWT_RESOURCE ? 'jwt' : 'opaque',
        ...(resource === JWT_RESOURCE ? { jwt: { sign: { alg: 'ES256' } } } : undefined),
      }),
    },
  },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  expiresWithSession: async () => false,
  pkce: { required: () => true },
  ttl: {
    AccessToken: ACCESS_TOKEN_SECONDS,
    AuthorizationCode: CODE_SECONDS,
    ClientCredentials: ACCESS_TOKEN_SECONDS,
    DeviceCode: DEVICE_CODE_SECONDS,
    Grant: REFRESH_TOKEN_SECONDS,
    IdToken: ACCESS_TOKEN_SECONDS,
    PushedAuthorizationRequest: PUSHED_REQUEST_SECONDS,
    RefreshToken: REFRESH_TOKEN_SECONDS,
    Session: REFRESH_TOKEN_SECONDS,
    Interaction: 3600,
  },
});

/** A code of a grant of its own, as the authorization endpoint makes it once the user has agreed. */
async function newCode(client: unknown, user: number): Promise<{ readonly value: string; readonly subject: string }> {
  const subject = usernameOf(user);
  const grant = new provider.Grant({ accountId: subject, clientId: settings.clientId });
  grant.addOIDCScope(settings.scope);
  const resource = settings.resource === '' ? undefined : settings.resource;
  if (resource !== undefined) grant.addResourceScope(resource, API_SCOPE);
  const code = new provider.AuthorizationCode({
    accountId: subject,
    authTime: epochSeconds(),
    client,
    codeChallenge: CODE_CHALLENGE,
    codeChallengeMethod: 'S256',
    grantId: await grant.save(),
    nonce: NONCE,
    redirectUri: REDIRECT_URI,
    scope: settings.scope,
    ...(resource === undefined ? undefined : { resource }),
  });
  return { value: await code.save(), subject };
}

async function newCodes(count: number): Promise<unknown> {
  const client = await provider.Client.find(settings.clientId);
  const codes: unknown[] = [];
  while (codes.length < count) {
    const batch = Array.from(
      { length: Math.min(CONNECTIONS, count - codes.length) },
      (_, index) => (codes.length + index) % settings.users,
    );
    codes.push(...(await Promise.all(batch.map((user) => newCode(client, user)))));
  }
  await pool?.query('ANALYZE oidc_payload');
  return codes;
}

createServer(provider.callback()).listen(settings.port, '127.0.0.1', () => process.send?.({ ready: true }));
process.on('message', (message) => {
  if (isMembers(message)) void newCodes(readNumber(message, 'count')).then((answer) => process.send?.({ answer }));
});
process.on('disconnect', () => process.exit(0));
