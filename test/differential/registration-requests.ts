import { exportJWK, generateKeyPair } from 'jose';
import type { JsonReply } from '../support/agent.ts';
import type { Desk } from './desk.ts';
import { type Facts, factsOfHeaders, outcomeOf } from './facts.ts';
import { type DifferentialRequest, request } from './request.ts';

const REGISTER = '/oauth/register';
const URI = 'https://new.example/cb';
const GOOD = { redirect_uris: [URI], client_name: 'New' };
const JWKS = { keys: [{ ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), alg: 'ES256', use: 'sig', kid: 'new' }] };
/** Members whose values have to be the same; of the others, that they are there. */
const COMPARED: ReadonlySet<string> = new Set([
  'application_type',
  'grant_types',
  'response_types',
  'redirect_uris',
  'token_endpoint_auth_method',
  'id_token_signed_response_alg',
  'subject_type',
  'client_secret_expires_at',
  'client_name',
]);

type Members = Readonly<Record<string, unknown>>;

/** Registration (RFC 7591 §3, OpenID Connect Registration §3) and management (RFC 7592 §2). */
export const registrationRequests: readonly DifferentialRequest[] = [
  registered('the least', { redirect_uris: [URI] }),
  registered('with a name', GOOD),
  registered('a public client', { ...GOOD, token_endpoint_auth_method: 'none' }),
  registered('client_secret_post', { ...GOOD, token_endpoint_auth_method: 'client_secret_post' }),
  registered('client_secret_jwt', { ...GOOD, token_endpoint_auth_method: 'client_secret_jwt' }),
  registered('private_key_jwt', { ...GOOD, token_endpoint_auth_method: 'private_key_jwt', jwks: JWKS }),
  registered('private_key_jwt without keys', { ...GOOD, token_endpoint_auth_method: 'private_key_jwt' }),
  registered('an unknown method', { ...GOOD, token_endpoint_auth_method: 'unknown' }),
  registered('implicit', { ...GOOD, grant_types: ['implicit'], response_types: ['id_token'] }),
  registered('implicit on http', { redirect_uris: ['http://new.example/cb'], grant_types: ['implicit'], response_types: ['id_token'] }),
  registered('implicit on localhost', { redirect_uris: ['https://localhost/cb'], grant_types: ['implicit'], response_types: ['id_token'] }),
  registered('hybrid', { ...GOOD, grant_types: ['authorization_code', 'implicit'], response_types: ['code id_token'] }),
  registered('a response type without its grant type', { ...GOOD, grant_types: ['authorization_code'], response_types: ['id_token'] }),
  registered('a grant type without its response type', {
    ...GOOD,
    grant_types: ['authorization_code', 'implicit'],
    response_types: ['code'],
  }),
  registered('an unknown response type', { ...GOOD, response_types: ['unknown'] }),
  registered('an unknown grant type', { ...GOOD, grant_types: ['unknown'] }),
  registered('client_credentials alone', { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }),
  registered('no redirect_uris', { client_name: 'New' }),
  registered('an empty list of redirect_uris', { redirect_uris: [] }),
  registered('redirect_uris as a text', { redirect_uris: URI }),
  ...[
    'https://new.example/cb#f',
    'relative',
    'javascript:alert(1)',
    'data:text/html,x',
    'com.example.app:/cb',
    'http://localhost:3000/cb',
    '',
  ].map((uri) => registered(`redirect_uri ${uri}`, { redirect_uris: [uri] })),
  registered('a native client', { redirect_uris: ['com.example.app:/cb'], application_type: 'native', token_endpoint_auth_method: 'none' }),
  registered('a native client on loopback', {
    redirect_uris: ['http://127.0.0.1/cb'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  }),
  registered('an unknown application_type', { ...GOOD, application_type: 'unknown' }),
  registered('a member that nobody knows', { ...GOOD, unknown_member: 'x' }),
  registered('null as a name', { ...GOOD, client_name: null }),
  registered('a number as a name', { ...GOOD, client_name: 7 }),
  registered('a name in Chinese', { ...GOOD, 'client_name#zh-CN': '新' }),
  registered('a logo that is no address', { ...GOOD, logo_uri: 'x' }),
  registered('a policy that is a script', { ...GOOD, policy_uri: 'javascript:alert(1)' }),
  registered('contacts', { ...GOOD, contacts: ['a@new.example'] }),
  registered('contacts as a text', { ...GOOD, contacts: 'a@new.example' }),
  registered('ID tokens with ES256', { ...GOOD, id_token_signed_response_alg: 'ES256' }),
  registered('ID tokens with none', { ...GOOD, id_token_signed_response_alg: 'none' }),
  registered('ID tokens with an unknown algorithm', { ...GOOD, id_token_signed_response_alg: 'XX256' }),
  registered('an enc without its alg', { ...GOOD, id_token_encrypted_response_enc: 'A256GCM' }),
  registered('encryption without keys', { ...GOOD, id_token_encrypted_response_alg: 'RSA-OAEP-256' }),
  registered('pairwise', { ...GOOD, subject_type: 'pairwise' }),
  registered('pairwise with two hosts', { redirect_uris: [URI, 'https://another.example/cb'], subject_type: 'pairwise' }),
  registered('jwks and jwks_uri', { ...GOOD, jwks: JWKS, jwks_uri: 'https://new.example/jwks' }),
  registered('jwks that are none', { ...GOOD, jwks: { keys: 'x' } }),
  registered('jwks with a private key', {
    ...GOOD,
    jwks: { keys: [await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)] },
  }),
  registered('jwks_uri on http', { ...GOOD, jwks_uri: 'http://new.example/jwks' }),
  registered('initiate_login_uri', { ...GOOD, initiate_login_uri: 'https://new.example/login' }),
  registered('initiate_login_uri on http', { ...GOOD, initiate_login_uri: 'http://new.example/login' }),
  registered('default_max_age as a text', { ...GOOD, default_max_age: 'x' }),
  registered('default_max_age below zero', { ...GOOD, default_max_age: -1 }),
  registered('require_auth_time as a text', { ...GOOD, require_auth_time: 'true' }),
  registered('post_logout_redirect_uris', { ...GOOD, post_logout_redirect_uris: ['https://new.example/bye'] }),
  registered('backchannel_logout_uri', { ...GOOD, backchannel_logout_uri: 'https://new.example/told' }),
  registered('a client_id of its own', { ...GOOD, client_id: 'web' }),
  registered('a client_secret of its own', { ...GOOD, client_secret: 'mine' }),
  sent('an empty body', ''),
  sent('no JSON', '{'),
  sent('a list', '[]'),
  sent('null', 'null'),
  sent('a form', 'redirect_uris=x', 'application/x-www-form-urlencoded'),
  sent('JSON as text', JSON.stringify(GOOD), 'text/plain'),
  request('/oauth/register by GET', async (desk) => ({ outcome: String((await desk.fetch(REGISTER)).status) })),

  managed('read', (desk, { token, path }) => desk.fetch(path, { headers: bearer(token) })),
  managed('read without a token', (desk, { path }) => desk.fetch(path)),
  managed('read with another token', (desk, { path }) => desk.fetch(path, { headers: bearer('x') })),
  managed("read another client's", (desk, { token }) => desk.fetch(`${REGISTER}/web`, { headers: bearer(token) })),
  managed('read what is not there', (desk, { token }) => desk.fetch(`${REGISTER}/nobody`, { headers: bearer(token) })),
  managed('delete', (desk, { token, path }) => desk.fetch(path, { method: 'DELETE', headers: bearer(token) })),
  managed('read after a delete', async (desk, { token, path }) => {
    await desk.fetch(path, { method: 'DELETE', headers: bearer(token) });
    return desk.fetch(path, { headers: bearer(token) });
  }),
  managed('replace', (desk, made) => replace(desk, made, { ...GOOD, client_id: made.id, client_name: 'Newer' })),
  managed('replace without client_id', (desk, made) => replace(desk, made, GOOD)),
  managed('replace with another client_id', (desk, made) => replace(desk, made, { ...GOOD, client_id: 'web' })),
  managed('replace with another client_secret', (desk, made) => replace(desk, made, { ...GOOD, client_id: made.id, client_secret: 'x' })),
  managed('replace with a wrong redirect_uri', (desk, made) => replace(desk, made, { redirect_uris: ['x'], client_id: made.id })),
];

