import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, type Page } from '../support/agent.ts';
import { USER as OWNER, startHufu, type TestHufu } from '../support/hufu.ts';

const REDIRECT_URI = 'https://newcomer.example/cb';
const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;
const YAML = `
policies: { registration: open, brute_force: off }
users: [{ username: ${OWNER.username}, password: ${OWNER.password}, claims: { name: Alice Example } }]
`;

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu({ yaml: YAML });
});
after(() => hufu.stop());

/** Through sign-in and consent, back to the client. */
async function walk(start: URL): Promise<URL> {
  const agent = new Agent(hufu.issuer);
  let page: Page = await agent.get(start.href);
  for (let step = 0; step < 6; step += 1) {
    if (page.location.startsWith('/')) page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, OWNER);
    else if (page.name === 'consent') page = await agent.submit(page, { decision: 'allow' });
    else break;
  }
  return new URL(page.location);
}

describe('openid-client', () => {
  for (const [method, proof] of [
    ['client_secret_basic', client.ClientSecretBasic()],
    ['client_secret_post', client.ClientSecretPost()],
    ['none', client.None()],
  ] as const) {
    test(`registers itself with ${method}, signs somebody in, and reads what it registered (OpenID Connect Registration §3, §4)`, async () => {
      const metadata = { client_name: 'Newcomer', redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: method };
      const config = await client.dynamicClientRegistration(new URL(hufu.issuer), metadata, proof, {
        execute: [client.allowInsecureRequests],
      });
      const registered = config.clientMetadata();
      assert.deepEqual([registered.client_name, registered.redirect_uris], ['Newcomer', [REDIRECT_URI]]);
      assert.equal(registered.client_secret === undefined, method === 'none');

      const verifier = client.randomPKCECodeVerifier();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT_URI,
        scope: 'openid profile',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const tokens = await client.authorizationCodeGrant(config, await walk(url), { pkceCodeVerifier: verifier });
      assert.equal(tokens.claims()?.aud, registered.client_id);
      const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '');
      assert.equal(info.name, 'Alice Example');

      const own = String(registered['registration_client_uri']);
      const headers = { authorization: `Bearer ${String(registered['registration_access_token'])}` };
      const read = Object(await (await fetch(own, { headers })).json());
      assert.deepEqual([read.client_id, read.client_secret], [registered.client_id, undefined]);
      assert.equal((await fetch(own, { method: 'DELETE', headers })).status, 204);
      await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? ''));
    });
  }

  test('is told what is wrong with its metadata (RFC 7591 §3.2.2)', async () => {
    const bad = client.dynamicClientRegistration(new URL(hufu.issuer), { redirect_uris: ['javascript:alert(1)'] }, undefined, {
      execute: [client.allowInsecureRequests],
    });
    await assert.rejects(bad, { error: 'invalid_redirect_uri', status: 400 });
  });
});

describe('oauth4webapi', () => {
  test('reads the answer to its registration (RFC 7591 §3.2.1)', async () => {
    const issuer = new URL(hufu.issuer);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, LOOPBACK));
    assert.equal(as.registration_endpoint, `${hufu.issuer}/oauth/register`);
    assert.equal(as.client_id_metadata_document_supported, true);
    const request = oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [REDIRECT_URI], 'client_name#zh-CN': '新来的' }, LOOPBACK);
    const registered = await oauth.processDynamicClientRegistrationResponse(await request);
    assert.match(String(registered.client_secret), /^[\w-]{43}$/);
    assert.equal(registered.client_secret_expires_at, 0);
    assert.equal(registered['client_name#zh-CN'], '新来的');
  });

  test('is told what is wrong with its metadata (RFC 7591 §3.2.2)', async () => {
    const issuer = new URL(hufu.issuer);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, LOOPBACK));
    const reply = await oauth.dynamicClientRegistrationRequest(as, { redirect_uris: [REDIRECT_URI], grant_types: ['password'] }, LOOPBACK);
    await assert.rejects(oauth.processDynamicClientRegistrationResponse(reply), { error: 'invalid_client_metadata' });
  });
});
