import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';

/** How a request tells who sends it (RFC 6749 §2.3, RFC 7521 §4.1, §4.2): one of these at most. */
export type Mechanism =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_assertion'
  | 'client_attestation'
  | 'assertion_grant'
  | 'none';

/** What a request carries of the client's identity, and where it was sent. */
export interface Attempt {
  readonly mechanism: Mechanism;
  readonly clientId: string;
  /** A secret, an assertion or an attestation; '' for none. */
  readonly proof: string;
  readonly request: HttpRequest;
  readonly trail: Trail;
  /** Seconds since 1970. */
  readonly now: number;
}

/** A client authentication method of the registry of RFC 7591 §4.2.1. */
export interface AuthMethod {
  /** As `token_endpoint_auth_method` has it. */
  readonly name: string;
  /** What its clients send in the request; a certificate is none of that. */
  readonly mechanism: Mechanism;
  /**
   * Why the proof does not hold, for the decision record; undefined where it does. Marks its checks in the trail. At once where nothing has
   * to be waited for: secrets are the hot path.
   */
  prove(ctx: Context, client: Client, attempt: Attempt): string | undefined | Promise<string | undefined>;
}
