import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An authorization server for tests: real keys, real sockets on loopback, and a hand on every document it serves. */
export interface TestIssuer {
  readonly issuer: string;
  /** Paths asked for so far, in order. */
  readonly requests: string[];
  /** What is served: change it as a test needs. */
  readonly served: Served;
  close(): Promise<void>;
}

export interface Served {
  metadata: object;
  /** Under RFC 8414's path; false: 404 there, and the document is under OpenID's path alone. */
  hasOauthMetadata: boolean;
  keys: readonly object[];
  cacheControl: string | undefined;
  /** Instead of the documents. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

/** A key pair with its public half as the issuer publishes it. */
export interface TestKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function makeKey(alg: string, kid: string, modulusLength = 2048): TestKey {
  const { privateKey, publicKey } = generate(alg, modulusLength);
  return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

function generate(alg: string, modulusLength: number): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const namedCurve = CURVES[alg];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  if (alg === 'EdDSA' || alg === 'Ed25519') return generateKeyPairSync('ed25519');
  if (alg === 'ML-DSA-44') return generateKeyPairSync('ml-dsa-44');
  if (alg === 'ML-DSA-65') return generateKeyPairSync('ml-dsa-65');
  if (alg === 'ML-DSA-87') return generateKeyPairSync('ml-dsa-87');
  return generateKeyPairSync('rsa', { modulusLength });
}

/** Signs a compact JWS; `header` is added to, and overrides, what belongs there. Claims that are a text are taken as JSON already. */
export function signToken(key: TestKey, claims: unknown, header: object = {}): string {
  const input = `${encode({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header })}.${encode(claims)}`;
  return `${input}.${signature(key, Buffer.from(input)).toString('base64url')}`;
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function signature({ alg, privateKey }: TestKey, input: Buffer): Buffer {
  if (alg === 'EdDSA' || alg === 'Ed25519' || alg.startsWith('ML-DSA')) return sign(null, input, privateKey);
  const bits = Number(alg.slice(2));
  if (alg.startsWith('ES')) return sign(`sha${bits}`, input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const scheme = alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 } : {};
  return sign(`sha${bits}`, input, { key: privateKey, ...scheme });
}

export async function startIssuer(keys: readonly TestKey[]): Promise<TestIssuer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (served.answer === undefined) answer(served, request, response);
    else served.answer(request, response);
  });
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  const served: Served = {
    metadata: { issuer, jwks_uri: `${issuer}/keys` },
    hasOauthMetadata: true,
    keys: keys.map((key) => key.jwk),
    cacheControl: 'public, max-age=600',
    answer: undefined,
  };
  return {
    issuer,
    requests,
    served,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** The documents, as `served` has them. */
export function answer(served: Served, request: IncomingMessage, response: ServerResponse): void {
  const document = find(served, request.url ?? '');
  if (document === undefined) {
    response.writeHead(404).end();
    return;
  }
  const caching = served.cacheControl === undefined ? {} : { 'cache-control': served.cacheControl };
  response.writeHead(200, { 'content-type': 'application/json', ...caching }).end(JSON.stringify(document));
}

function find(served: Served, path: string): object | undefined {
  if (path === '/keys') return { keys: served.keys };
  if (path === '/.well-known/oauth-authorization-server') return served.hasOauthMetadata ? served.metadata : undefined;
  return path === '/.well-known/openid-configuration' ? served.metadata : undefined;
}
