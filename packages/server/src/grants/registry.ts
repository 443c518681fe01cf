import type { Form } from '@hufu/protocol/form';
import type { AuthenticatedClient } from '../client-auth/authenticate-client.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import { refreshToken } from './refresh-token.ts';

/** A token request whose client has been authenticated. */
export interface TokenRequest {
  readonly client: AuthenticatedClient;
  readonly form: Form;
  readonly trail: Trail;
  /** Seconds since 1970. */
  readonly now: number;
}

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
}

export type GrantHandler = (ctx: Context, request: TokenRequest) => Promise<TokenResponse>;

/** A grant type is one file and one line here; metadata derives from this table. */
export const grantTypes: ReadonlyMap<string, GrantHandler> = new Map<string, GrantHandler>([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
]);
