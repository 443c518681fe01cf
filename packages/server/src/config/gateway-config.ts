import type { Rule } from '@hufu/flow/rule';
import type { GatewayPassportConfig, GatewayRoutePassport } from './gateway-passport-config.ts';
import type { GatewaySessionConfig } from './gateway-session-config.ts';
import type { Json } from './node.ts';
import type { Secret } from './secret.ts';
import type { Tls } from './tls-config.ts';

/** The edge gateway, as it is written. What it means is the gateway's business: here it is plain data. */
export interface GatewayConfig {
  /** Of the edge: all its gateways say the same. */
  readonly name: string;
  /** What the keys of the edge are made of, the newest first. */
  readonly secrets: readonly Secret<string>[];
  readonly session: GatewaySessionConfig | undefined;
  readonly passport: GatewayPassportConfig | undefined;
  /** `host` undefined: every interface. */
  readonly listen: { readonly host: string | undefined; readonly port: number } | undefined;
  /** Scheme, host and port of each of its hosts, as clients find them. */
  readonly origins: readonly string[];
  readonly audience: string | undefined;
  readonly issuers: readonly GatewayIssuerConfig[];
  readonly upstreams: readonly GatewayUpstreamConfig[];
  readonly routes: readonly GatewayRouteConfig[];
  readonly dropHeaders: readonly string[];
  readonly trustedProxies: readonly { readonly address: string; readonly prefixLength: number; readonly family: 'ipv4' | 'ipv6' }[];
  readonly maxStreams: number | undefined;
  readonly limits: readonly GatewayLimitConfig[];
  readonly maxStreamsPerAddress: number | undefined;
  readonly maxStreamsPerRoute: number | undefined;
  /** Where its numbers are to be read; `token`: by whoever shows it, else by programs on this machine. */
  readonly metrics:
    | { readonly listen: { readonly host: string | undefined; readonly port: number }; readonly token: Secret<string> | undefined }
    | undefined;
  /** On its own socket. */
  readonly tls: Tls | undefined;
}

export interface GatewayIssuerConfig {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  /** How tokens say whether they are a user's. */
  readonly users: 'subject' | 'authentication' | undefined;
  readonly introspection: GatewayCredentials | undefined;
  readonly revocations: GatewayCredentials | undefined;
}

/** A client of the gateway's own. */
export interface GatewayCredentials {
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
}

/** A limit on requests at the edge. */
export interface GatewayLimitConfig {
  /** Its routes are names of the gateway's. */
  readonly rule: Rule;
  /** All where it is undefined. */
  readonly methods: readonly string[] | undefined;
  /** Units more for a request whose sender could not be identified. */
  readonly failedCost: number;
  /** As it was written. */
  readonly written: Json;
}

export interface GatewayUpstreamConfig {
  readonly name: string;
  readonly targets: readonly { readonly url: string; readonly weight: number; readonly tier: number }[];
  readonly connections: number | undefined;
  readonly headTimeoutSeconds: number | undefined;
  readonly connectTimeoutSeconds: number | undefined;
  /** Open at one target at a time. */
  readonly streams: number | undefined;
  readonly retries: GatewayRetries | undefined;
  /** Path of a PEM file. */
  readonly ca: string | undefined;
  readonly checks: { readonly path: string; readonly intervalSeconds: number | undefined } | undefined;
  /** As many requests at once as it serves without a queue, which it finds out itself. */
  readonly adaptive: { readonly minLimit: number; readonly maxLimit: number; readonly initialLimit: number } | undefined;
}

export interface GatewayRouteConfig {
  readonly name: string;
  readonly hosts: readonly string[] | undefined;
  readonly path: string;
  readonly methods: readonly string[] | undefined;
  readonly upstream: string;
  readonly token: 'user' | 'client' | 'any' | 'none';
  readonly scopes: readonly string[] | Readonly<Record<string, readonly string[]>> | undefined;
  readonly acrValues: readonly string[] | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly audience: string | undefined;
  readonly session: boolean | undefined;
  readonly bearer: boolean | undefined;
  readonly websocket: boolean | undefined;
  readonly bodyLimit: number | undefined;
  readonly cacheable: boolean | undefined;
  readonly forwardToken: boolean | undefined;
  readonly corsOrigins: readonly string[] | undefined;
  readonly stripPrefix: string | undefined;
  readonly revocations: GatewayRevocations | undefined;
  readonly passport: GatewayRoutePassport | undefined;
  readonly timeouts: GatewayTimeouts | undefined;
}

/** Seconds of the parts of an exchange; 0: without end. */
export interface GatewayTimeouts {
  readonly bodyIdleSeconds: number | undefined;
  readonly answerIdleSeconds: number | undefined;
  readonly stallSeconds: number | undefined;
  readonly wholeSeconds: number | undefined;
}

/** When a request is sent once more. */
export interface GatewayRetries {
  readonly attempts: number | undefined;
  readonly statuses: readonly number[] | undefined;
  readonly percent: number | undefined;
  readonly spare: number | undefined;
}

/** What happens where nobody can say what was revoked. */
export interface GatewayRevocations {
  readonly maxAgeSeconds: number;
  /** Undefined: nothing passes then. */
  readonly openForSeconds: number | undefined;
}
