import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { freePort } from '../hufu.ts';

/** `oidc-provider` as an authorization server of services: it renews, revokes, and issues JWTs for one of them (RFC 9068). Its sign-in page takes any name. */
export interface OidcServer {
  readonly issuer: string;
  /** Requests to its token endpoint, by grant type. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export interface OidcServerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly callback: string;
  /** Who access tokens are for (RFC 8707 §2). */
  readonly resource: string;
  /** Seconds that an access token lives. */
  readonly ttlSeconds: number;
}

/** The parts of the library's request context that its documentation lets a configuration use. */
interface PeerContext {
  readonly oidc: { readonly client: { readonly clientId: string }; readonly session: { readonly accountId?: string } };
}

export async function startOidcServer({ clientId, clientSecret, callback, resource, ttlSeconds }: OidcServerOptions): Promise<OidcServer> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const keys = await Promise.all(
    (['RS256', 'ES256'] as const).map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
    }),
  );
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys },
    cookies: { keys: ['server'] },
    claims: { openid: ['sub'], profile: ['name'] },
    features: {
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        getResourceServerInfo: async () => ({
          scope: 'read write',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: ttlSeconds,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    findAccount: async (_context: unknown, sub: string) => ({ accountId: sub, claims: async () => ({ sub, name: sub }) }),
    loadExistingGrant: async ({ oidc }: PeerContext) => {
      const grant = new provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope('openid profile');
      grant.addResourceScope(resource, 'read write');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  const answer = provider.callback();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/token')
      request.on('data', (chunk: Buffer) => asked.push(new URLSearchParams(chunk.toString()).get('grant_type') ?? ''));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
