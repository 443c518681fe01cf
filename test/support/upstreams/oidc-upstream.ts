import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { freePort } from '../hufu.ts';

/** What an upstream says otherwise than it would: each changes what the library was about to answer. */
export interface Bends {
  /** Claims of the ID token; signed again, with the upstream's own key, or as `alg` says. */
  idToken?: (claims: JWTPayload) => JWTPayload;
  alg?: 'none' | 'HS256' | 'ES256' | 'foreign key';
  userinfo?: (claims: Record<string, unknown>) => Record<string, unknown>;
  discovery?: (metadata: Record<string, unknown>) => Record<string, unknown>;
  accessToken?: string;
}

/** `oidc-provider` as an upstream of Hufu, over HTTP, with a sign-in page that takes any name. */
export interface OidcUpstream {
  readonly issuer: string;
  /** How often its token endpoint was asked. */
  readonly exchanges: () => number;
  bend: Bends;
  stop(): Promise<void>;
}

export const UPSTREAM_SECRET = 'upstream-secret-0123456789-abcdefghijk';

export interface Person {
  readonly email?: string;
  readonly email_verified?: unknown;
  readonly name?: string;
  readonly preferred_username?: string;
  readonly amr?: readonly string[];
}

/** The parts of the library's request context that its documentation lets a configuration use. */
interface PeerContext {
  readonly oidc: {
    readonly client: { readonly clientId: string };
    readonly session: { readonly accountId?: string };
    readonly requestParamOIDCScopes: ReadonlySet<string>;
  };
}

/**
 * @param people by the name that they sign in with, which is also their `sub`
 * @param host `localhost`: another site than 127.0.0.1 to a browser
 */
export async function startOidcUpstream(
  clientId: string,
  callbacks: readonly string[],
  people: ReadonlyMap<string, Person>,
  host: string = '127.0.0.1',
): Promise<OidcUpstream> {
  const port = await freePort();
  const issuer = `http://${host}:${port}`;
  const keys = { RS256: await privateKey('RS256'), ES256: await privateKey('ES256') };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: UPSTREAM_SECRET,
        redirect_uris: [...callbacks],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys: [keys.RS256, keys.ES256] },
    cookies: { keys: ['upstream'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    findAccount: async (_context: unknown, sub: string) => ({ accountId: sub, claims: async () => ({ sub, ...people.get(sub) }) }),
    loadExistingGrant: async ({ oidc }: PeerContext) => {
      const grant = new provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  const answer = provider.callback();
  let exchanges = 0;
  const upstream = { bend: {} as Bends };
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/token') === true) exchanges += 1;
    const { bend } = upstream;
    if (Object.keys(bend).length > 0) rewrite(request, response, (path, body) => bendAnswer(bend, keys, path, body));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    exchanges: () => exchanges,
    get bend() {
      return upstream.bend;
    },
    set bend(bend) {
      upstream.bend = bend;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Replaces the whole body of a JSON answer before it goes out. */
function rewrite(
  request: IncomingMessage,
  response: ServerResponse,
  change: (path: string, body: Record<string, unknown>) => Promise<object>,
): void {
  const end = response.end.bind(response);
  const path = (request.url ?? '').split('?')[0] ?? '';
  response.end = ((chunk?: unknown, ...rest: unknown[]) => {
    const text = typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.toString() : '';
    if (!text.startsWith('{')) return Reflect.apply(end, response, [chunk, ...rest]);
    void change(path, Object(JSON.parse(text))).then((body) => {
      const bent = JSON.stringify(body);
      response.setHeader('content-length', Buffer.byteLength(bent));
      end(bent);
    });
    return response;
  }) as typeof response.end;
}

async function bendAnswer(
  bend: Bends,
  keys: Readonly<Record<'RS256' | 'ES256', JWK>>,
  path: string,
  body: Record<string, unknown>,
): Promise<object> {
  if (path === '/.well-known/openid-configuration') return bend.discovery?.(body) ?? body;
  if (path === '/me') return bend.userinfo?.(body) ?? body;
  if (path !== '/token' || typeof body['id_token'] !== 'string') return body;
  const claims: JWTPayload = Object(JSON.parse(Buffer.from(body['id_token'].split('.')[1] ?? '', 'base64url').toString()));
  const bent = bend.idToken?.(claims) ?? claims;
  return {
    ...body,
    id_token: await signAs(bend.alg, keys, bent),
    ...(bend.accessToken === undefined ? {} : { access_token: bend.accessToken }),
  };
}

async function signAs(alg: Bends['alg'], keys: Readonly<Record<'RS256' | 'ES256', JWK>>, claims: JWTPayload): Promise<string> {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  if (alg === 'none') return `${part({ alg: 'none' })}.${part(claims)}.`;
  if (alg === 'HS256') return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(UPSTREAM_SECRET));
  const key = alg === 'foreign key' ? await privateKey('RS256') : alg === 'ES256' ? keys.ES256 : keys.RS256;
  const header = { alg: alg === 'ES256' ? 'ES256' : 'RS256', kid: alg === 'foreign key' ? (keys.RS256.kid ?? '') : (key.kid ?? '') };
  return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, header.alg));
}

async function privateKey(alg: 'RS256' | 'ES256'): Promise<JWK> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(pair.privateKey)), alg, use: 'sig', kid: `upstream-${alg}` };
}
