/**
 * The checks a request passes, in the words an administrator reads, and the setting to look at when one fails. A check is one entry;
 * `hufu why`, the console and the pages all read this table.
 */
export const checks = {
  request_size: { title: 'The request is small enough and well formed', setting: undefined },
  route: { title: 'The path and the method exist', setting: undefined },
  parameters: { title: 'The parameters are well formed and none is repeated', setting: undefined },
  same_site: { title: 'The form was sent from our own page', setting: undefined },
  client_known: { title: 'The client is registered', setting: 'clients' },
  client_enabled: { title: 'The client is enabled', setting: 'clients' },
  client_authentication: { title: 'The client proved who it is', setting: 'clients[].token_endpoint_auth_method, clients[].client_secret' },
  client_throttle: { title: 'The client has not failed to prove itself too often', setting: 'policies.brute_force' },
  grant_type: { title: 'The grant type is supported', setting: undefined },
  client_grant_type: { title: 'The client may use the grant type', setting: 'clients[].grant_types' },
  redirect_uri: { title: 'The redirect URI is registered, character for character', setting: 'clients[].redirect_uris' },
  response_type: { title: 'The response type is supported and registered', setting: 'clients[].response_types' },
  response_mode: { title: 'The response mode is supported', setting: undefined },
  request_object: { title: 'No request object is sent', setting: undefined },
  pkce: { title: 'The code challenge is there and uses S256', setting: undefined },
  scope: { title: 'The scopes exist, and the client may ask for them', setting: 'clients[].scope, resources[].scopes' },
  resource: { title: 'The resource exists and was granted', setting: 'resources' },
  prompt: { title: 'The prompt values go together', setting: undefined },
  authentication: { title: 'Somebody is signed in, as freshly as was asked', setting: 'policies.sessions' },
  consent: { title: 'The user agreed', setting: 'clients[].hufu.first_party' },
  credential_form: { title: 'The credential is one of ours and whole', setting: undefined },
  grant_known: { title: 'Its grant exists', setting: undefined },
  grant_owner: { title: 'It was issued to this client', setting: undefined },
  grant_live: { title: 'Its grant has not been revoked', setting: undefined },
  grant_fresh: { title: 'Its time is not over', setting: 'policies.codes, policies.refresh_tokens' },
  secret: { title: 'Its secret half matches the row', setting: undefined },
  generation: { title: 'It has not been used before', setting: 'policies.refresh_tokens.overlap' },
  same_redirect_uri: { title: 'The redirect URI is the one of the authorization request', setting: undefined },
  code_verifier: { title: 'The code verifier matches the code challenge', setting: undefined },
  token_live: { title: 'The access token is live', setting: undefined },
  caller: { title: 'The caller may ask about this', setting: 'clients[].hufu.resource_server_of' },
  credentials: { title: 'The user name and the password are right', setting: 'users' },
  sign_in_throttle: { title: 'Signing in has not failed too often', setting: 'policies.brute_force' },
  interaction: { title: 'The page is still valid', setting: undefined },
  logout_hint: { title: 'The ID token hint is ours', setting: undefined },
  logout_redirect_uri: { title: 'The post-logout redirect URI is registered', setting: 'clients[].post_logout_redirect_uris' },
} as const;

export type Check = keyof typeof checks;
