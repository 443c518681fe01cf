import type { TokenFacts } from '../history/facts.ts';

/** What is known of a token request in which nothing is special, and what is. */
export function tokenFacts(changes: Partial<TokenFacts>): TokenFacts {
  return {
    kind: 'token',
    client: 'machine',
    auth: 'client_secret_basic',
    grantType: 'client_credentials',
    scope: undefined,
    resources: [],
    redirectUri: undefined,
    grant: undefined,
    at: undefined,
    idle: undefined,
    user: undefined,
    granted: [],
    refused: undefined,
    ...changes,
  };
}
