import assert from 'node:assert/strict';
import type { Client } from './client.ts';
import { type HttpReply, mediaType, objectOf } from './https-client.ts';
import { asText, type Json } from './json.ts';
import { type ClientKey, clientKey } from './keys.ts';
import type { ModuleRun } from './module-run.ts';
import { STATIC_CLIENTS } from './provider-config.ts';
import { brings, type ClientAuth } from './variant.ts';

export interface RegistrationOptions {
  /** Added to the request, or in place of what stands there; undefined takes a member out. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** The second client has a key and a name of its own. */
  readonly second?: 'second';
  readonly auth?: ClientAuth;
  /** Query or fragment of the redirect URI. */
  readonly suffix?: string;
}

/** The client of the variant: registered now (OpenID Connect Registration §3.1), or the one in hufu.yaml. */
export async function obtainClient(run: ModuleRun, options: RegistrationOptions = {}): Promise<Client> {
  return run.variant.registration === 'static' ? staticClient(run, options) : registerClient(run, options);
}

export async function registerClient(run: ModuleRun, options: RegistrationOptions = {}): Promise<Client> {
  const members = registrationRequest(run, options);
  const reply = await postRegistration(run, members);
  assert.equal(mediaType(reply), 'application/json', 'registration: content-type');
  const answer = objectOf(reply, 'registration');
  assert.equal(reply.status, 201, `registration: ${JSON.stringify(answer)}`);
  assert.equal(answer['error'], undefined, 'registration: error');
  checkCredentials(answer);
  const client: Client = {
    clientId: asText(answer['client_id'], 'client_id'),
    secret: typeof answer['client_secret'] === 'string' ? answer['client_secret'] : undefined,
    auth: options.auth ?? run.variant.clientAuth,
    redirectUri: redirectUriOf(run, options),
    postLogoutRedirectUri: `${run.base}/post_logout_redirect`,
    key: keyOf(options),
    registration: answer,
    idTokenAlg: String(members['id_token_signed_response_alg'] ?? 'RS256'),
  };
  run.registered.push(client);
  if (client.auth !== 'private_key_jwt') assert.ok(client.secret !== undefined, 'registration: no client_secret');
  return client;
}

/** What the conformance suite sends. Only the code needs the token endpoint; only the front channel needs `implicit`. */
export function registrationRequest(run: ModuleRun, options: RegistrationOptions = {}): Json {
  const { responseType, clientAuth } = run.variant;
  const front = brings(responseType, 'id_token') || brings(responseType, 'token');
  const request = {
    client_name: `Conformance ${options.second ?? 'first'} ${run.random(8)}`,
    grant_types: [...(brings(responseType, 'code') ? ['authorization_code'] : []), ...(front ? ['implicit'] : [])],
    jwks: { keys: [keyOf(options).jwk] },
    token_endpoint_auth_method: options.auth ?? clientAuth,
    response_types: [responseType],
    redirect_uris: [redirectUriOf(run, options)],
    contacts: ['certification@example.com'],
    ...options.members,
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

export function postRegistration(run: ModuleRun, members: Json): Promise<HttpReply> {
  return run.http.send(run.endpoint('registration_endpoint'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(members),
  });
}

/** A registration that has to be refused (OpenID Connect Registration §3.3). @returns its error */
export async function refusedRegistration(run: ModuleRun, members: Json): Promise<string> {
  const reply = await postRegistration(run, members);
  const answer = objectOf(reply, 'registration');
  assert.equal(mediaType(reply), 'application/json', 'registration: content-type');
  assert.equal(reply.status, 400, `registration: ${JSON.stringify(answer)}`);
  return asText(answer['error'], 'registration: error');
}

/** Deletes what has been registered (RFC 7592 §2.3), as the conformance suite does after each module. */
export async function deleteRegistered(run: ModuleRun): Promise<void> {
  for (const { registration } of run.registered) {
    const { registration_client_uri: uri, registration_access_token: token } = registration;
    if (uri === undefined || token === undefined) continue;
    const reply = await run.http.send(String(uri), {
      method: 'DELETE',
      headers: { authorization: `Bearer ${String(token)}`, accept: 'application/json' },
    });
    run.should(reply.status === 204, `DELETE at registration_client_uri answers ${reply.status}, not 204`);
  }
}

/** OpenID Connect Registration §3.2: both or neither; a secret with its end. */
function checkCredentials(answer: Json): void {
  const uri = answer['registration_client_uri'];
  assert.equal(
    uri === undefined,
    answer['registration_access_token'] === undefined,
    'registration: one management credential without the other',
  );
  if (uri !== undefined) assert.equal(new URL(asText(uri, 'registration_client_uri')).protocol, 'https:', 'registration_client_uri');
  if (answer['client_secret'] === undefined) return;
  const expires = answer['client_secret_expires_at'];
  assert.ok(typeof expires === 'number' && Number.isInteger(expires), 'registration: client_secret without client_secret_expires_at');
}

function staticClient(run: ModuleRun, options: RegistrationOptions): Client {
  const auth = options.auth ?? run.variant.clientAuth;
  const name = auth === 'client_secret_post' ? 'client_secret_post' : options.second === undefined ? 'client' : 'client2';
  const { clientId, secret } = STATIC_CLIENTS[name];
  const postLogoutRedirectUri = `${run.base}/post_logout_redirect`;
  const redirectUri = redirectUriOf(run, options);
  return { clientId, secret, auth, redirectUri, postLogoutRedirectUri, key: keyOf(options), registration: {}, idTokenAlg: 'RS256' };
}

function redirectUriOf(run: ModuleRun, { suffix = '' }: RegistrationOptions): string {
  return `${run.base}/callback${suffix}`;
}

/** A set of one key: the suite gives it no `kid`. */
function keyOf({ second }: RegistrationOptions): ClientKey {
  return clientKey(second === undefined ? 0 : 1, 'none');
}
