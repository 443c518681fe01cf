import type { DetailType } from '@hufu/protocol/authorization-details';
import type { PublicJwks } from '@hufu/protocol/client-jwks';
import type { ClientId } from '@hufu/protocol/ids';
import type { Problem } from './problem.ts';
import type { Secret } from './secret.ts';

/** `hufu.yaml` with everything resolved: defaults filled in, durations in seconds, variables replaced. */
export interface Config {
  /** The file it was read from, for messages. */
  readonly file: string;
  readonly mode: Mode;
  /** Byte for byte as configured; never ends in a slash. */
  readonly issuer: string;
  readonly listen: Listen;
  readonly tls: Tls | undefined;
  readonly trustedProxies: readonly Network[];
  /** Relative to the working directory, as every path here. */
  readonly dataDir: string;
  readonly database: Database;
  readonly signing: Signing;
  readonly clients: readonly ClientConfig[];
  readonly users: readonly UserConfig[];
  /** In the order of the file, which decides which resource a request means that names none. */
  readonly resources: readonly ResourceConfig[];
  /** `off` in mode test alone. */
  readonly limits: 'on' | 'off';
  readonly policies: Policies;
  /** What is odd but no reason to stop. To be logged at the start. */
  readonly warnings: readonly Problem[];
}

/** `production` refuses what only tests may do; `test` adds what they need (a clock that can be set). */
export type Mode = 'production' | 'development' | 'test';

export interface Listen {
  /** Undefined: every interface. IPv6 without its brackets. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

export interface Tls {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
  /** `optional` asks for a certificate and leaves judging it to client authentication (RFC 8705). */
  readonly clientCertificates: 'off' | 'optional';
  /** Whom `tls_client_auth` trusts (RFC 8705 §2.1). */
  readonly clientCa: string | undefined;
}

/** Client certificates that a proxy has asked for, and tells of in a header. */
export interface ForwardedCertificates {
  /** RFC 9440. */
  readonly header: 'client-cert';
  /** Path of a PEM file: who issues the certificates of `tls_client_auth` (RFC 8705 §2.1). */
  readonly clientCa: string | undefined;
}

/** A range of addresses; a single one has the longest prefix. */
export interface Network {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'ipv4' | 'ipv6';
}

export type Database =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** The URL may hold a password. */
  | { readonly kind: 'postgres'; readonly url: Secret<string> };

export interface Signing {
  /** JOSE `alg`s of `keys/algorithms.ts`: at least one, each once. */
  readonly algorithms: readonly string[];
  readonly rotateEverySeconds: number;
}

export interface ClientConfig {
  readonly clientId: ClientId;
  readonly clientSecret: Secret<string> | undefined;
  /** RFC 7591 metadata under wire names, ours under `hufu`; checked, without `client_id` and `client_secret`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface UserConfig {
  readonly username: string;
  /** Subject identifier, where the configuration names one (`claims.sub`). */
  readonly sub: string | undefined;
  readonly password: { readonly kind: 'plain'; readonly value: Secret<string> } | { readonly kind: 'hash'; readonly phc: Secret<string> };
  /** OpenID Connect Core §5.1 without `sub`, under wire names. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface ResourceConfig {
  /** RFC 8707 §2: an absolute URI without a fragment; the `aud` of its tokens. */
  readonly identifier: string;
  readonly scopes: readonly string[];
  readonly tokenFormat: 'jwt' | 'opaque';
  readonly signingAlg: string;
  readonly tokenTtlSeconds: number;
}

export interface Policies {
  /** Whether people make accounts of their own. */
  readonly signUp: 'off' | 'open';
  /** Of passwords that people choose: the fewest characters. */
  readonly passwords: { readonly minLength: number };
  /** Who may register a client (RFC 7591): nobody, whoever has an initial access token, or anybody. */
  readonly registration: 'off' | 'token' | 'open';
  /** Whether a client id may be the address of a document that describes the client. */
  readonly clientIdDocuments: 'on' | 'off';
  /** Whose software statements count (RFC 7591 §2.3); empty: nobody's, and they are ignored. */
  readonly softwareStatements: readonly StatementIssuer[];
  /** Types of `authorization_details` (RFC 9396 §2.1). */
  readonly authorizationDetails: readonly DetailType[];
  /** Whose word for somebody counts in a grant (RFC 7523 §2.1, RFC 7522 §2.1, RFC 8693). */
  readonly trustedIssuers: readonly TrustedIssuer[];
  /** Who vouches for instances of which clients (`attest_jwt_client_auth`). */
  readonly trustedAttesters: readonly TrustedAttester[];
  readonly registeredClients: {
    readonly max: number;
    readonly unusedSeconds: number;
    /** Of those who register themselves or are described by a document. */
    readonly profile: StrangersProfile | undefined;
  };
  readonly bruteForce: 'on' | 'off';
  /** Exempt from the guard against requests to private addresses. */
  readonly outboundAllowHosts: readonly AllowedHost[];
  /** How trusted proxies tell of client certificates; undefined where they don't. */
  readonly forwardedCertificates: ForwardedCertificates | undefined;
  readonly sessions: { readonly absoluteSeconds: number };
  readonly codes: { readonly ttlSeconds: number };
  readonly refreshTokens: { readonly absoluteSeconds: number; readonly idleSeconds: number; readonly overlapSeconds: number };
}

/** Who attests the keys of a client's instances, and with which keys: one of the two. */
export interface TrustedAttester {
  /** `iss` of its attestations, where they have one. */
  readonly issuer: string;
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  /** Ids of the clients that it speaks for. */
  readonly clients: readonly string[];
}

/** Profiles that a client meets without an administrator who configures it. */
export type StrangersProfile = 'oauth21' | 'mcp';

/** Who signs software statements, and with which keys. */
export interface StatementIssuer {
  readonly issuer: string;
  readonly keys: { readonly kind: 'jwks'; readonly jwks: PublicJwks } | { readonly kind: 'jwks_uri'; readonly uri: string };
}

/** What the word of a trusted issuer is taken for. `id-jag`: its identity assertion authorization grants. */
export type AssertionUse = 'jwt-bearer' | 'saml2-bearer' | 'token-exchange' | 'id-jag';

/** Who speaks for people in assertions, with which keys, and how far. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly accepts: readonly AssertionUse[];
  /** Of its JWTs: one of the two, unless it signs none. */
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  /** Of its SAML assertions, in PEM. */
  readonly certificates: readonly string[];
  /** `username`: of a user of ours. `foreign`: nobody of ours. */
  readonly subject: 'username' | 'foreign';
  readonly subjectClaim: string;
  /** Ids of the clients that may show its assertions. */
  readonly clients: readonly string[];
  /** The most that a token for one says. */
  readonly scopes: readonly string[];
}

export type AllowedHost =
  /** Lower case. */
  { readonly kind: 'host'; readonly host: string } | { readonly kind: 'network'; readonly network: Network };
