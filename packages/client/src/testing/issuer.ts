import type { Fetch } from '../ask.ts';
import { type Client, type ClientOptions, createClient } from '../client.ts';
import { signJwt } from '../sign-jwt.ts';
import { schemeOf } from '../signature.ts';

/** A key of the issuer's, with its public half. */
export interface IssuerKey {
  readonly alg: string;
  readonly jwk: JsonWebKey & { readonly kid: string };
  readonly privateKey: CryptoKey;
}

export interface Asked {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

/** An authorization server that says what a test wants it to say. */
export interface TestIssuer {
  readonly issuer: string;
  readonly metadata: Record<string, unknown>;
  /** Those that it publishes. */
  readonly keys: IssuerKey[];
  /** All requests but those for documents. */
  readonly asked: Asked[];
  /** How often each document was fetched, by path. */
  readonly fetched: Map<string, number>;
  /** By path. */
  readonly answers: Map<string, (asked: Asked) => Response | Promise<Response>>;
  readonly fetch: Fetch;
  nowMs: number;
  client(options?: Partial<ClientOptions>): Client;
  /** An ID token for the client `app`; members that are undefined are left out. */
  idToken(claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey): Promise<string>;
}

export async function newIssuerKey(kid: string, alg = 'ES256'): Promise<IssuerKey> {
  const scheme = { ...schemeOf(alg), modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair: CryptoKeyPair | CryptoKey = await crypto.subtle.generateKey(Object.assign({ name: '' }, scheme), true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('no pair');
  return { alg, jwk: { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), alg, kid, use: 'sig' }, privateKey: pair.privateKey };
}

export async function openIssuer(issuer = 'https://id.example'): Promise<TestIssuer> {
  const keys = [await newIssuerKey('k1')];
  const asked: Asked[] = [];
  const fetched = new Map<string, number>();
  const answers: TestIssuer['answers'] = new Map();
  const metadata: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    revocation_endpoint: `${issuer}/revoke`,
    end_session_endpoint: `${issuer}/logout`,
    device_authorization_endpoint: `${issuer}/device`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    authorization_response_iss_parameter_supported: true,
    id_token_signing_alg_values_supported: ['ES256', 'RS256', 'EdDSA'],
  };
  const world: TestIssuer = {
    issuer,
    metadata,
    keys,
    asked,
    fetched,
    answers,
    nowMs: 1_800_000_000_000,
    async fetch(url, init) {
      init.signal?.throwIfAborted();
      const path = url.slice(new URL(url).origin.length);
      const answer = answers.get(path);
      const request = { url, form: new URLSearchParams(String(init.body ?? '')), headers: new Headers(init.headers) };
      if (path.includes('/.well-known/') || path === '/jwks') {
        fetched.set(path, (fetched.get(path) ?? 0) + 1);
        if (answer !== undefined) return answer(request);
        if (path === '/jwks') return json(200, { keys: keys.map(({ jwk }) => jwk) });
        return path.endsWith('/openid-configuration') ? json(200, metadata) : json(404, {});
      }
      asked.push(request);
      return (await answer?.(request)) ?? json(404, {});
    },
    client: (options = {}) => createClient({ issuer, clientId: 'app', fetch: world.fetch, nowMs: () => world.nowMs, ...options }),
    idToken(claims = {}, header = {}, key = keys[0]) {
      if (key === undefined) throw new Error('no key');
      const now = Math.floor(world.nowMs / 1_000);
      const payload = { iss: issuer, aud: 'app', sub: 'mei', iat: now, exp: now + 300, ...claims };
      return signJwt(
        { alg: key.alg, kid: key.jwk.kid, ...header },
        payload,
        key.privateKey,
        schemeOf(String(header['alg'] ?? key.alg)) ?? { name: 'none', hash: '' },
      );
    },
  };
  return world;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}
