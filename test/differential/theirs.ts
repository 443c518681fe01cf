import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { errors, Provider } from 'oidc-provider';
import { freePort } from '../support/hufu.ts';
import { AgingStorage } from './aging-adapter.ts';
import { readJwks, type Side } from './side.ts';
import { LIFETIMES, RESOURCE, RESOURCE_SCOPES, USER, USER_CLAIMS, type World } from './world.ts';

/** The parts of the library's request context that its documentation lets a configuration use. */
interface PeerContext {
  readonly oidc: {
    readonly client: PeerClient;
    readonly session: { readonly accountId?: string };
    readonly requestParamOIDCScopes: ReadonlySet<string>;
    readonly requestParamScopes: ReadonlySet<string>;
    readonly requestParamClaims: ReadonlySet<string>;
    readonly resourceServers: Readonly<Record<string, { readonly scopes: ReadonlySet<string> }>>;
    readonly result?: { readonly consent?: { readonly grantId?: string } };
  };
}
interface PeerClient {
  readonly clientId: string;
  readonly sectorIdentifier: string;
  grantTypeAllowed(type: string): boolean;
}
interface PeerToken {
  readonly kind: string;
  readonly clientId: string;
  readonly aud?: string;
}
interface PeerGrant {
  addOIDCScope(scope: string): void;
  addOIDCClaims(claims: readonly string[]): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

/** oidc-provider with the world's configuration: the same paths, every feature on that ours has, first-party clients without a question. */
export async function startTheirs(world: World): Promise<Side> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const storage = new AgingStorage();
  const thirdParties = new Set(world.clients.filter(({ thirdParty }) => thirdParty).map(({ clientId }) => clientId));
  const resourceServers = new Set(world.clients.filter(({ resourceServer }) => resourceServer).map(({ clientId }) => clientId));

  /** The library's own recipe for clients that need not ask: a grant of everything that was asked for. */
  const loadExistingGrant = async (context: PeerContext): Promise<unknown> => {
    const { client, session, result } = context.oidc;
    const agreed = result?.consent?.grantId;
    if (agreed !== undefined) return Reflect.get(provider.Grant, 'find').call(provider.Grant, agreed);
    if (thirdParties.has(client.clientId)) return undefined;
    const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId }) as PeerGrant;
    grant.addOIDCScope([...context.oidc.requestParamOIDCScopes].join(' '));
    grant.addOIDCClaims([...context.oidc.requestParamClaims]);
    for (const [resource, { scopes }] of Object.entries(context.oidc.resourceServers))
      grant.addResourceScope(resource, [...context.oidc.requestParamScopes].filter((scope) => scopes.has(scope)).join(' '));
    await grant.save();
    return grant;
  };

  const provider = new Provider(issuer, {
    adapter: (model: string) => storage.adapter(model),
    clients: world.clients.map(({ clientId, secret, metadata }) => ({
      client_id: clientId,
      ...(secret === undefined ? {} : { client_secret: secret }),
      ...metadata,
    })),
    jwks: { keys: [await privateKey('RS256'), await privateKey('ES256'), await privateKey('RSA-OAEP-256')] },
    // Its POST at the authorization endpoint wants that.
    cookies: { keys: ['differential'], long: { sameSite: 'none' } },
    responseTypes: ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'],
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: async (_context: unknown, accountId: string, client: PeerClient) =>
      createHash('sha256').update(`${client.sectorIdentifier}\n${accountId}`).digest('base64url'),
    scopes: ['openid', 'offline_access', ...RESOURCE_SCOPES],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'locale', 'preferred_username', 'updated_at'],
      email: ['email', 'email_verified'],
      phone: ['phone_number', 'phone_number_verified'],
      address: ['address'],
    },
    findAccount: async (_context: unknown, sub: string) =>
      sub === USER.username ? { accountId: sub, claims: async () => ({ sub, ...USER_CLAIMS }) } : undefined,
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: () => false,
    loadExistingGrant,
    expiresWithSession: async () => false,
    issueRefreshToken: async (_context: unknown, client: PeerClient) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    pkce: { required: () => true },
    enableHttpPostMethods: true,
    features: {
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      encryption: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: async (_context: unknown, client: PeerClient, token: PeerToken) =>
          token.clientId === client.clientId || (resourceServers.has(client.clientId) && token.aud === RESOURCE),
      },
      jwtUserinfo: { enabled: true },
      requestObjects: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (context: PeerContext, _client: unknown, oneOf?: unknown) =>
          oneOf ?? (wantsResource(context) ? RESOURCE : undefined),
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_context: unknown, resource: string) => {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return {
            scope: RESOURCE_SCOPES.join(' '),
            audience: resource,
            accessTokenTTL: LIFETIMES.accessToken,
            accessTokenFormat: 'opaque',
          };
        },
      },
      revocation: {
        enabled: true,
        allowedPolicy: async (_context: unknown, client: PeerClient, token: PeerToken) => token.clientId === client.clientId,
      },
      registration: { enabled: true },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
    },
    routes: {
      authorization: '/oauth/authorize',
      end_session: '/oauth/logout',
      introspection: '/oauth/introspect',
      jwks: '/oauth/jwks',
      registration: '/oauth/register',
      revocation: '/oauth/revoke',
      token: '/oauth/token',
      userinfo: '/oauth/userinfo',
    },
    ttl: {
      AccessToken: LIFETIMES.accessToken,
      AuthorizationCode: LIFETIMES.code,
      ClientCredentials: LIFETIMES.accessToken,
      Grant: LIFETIMES.refreshToken,
      IdToken: LIFETIMES.idToken,
      Interaction: 3_600,
      RefreshToken: LIFETIMES.refreshToken,
      Session: LIFETIMES.session,
    },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    name: 'theirs',
    issuer,
    jwks: await readJwks(issuer),
    async advance(seconds) {
      storage.age(seconds);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Ours gives a token for the first resource that offers the scopes, where there is any beyond those of OpenID. */
function wantsResource({ oidc }: PeerContext): boolean {
  return RESOURCE_SCOPES.some((scope) => oidc.requestParamScopes?.has(scope));
}

async function privateKey(alg: string): Promise<JWK> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(pair.privateKey)), alg, use: alg.startsWith('RSA-OAEP') ? 'enc' : 'sig', kid: `peer-${alg}` };
}
