import { ROLES, scopeOf } from '@hufu/protocol/admin/roles';
import { clientId } from '@hufu/protocol/ids';
import type { ClientConfig } from './config/config.ts';
import { CONSOLE_CLIENT_ID } from './config/console-client-id.ts';
import { Secret } from './config/secret.ts';
import type { Context } from './context.ts';
import { usualAlgorithm } from './keys/usual-algorithm.ts';

/** Where the console is. */
export const CONSOLE_PATH = '/console';

/** Everything that a person may be allowed to do: what they may is a matter of their role (decision 0033). */
export const CONSOLE_SCOPE: string = ['openid', ...ROLES.map(scopeOf)].join(' ');

/** Clients that a start brings along beside those of the configuration. */
export function builtInClients(ctx: Pick<Context, 'config' | 'issuer' | 'keys'>): readonly ClientConfig[] {
  return ctx.config.console ? [consoleClient(ctx)] : [];
}

/**
 * The client of the console: a confidential one, since the server itself keeps its sessions. Its secret is made of the ring's, which every node has, so that nothing has
 * to be configured, and nothing is written down.
 */
export function consoleClient({
  config,
  issuer,
  keys,
}: Pick<Context, 'config' | 'issuer' | 'keys'>): ClientConfig & { readonly clientSecret: Secret<string> } {
  const { origin } = new URL(issuer);
  return {
    clientId: clientId(CONSOLE_CLIENT_ID),
    clientSecret: new Secret(keys.keyedHash('console', 'client secret')),
    metadata: {
      client_name: 'Hufu console',
      'client_name#zh-CN': '虎符控制台',
      client_uri: `${origin}${CONSOLE_PATH}`,
      redirect_uris: [`${origin}${CONSOLE_PATH}/callback`],
      post_logout_redirect_uris: [`${origin}${CONSOLE_PATH}/signed-out`],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
      scope: CONSOLE_SCOPE,
      // As for any client that says nothing: RS256 need not be among those that are used here.
      id_token_signed_response_alg: usualAlgorithm(config.signing.algorithms, 'RS256'),
      hufu: { first_party: true },
    },
  };
}
