/** The device grant (RFC 8628) and CIBA with two foreign clients. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from '@hufu/client/client';
import { signInByDevice } from '@hufu/client/device-login';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent } from '../support/agent.ts';
import { BANK, DEVICE_CLIENTS } from '../support/devices.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu({ yaml: BASIC_YAML.replace('resources:', `${DEVICE_CLIENTS.slice(1)}resources:`) });
});
after(() => hufu.stop());

/** What a person does with the address on the device's screen. */
async function approve(complete: string): Promise<void> {
  const agent = new Agent(hufu.issuer);
  let page = await agent.get(complete);
  for (let steps = 0; steps < 8; steps++) {
    if (page.location !== '') page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, USER);
    else if (page.name === 'device') page = await agent.submit(page, { user_code: new URL(complete).searchParams.get('user_code') ?? '' });
    else if (page.name === 'device-confirm') page = await agent.submit(page, { decision: 'allow' });
    else break;
  }
  assert.match(page.text, /Device connected/);
}

async function decide(authReqId: string, action: 'allow' | 'deny'): Promise<void> {
  const query = new URLSearchParams({ auth_req_id: authReqId, action });
  assert.equal((await fetch(`${hufu.issuer}/test/ciba?${query}`, { method: 'POST' })).status, 200);
}

const insecure = { execute: [client.allowInsecureRequests] };

test('openid-client: a device asks, waits and gets tokens (RFC 8628 §3.1, §3.4)', async () => {
  const config = await client.discovery(new URL(hufu.issuer), 'tv', undefined, client.None(), insecure);
  const asked = await client.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access read' });
  const polling = client.pollDeviceAuthorizationGrant(config, { ...asked, interval: 1 });
  await approve(asked.verification_uri_complete ?? assert.fail('no address with the code'));
  const tokens = await polling;
  assert.match(tokens.claims()?.sub ?? '', /^\S+$/);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? assert.fail('no refresh token'));
  assert.equal(renewed.scope, 'openid profile offline_access read');
});

test('@hufu/client: a device asks, waits and gets tokens that are bound to its key (RFC 8628 §3.1, §3.4, RFC 9449 §5)', async () => {
  const sdk = createClient({ issuer: hufu.issuer, clientId: 'tv' });
  const { claims, dpopKey, ...tokens } = await signInByDevice(sdk, {
    scope: 'openid profile offline_access read',
    show: ({ verificationUriComplete }) => approve(verificationUriComplete),
    // It has been approved by then.
    wait: async () => undefined,
  });
  assert.match(claims?.sub ?? '', /^\S+$/);
  assert.deepEqual([tokens.tokenType, dpopKey?.privateKey.extractable, typeof tokens.refreshToken], ['DPoP', false, 'string']);
});

test('openid-client: CIBA, yes and no (OpenID Connect CIBA §7, §10.1)', async () => {
  const config = await client.discovery(new URL(hufu.issuer), BANK.clientId, undefined, client.ClientSecretBasic(BANK.secret), insecure);
  assert.deepEqual(config.serverMetadata()['backchannel_token_delivery_modes_supported'], ['poll', 'ping', 'push']);
  const about = { scope: 'openid profile', login_hint: USER.username, binding_message: 'W4SCT' };
  const yes = await client.initiateBackchannelAuthentication(config, about);
  await decide(yes.auth_req_id, 'allow');
  const tokens = await client.pollBackchannelAuthenticationGrant(config, { ...yes, interval: 1 });
  assert.equal(tokens.claims()?.aud, BANK.clientId);
  const no = await client.initiateBackchannelAuthentication(config, about);
  await decide(no.auth_req_id, 'deny');
  await assert.rejects(client.pollBackchannelAuthenticationGrant(config, { ...no, interval: 1 }), { error: 'access_denied' });
});

test('oauth4webapi: a device and a bank, each answer read strictly (RFC 8628 §3.2, §3.5, OpenID Connect CIBA §7.3)', async () => {
  const http = { [oauth.allowInsecureRequests]: true } as const;
  const issuer = new URL(hufu.issuer);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
  const tv: oauth.Client = { client_id: 'tv' };
  const asked = await oauth.processDeviceAuthorizationResponse(
    as,
    tv,
    await oauth.deviceAuthorizationRequest(as, tv, oauth.None(), { scope: 'openid read' }, http),
  );
  const poll = (): Promise<Response> => oauth.deviceCodeGrantRequest(as, tv, oauth.None(), asked.device_code, http);
  await assert.rejects(oauth.processDeviceCodeResponse(as, tv, await poll()), { error: 'authorization_pending' });
  await assert.rejects(oauth.processDeviceCodeResponse(as, tv, await poll()), { error: 'slow_down' });
  await approve(asked.verification_uri_complete ?? assert.fail());
  const tokens = await oauth.processDeviceCodeResponse(as, tv, await poll());
  assert.equal(tokens.token_type, 'bearer');

  const bank: oauth.Client = { client_id: BANK.clientId };
  const secret = oauth.ClientSecretBasic(BANK.secret);
  const about = { scope: 'openid', login_hint: USER.username };
  const begun = await oauth.processBackchannelAuthenticationResponse(
    as,
    bank,
    await oauth.backchannelAuthenticationRequest(as, bank, secret, about, http),
  );
  await decide(begun.auth_req_id, 'allow');
  const granted = await oauth.processBackchannelAuthenticationGrantResponse(
    as,
    bank,
    await oauth.backchannelAuthenticationGrantRequest(as, bank, secret, begun.auth_req_id, http),
  );
  assert.equal(oauth.getValidatedIdTokenClaims(granted)?.aud, BANK.clientId);
});
