import type { Confirmation } from '@hufu/protocol/confirmation';
import type { Form } from '@hufu/protocol/form';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { TokenResponse } from '../tokens/token-response.ts';

/** A token request whose client has been authenticated. */
export interface TokenRequest {
  readonly client: AuthenticatedClient;
  readonly form: Form;
  readonly trail: Trail;
  /** Where it came from, for limits. */
  readonly address: string;
  /** The key that the sender has proved to have (RFC 9449 §5, RFC 8705 §3): what is issued is bound to it. Undefined: a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** The key of the client's instance, where an attester vouched for it: what is refreshed is bound to it. Undefined for all others. */
  readonly instance: Confirmation | undefined;
  /** Seconds since 1970. */
  readonly now: number;
}

/** A grant type: its RFC, top to bottom. Throws `OAuthError` to refuse. */
export type GrantHandler = (ctx: Context, request: TokenRequest) => Promise<TokenResponse>;
