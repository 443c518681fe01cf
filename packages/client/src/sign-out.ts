import type { Client } from './client.ts';

export interface SignOutRequest {
  /** Of whoever is to be signed out; it need not be alive. */
  readonly idToken?: string | undefined;
  /** Where the browser goes afterwards: one that the client registered. */
  readonly postLogoutRedirectUri?: string;
  readonly state?: string;
}

/** The address to send the browser to, so that the session at the server ends too (RP-Initiated Logout §2). Throws `ClientError`. */
export async function signOutUrl(client: Client, request: SignOutRequest): Promise<string> {
  const url = new URL((await client.metadata()).endpoint('end_session_endpoint'));
  url.searchParams.set('client_id', client.clientId);
  if (request.idToken !== undefined) url.searchParams.set('id_token_hint', request.idToken);
  if (request.postLogoutRedirectUri !== undefined) url.searchParams.set('post_logout_redirect_uri', request.postLogoutRedirectUri);
  if (request.state !== undefined) url.searchParams.set('state', request.state);
  return url.href;
}
