import type { Jwk } from '../jwk.ts';

/**
 * What a request looks like. `{credential}` in a header or in the body is replaced; in the body in form encoding. `{fields}` in the body is
 * replaced by a credential that is several fields of a form already.
 */
export interface RequestTemplate {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Whole lines without their end. Host and Content-Length are added. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** One access or ID token as it must come out. */
export interface JwtExpectation {
  readonly alg: 'ES256' | 'RS256';
  readonly issuer: string;
  readonly audience: string;
}

/**
 * A JWT that the load generator signs anew for each request: what a server takes once cannot be got ready in any number. Signing is a fraction
 * of what the server does about it, so the load generator has room for it; `load_busy` says how much is left.
 */
export type FreshJwt =
  /** RFC 9449 §4.2: the key is in the header. */
  | { readonly kind: 'dpop_proof'; readonly method: 'POST'; readonly url: string }
  /** RFC 7523 §3: the server knows the key. */
  | { readonly kind: 'client_assertion'; readonly clientId: string; readonly audience: string };

/**
 * What a right answer is. Status and shape are looked at on every answer, signatures, claims and distinctness on one of 64.
 * `subjects` are the allowed values of `sub`, in the order of the plan's credentials where there is one per credential.
 */
export type Expectation =
  | {
      readonly kind: 'token';
      readonly access: JwtExpectation | 'opaque';
      readonly clientId: string;
      readonly scope: string;
      readonly subjects: readonly string[];
      readonly rotates: boolean;
      /** Undefined: there must be no ID token. */
      readonly idToken: JwtExpectation | undefined;
      /** Thumbprints of the keys that the tokens are bound to (RFC 9449 §6.1), in the order of the credentials; undefined: to none. */
      readonly boundTo: readonly string[] | undefined;
      /** RFC 8693 §2.2.1; undefined where nothing was exchanged. */
      readonly issuedTokenType: string | undefined;
      readonly keys: readonly Jwk[];
    }
  /** RFC 9126 §2.2. */
  | { readonly kind: 'pushed' }
  /** A refusal under this `error`. */
  | { readonly kind: 'refusal'; readonly error: string }
  | { readonly kind: 'introspection'; readonly clientId: string; readonly scope: string; readonly subjects: readonly string[] }
  | { readonly kind: 'userinfo'; readonly email: boolean; readonly subjects: readonly string[] }
  /** The same bytes each time, a JSON object that has these members. */
  | { readonly kind: 'document'; readonly members: readonly string[] };

/** One run of the load generator. Everything is plain data: it crosses a process boundary. */
export interface Plan {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly request: RequestTemplate;
  /** At least one; `['']` where the request carries none. Each belongs to one connection. */
  readonly credentials: readonly string[];
  /**
   * `cycle`: each is sent over and over. `rotate`: the answer brings the one to send next (refresh tokens).
   * `once`: each is sent once, and the run ends with the last (codes); the times below don't count then.
   * `sign`: each is a private key (a JWK as JSON), and what is sent is a JWT as `signs` says, a new one for each request.
   */
  readonly use: 'cycle' | 'rotate' | 'once' | 'sign';
  /** Undefined but for `sign`. */
  readonly signs: FreshJwt | undefined;
  readonly expect: Expectation;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Whose processor time is read over the timed window. */
  readonly serverPid: number;
}

export interface LoadResult {
  /** Right answers in the timed window. */
  readonly answers: number;
  readonly seconds: number;
  /** `Histogram.toCounts` of their latencies. */
  readonly latencies: readonly number[];
  /** Processor seconds used in the window: 1 per second means that its core was full. */
  readonly loadCpuSeconds: number;
  readonly serverCpuSeconds: number;
  /** Seconds in which the server could have run and something else had its core: above a few hundredths of the window, the figure is disturbed. */
  readonly serverWaitSeconds: number;
  /** Up to 64 of the access tokens or request_uris that were looked at closely. */
  readonly issued: readonly string[];
}

export type LoadMessage = { readonly kind: 'done'; readonly result: LoadResult } | { readonly kind: 'failed'; readonly reason: string };
