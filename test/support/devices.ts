import assert from 'node:assert/strict';
import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { type Agent, type JsonReply, type Page, postForm } from './agent.ts';

export const BANK = { clientId: 'bank', secret: 'bank-secret-0123456789abcdef012345678' } as const;

/** Clients that ask somebody elsewhere, for the `clients` of a server's YAML: a screen, a second one, a bank. */
export const DEVICE_CLIENTS = `
  - client_id: tv
    client_name: Big Screen
    token_endpoint_auth_method: none
    grant_types: ['${DEVICE_CODE}', refresh_token]
    scope: openid profile offline_access read
  - client_id: radio
    client_secret: radio-secret-0123456789abcdef01234567
    grant_types: ['${DEVICE_CODE}']
    scope: openid read
  - client_id: ${BANK.clientId}
    client_name: First Bank
    client_secret: ${BANK.secret}
    grant_types: ['${CIBA}', refresh_token]
    backchannel_token_delivery_mode: poll
    scope: openid profile offline_access read
`;

/** A device authorization request (RFC 8628 §3.1) of the client `tv`. */
export function askDevice(origin: string, part: Readonly<Record<string, string>> = {}, basic?: string): Promise<JsonReply> {
  const own = basic === undefined ? { client_id: 'tv' } : {};
  return postForm(`${origin}/oauth/device_authorization`, { ...own, scope: 'openid read', ...part }, basic);
}

/** A poll (RFC 8628 §3.4). */
export function pollDevice(
  origin: string,
  asked: JsonReply,
  part: Readonly<Record<string, string>> = {},
  basic?: string,
): Promise<JsonReply> {
  const own = basic === undefined ? { client_id: 'tv' } : {};
  return postForm(
    `${origin}/oauth/token`,
    { grant_type: DEVICE_CODE, ...own, device_code: String(asked.body['device_code']), ...part },
    basic,
  );
}

/** Types a code; where it is right, that is a redirect to the confirmation. */
export async function typeCode(agent: Agent, userCode: unknown): Promise<Page> {
  const page = await agent.get('/device');
  assert.equal(page.name, 'device', page.location);
  return agent.submit(page, { user_code: String(userCode) });
}

/** Types the code of a device and presses a button of the confirmation. The agent is signed in. */
export async function decideDevice(agent: Agent, asked: JsonReply, decision: 'allow' | 'deny'): Promise<Page> {
  const typed = await typeCode(agent, asked.body['user_code']);
  const page = await agent.get(typed.location);
  assert.equal(page.name, 'device-confirm', page.text.slice(0, 300));
  return agent.submit(page, { decision });
}
