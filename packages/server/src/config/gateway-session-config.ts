import type { Secret } from './secret.ts';

/** Sessions of browsers at the edge, as they are written: the edge is a client of an issuer, and keeps the tokens. */
export interface GatewaySessionConfig {
  readonly clientId: string;
  /** One of the two is there. */
  readonly clientSecret: Secret<string> | undefined;
  /** Path of a file with a private key. */
  readonly privateKey: string | undefined;
  /** Undefined: the issuer of the configuration. */
  readonly issuer: string | undefined;
  /** Undefined: the gateway's only one. */
  readonly origin: string | undefined;
  /** Where sessions are kept. */
  readonly keep: 'server' | 'cookie';
  /** Of sessions in cookies: where what is newer than a cookie is kept. There where `keep` is `cookie`. */
  readonly renewals: 'memory' | 'database' | undefined;
  readonly graceSeconds: number;
  readonly scope: string;
  /** Undefined: the gateway's audience. */
  readonly resource: string | undefined;
  readonly sameSite: 'lax' | 'strict';
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  readonly claims: readonly string[];
  readonly origins: readonly string[];
  readonly crossSiteLogin: boolean;
}
