import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { bcAuthorize } from '../endpoints/bc-authorize.ts';
import { deviceAuthorization } from '../endpoints/device-authorization.ts';
import type { HttpReply } from '../http.ts';
import { csrfToken } from '../interaction/csrf.ts';
import { devicePost } from '../interaction/device.ts';
import { confirmGet, confirmPost } from '../interaction/device-confirm.ts';
import { BROWSER, BROWSER_ID, getOf, hiddenOf, postOf } from './pages.ts';
import { post, postToken, type Visitor } from './visits.ts';
import { API, CHEAP_HASH, VAULT, type World } from './world.ts';

export const BANK_SECRET = 'bank-secret-0123456789abcdef012345678';

/** Clients that ask somebody elsewhere: a public one, confidential ones, one that may not. */
export const PENDING_YAML: string = `
signing: { algorithms: [ES256] }
policies: { outbound: { allow_hosts: [127.0.0.1] } }
clients:
  - client_id: tv
    client_name: Big Screen
    token_endpoint_auth_method: none
    grant_types: ['${DEVICE_CODE}', refresh_token]
    scope: openid profile offline_access read
  - client_id: box
    client_secret: ${BANK_SECRET}
    token_endpoint_auth_method: client_secret_post
    grant_types: ['${DEVICE_CODE}']
    scope: read unlock
  - client_id: bank
    client_name: First Bank
    client_secret: ${BANK_SECRET}
    grant_types: ['${CIBA}', refresh_token]
    backchannel_token_delivery_mode: poll
    scope: openid profile offline_access read
  - client_id: shop
    client_secret: ${BANK_SECRET}
    grant_types: ['${CIBA}']
    backchannel_token_delivery_mode: poll
    scope: openid read
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: [https://app.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
resources:
  - { identifier: '${API}', scopes: [read, write], token_format: jwt, token_ttl: 10m }
  - { identifier: '${VAULT}', scopes: [unlock, read], token_format: opaque, token_ttl: 5m }
users:
  - { username: alice, password_hash: '${CHEAP_HASH}', claims: { sub: alice-sub, name: Alice Example } }
  - { username: bob, password_hash: '${CHEAP_HASH}', claims: { sub: bob-sub } }
`;

type Posted = Awaited<ReturnType<typeof post>>;

/** A device authorization request (RFC 8628 §3.1) of the client `tv`, unless another is named. */
export function askDevice(
  world: World,
  part: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Posted> {
  return post(world, deviceAuthorization, { client_id: 'tv', scope: 'openid read', ...part }, { 'user-agent': 'Screen/1.0', ...headers });
}

/** A poll (RFC 8628 §3.4) for what `askDevice` answered. */
export function poll(world: World, asked: Posted, part: Readonly<Record<string, string>> = {}): Promise<Posted> {
  return postToken(world, { grant_type: DEVICE_CODE, client_id: 'tv', device_code: String(asked.json['device_code']), ...part });
}

export function cookiesOf(visitor: Visitor): string {
  return `${BROWSER}; ${visitor.cookie}`;
}

/** Types a code on the device page; where it is right, the answer redirects to the confirmation. */
export async function typeCode(world: World, visitor: Visitor, userCode: string, address = '192.0.2.1'): Promise<HttpReply> {
  const csrf = csrfToken(world.ctx, BROWSER_ID, `/device ${visitor.session.id}`);
  return devicePost(world.ctx, {
    ...postOf(world, '/device', { csrf, user_code: userCode }, { cookie: cookiesOf(visitor) }),
    address,
  });
}

/** The confirmation page of a code. */
export async function confirmation(world: World, visitor: Visitor, userCode: string): Promise<HttpReply> {
  return confirmGet(world.ctx, getOf(world, await typeCode(world, visitor, userCode), cookiesOf(visitor)));
}

/** Types the code, looks at the confirmation and presses a button of it. */
export async function decideDevice(world: World, visitor: Visitor, userCode: unknown, decision: 'allow' | 'deny'): Promise<HttpReply> {
  const page = await confirmation(world, visitor, String(userCode));
  return confirmPost(world.ctx, postOf(world, '/device/confirm', { ...hiddenOf(page), decision }, { cookie: cookiesOf(visitor) }));
}

/** A backchannel authentication request (OpenID Connect CIBA §7.1) of the client `bank` about alice. */
export function askUser(world: World, part: Readonly<Record<string, string>> = {}, client = 'bank'): Promise<Posted> {
  const fields = { scope: 'openid read', login_hint: 'alice', ...part };
  return post(world, bcAuthorize, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')), {
    basic: `${client}:${BANK_SECRET}`,
  });
}

/** A poll for what `askUser` answered (OpenID Connect CIBA §10.1). */
export function pollUser(world: World, asked: Posted, client = 'bank'): Promise<Posted> {
  return postToken(world, { grant_type: CIBA, auth_req_id: String(asked.json['auth_req_id']) }, { basic: `${client}:${BANK_SECRET}` });
}