interface Made {
  readonly id: string;
  readonly token: string;
  readonly path: string;
}

function registered(id: string, metadata: Members): DifferentialRequest {
  return sent(id, JSON.stringify(metadata));
}

function sent(id: string, body: string, type = 'application/json'): DifferentialRequest {
  return request(`/oauth/register: ${id}`, async (desk) => factsOfClient(await post(desk, body, type)));
}

function managed(id: string, act: (desk: Desk, made: Made) => Promise<JsonReply>): DifferentialRequest {
  return request(`/oauth/register, a client: ${id}`, async (desk) => {
    const { body } = await post(desk, JSON.stringify(GOOD), 'application/json');
    const path = String(body['registration_client_uri']).replace(desk.side.issuer, '');
    return factsOfClient(await act(desk, { id: String(body['client_id']), token: String(body['registration_access_token']), path }));
  });
}

function post(desk: Desk, body: string, type: string): Promise<JsonReply> {
  return desk.fetch(REGISTER, { method: 'POST', headers: { 'content-type': type }, body });
}

function replace(desk: Desk, { path, token }: Made, metadata: Members): Promise<JsonReply> {
  const headers = { 'content-type': 'application/json', ...bearer(token) };
  return desk.fetch(path, { method: 'PUT', headers, body: JSON.stringify(metadata) });
}

function factsOfClient({ status, headers, body }: JsonReply): Facts {
  const facts: Record<string, string> = { outcome: outcomeOf(String(status), body['error']), ...factsOfHeaders(headers) };
  if (body['error'] !== undefined) return facts;
  for (const [name, value] of Object.entries(body)) facts[`client ${name}`] = COMPARED.has(name) ? JSON.stringify(value) : 'there';
  return facts;
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}
