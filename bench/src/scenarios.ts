import { API_SCOPE, APP, type BenchClient, JWT_RESOURCE, OPAQUE_RESOURCE, WEB } from './contract.ts';

export type PeerName = 'oidc-provider-memory' | 'oidc-provider-postgres';
export type JwsAlg = 'ES256' | 'RS256';

/** What a user gives a client before the timing starts. */
export interface GrantWish {
  readonly client: BenchClient;
  readonly scope: string;
  /** Undefined: for the server's own userinfo endpoint. */
  readonly resource: string | undefined;
  /** How the ID token is signed; undefined where none is issued. */
  readonly idToken: JwsAlg | undefined;
}

/** What is measured. The kinds up to `document` are requests a second, the last two a figure of the process. */
export type Work =
  | { readonly kind: 'client_credentials' | 'dpop_token' | 'private_key_jwt_token'; readonly resource: string }
  | { readonly kind: 'refresh' | 'code' | 'introspection' | 'userinfo'; readonly grant: GrantWish }
  /** An authorization request sent ahead: for what a code of that grant would be. */
  | { readonly kind: 'par'; readonly asked: GrantWish }
  | { readonly kind: 'device_poll' }
  /** A token of that grant for one that `resource` takes. */
  | { readonly kind: 'token_exchange'; readonly grant: GrantWish; readonly resource: string }
  | { readonly kind: 'document'; readonly document: 'jwks' | 'discovery'; readonly members: readonly string[] }
  | { readonly kind: 'cold_start' }
  | { readonly kind: 'idle_rss' };

export interface Scenario {
  readonly name: string;
  /** Where Hufu and the floor keep their grants. */
  readonly database: 'sqlite' | 'postgres';
  readonly peers: readonly PeerName[];
  readonly work: Work;
}

const BOTH: readonly PeerName[] = ['oidc-provider-memory', 'oidc-provider-postgres'];
const MEMORY: readonly PeerName[] = ['oidc-provider-memory'];
const POSTGRES: readonly PeerName[] = ['oidc-provider-postgres'];
/** Where the peer has no such thing. */
const NONE: readonly PeerName[] = [];

/** No `openid`, no ID token. Refresh tokens come with every grant of these clients. */
const PLAIN = API_SCOPE;
const OPENID = `openid ${API_SCOPE}`;

const REFRESH: Work = { kind: 'refresh', grant: { client: APP, scope: PLAIN, resource: JWT_RESOURCE, idToken: undefined } };
const CODE_GRANT: GrantWish = { client: APP, scope: OPENID, resource: JWT_RESOURCE, idToken: 'ES256' };
const OPAQUE_GRANT: GrantWish = { client: APP, scope: PLAIN, resource: OPAQUE_RESOURCE, idToken: undefined };

/** All scenarios in the order of their run. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'client_credentials_es256', database: 'sqlite', peers: BOTH, work: { kind: 'client_credentials', resource: JWT_RESOURCE } },
  { name: 'client_credentials_opaque', database: 'sqlite', peers: BOTH, work: { kind: 'client_credentials', resource: OPAQUE_RESOURCE } },
  { name: 'refresh', database: 'sqlite', peers: BOTH, work: REFRESH },
  { name: 'refresh_postgres', database: 'postgres', peers: POSTGRES, work: REFRESH },
  { name: 'refresh_opaque', database: 'sqlite', peers: BOTH, work: { kind: 'refresh', grant: OPAQUE_GRANT } },
  {
    name: 'refresh_oidc',
    database: 'sqlite',
    peers: BOTH,
    work: { kind: 'refresh', grant: { client: WEB, scope: OPENID, resource: JWT_RESOURCE, idToken: 'RS256' } },
  },
  { name: 'introspect_opaque', database: 'sqlite', peers: BOTH, work: { kind: 'introspection', grant: OPAQUE_GRANT } },
  {
    name: 'code_exchange',
    database: 'sqlite',
    peers: BOTH,
    work: { kind: 'code', grant: CODE_GRANT },
  },
  {
    name: 'userinfo',
    database: 'sqlite',
    peers: BOTH,
    work: { kind: 'userinfo', grant: { client: APP, scope: 'openid profile email', resource: undefined, idToken: 'ES256' } },
  },
  { name: 'par', database: 'sqlite', peers: BOTH, work: { kind: 'par', asked: CODE_GRANT } },
  { name: 'dpop_token', database: 'sqlite', peers: BOTH, work: { kind: 'dpop_token', resource: JWT_RESOURCE } },
  { name: 'private_key_jwt_token', database: 'sqlite', peers: BOTH, work: { kind: 'private_key_jwt_token', resource: JWT_RESOURCE } },
  { name: 'device_poll', database: 'sqlite', peers: BOTH, work: { kind: 'device_poll' } },
  {
    name: 'token_exchange',
    database: 'sqlite',
    peers: NONE,
    work: { kind: 'token_exchange', grant: OPAQUE_GRANT, resource: JWT_RESOURCE },
  },
  { name: 'jwks', database: 'sqlite', peers: MEMORY, work: { kind: 'document', document: 'jwks', members: ['keys'] } },
  {
    name: 'discovery',
    database: 'sqlite',
    peers: MEMORY,
    work: { kind: 'document', document: 'discovery', members: ['issuer', 'token_endpoint', 'jwks_uri'] },
  },
  { name: 'cold_start', database: 'sqlite', peers: BOTH, work: { kind: 'cold_start' } },
  { name: 'idle_rss', database: 'sqlite', peers: MEMORY, work: { kind: 'idle_rss' } },
];
