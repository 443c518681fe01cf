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
  /** Seconds since 1970. */
  readonly now: number;
}

/** A grant type: its RFC, top to bottom. Throws `OAuthError` to refuse. */
export type GrantHandler = (ctx: Context, request: TokenRequest) => Promise<TokenResponse>;
