import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { findClient, findStoredClient } from '../clients.ts';
import { deviceAuthorization } from '../endpoints/device-authorization.ts';
import { openDocumentHost } from '../testing/documents.ts';
import { GOOD_METADATA, manageAt, registerAt, registrationYaml } from '../testing/registrations.ts';
import { answerOf, ask, post, signedIn } from '../testing/visits.ts';
import { API, openWorld, SECRETS, type World } from '../testing/world.ts';

const host = await openDocumentHost();
const open = (profile: string): string =>
  registrationYaml(
    `registration: open, brute_force: off, outbound: { allow_hosts: [127.0.0.1] }${profile === 'none' ? '' : `, registered_clients: { profile: ${profile} }`}`,
  );
const CONFIGURED = `
clients:
  - { client_id: web, client_secret: ${SECRETS.web}, redirect_uris: [https://new.example/cb], hufu: { pkce: optional } }
`;
const yamlOf = (profile: string): string => open(profile).replace('\nresources:', `${CONFIGURED}resources:`);
const worlds = new Map<string, World>();
for (const profile of ['none', 'oauth21', 'mcp']) worlds.set(profile, await openWorld({ yaml: yamlOf(profile) }));
after(async () => {
  for (const world of worlds.values()) await world.close();
  await host.close();
});
const worldOf = (profile: string): World => worlds.get(profile) ?? assert.fail();

const PKCE = 'code_challenge is missing: PKCE is required';
const RESOURCE = 'the client has to name the resource that its token is for';
const METADATA = { ...GOOD_METADATA, scope: 'openid read' };
const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };

/** What its authorization request is refused with, or ''. */
async function outcome(world: World, id: string, part: Readonly<Record<string, string | undefined>>): Promise<string> {
  const reply = await ask(world, await signedIn(world), { client_id: id, redirect_uri: 'https://new.example/cb', nonce: 'n', ...part });
  const said = answerOf(reply).get('error_description');
  if (said !== null || reply.headers['hufu-decision'] === undefined) return said ?? '';
  // Whom nobody has let in yet, nobody is sent to.
  return (await world.why(reply)).detail?.replace(/^\w+: /, '') ?? assert.fail();
}

async function register(world: World, metadata: object = METADATA): Promise<string> {
  const { status, json } = await registerAt(world, metadata);
  assert.equal(status, 201, JSON.stringify(json));
  return String(json['client_id']);
}

describe('policies.registered_clients.profile × how the client came', () => {
  const table: readonly (readonly [string, string, string])[] = [
    // profile, without PKCE, without a resource
    ['none', '', ''],
    ['oauth21', PKCE, ''],
    ['mcp', PKCE, RESOURCE],
  ];
  for (const [profile, pkce, resource] of table) {
    test(`${profile}: one that registered itself, with a secret (OAuth 2.1 §10, RFC 8707 §2)`, async () => {
      const world = worldOf(profile);
      const id = await register(world);
      assert.equal(await outcome(world, id, { resource: API }), '');
      assert.equal(await outcome(world, id, { resource: API, ...NO_PKCE }), pkce);
      assert.equal(await outcome(world, id, {}), resource);
      assert.equal((await findClient(world.ctx, id))?.metadata.rules.resource, profile === 'mcp' ? 'required' : 'optional');
    });

    test(`${profile}: one that a document describes (OAuth Client ID Metadata Document §4)`, async () => {
      const world = worldOf(profile);
      const id = `${host.origin}/${profile}`;
      host.put(`/${profile}`, { body: { client_id: id, ...METADATA } });
      assert.equal(await outcome(world, id, { resource: API }), '');
      assert.equal(await outcome(world, id, {}), resource);
      assert.equal(await outcome(world, id, { resource: API, ...NO_PKCE }), PKCE, 'it is public');
    });

    test(`${profile}: one that is configured is its administrator's`, async () => {
      assert.equal(await outcome(worldOf(profile), 'web', { ...NO_PKCE }), '');
    });
  }
});

test('what the profile does not allow is not registered, and nobody changes into it (RFC 7591 §3.2.2, RFC 7592 §2.2, OAuth 2.1 §10)', async () => {
  const implicit = { ...GOOD_METADATA, grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'code token'] };
  for (const profile of ['oauth21', 'mcp']) {
    const world = worldOf(profile);
    const refused = await registerAt(world, implicit);
    assert.deepEqual([refused.status, refused.json['error']], [400, 'invalid_client_metadata']);
    assert.match(String(refused.json['error_description']), /^response_types has code token, which OAuth 2\.1 does not allow/);
    const { json } = await registerAt(world);
    const { client_id: id, registration_access_token: token } = json;
    assert.equal((await manageAt(world, 'PUT', { id, token }, { ...implicit, client_id: id })).status, 400);
    host.put('/implicit', { body: { client_id: `${host.origin}/implicit`, ...implicit } });
    assert.equal(await findClient(world.ctx, `${host.origin}/implicit`), undefined);
  }
  assert.equal((await registerAt(worldOf('none'), implicit)).status, 201);
});

test('the configuration of today counts, not that of the day it registered, and no row says it (RFC 7591 §2)', async () => {
  const world = worldOf('none');
  const id = await register(world);
  const stricter = await openWorld({ yaml: open('mcp'), store: world.store, empty: true });
  assert.equal(await outcome(stricter, id, {}), RESOURCE);
  assert.equal(await outcome(world, id, {}), '');
  const milder = await openWorld({ yaml: open('oauth21'), store: world.store, empty: true });
  assert.equal(await outcome(milder, id, {}), '');
  assert.equal(await outcome(milder, id, NO_PKCE), PKCE);
  await milder.close();
  const client = (await findClient(stricter.ctx, id)) ?? assert.fail();
  assert.equal(await findClient(stricter.ctx, id), client, 'the same object for the same row');
  assert.equal(await findStoredClient(stricter.ctx, id), client);
  assert.equal(client.record.metadata['hufu'], undefined);
  await stricter.close();
});

test('who asks from a device names its resource as well (RFC 8707 §2, RFC 8628 §3.1)', async () => {
  const metadata = {
    client_name: 'Screen',
    token_endpoint_auth_method: 'none',
    grant_types: [DEVICE_CODE],
    response_types: [],
    scope: 'read',
  };
  for (const profile of ['oauth21', 'mcp']) {
    const world = worldOf(profile);
    const id = await register(world, metadata);
    const bare = await post(world, deviceAuthorization, { client_id: id, scope: 'read' });
    assert.equal(bare.json['error'], profile === 'mcp' ? 'invalid_target' : undefined);
    assert.equal((await post(world, deviceAuthorization, { client_id: id, scope: 'read', resource: API })).status, 200);
  }
});

test('what a client did not say when it came, those of MCP may ask for, as all could have said it (RFC 7591 §2)', async () => {
  const refusal = 'the client may not ask for this scope';
  for (const [profile, said] of [
    ['none', refusal],
    ['oauth21', refusal],
    ['mcp', ''],
  ] as const) {
    const world = worldOf(profile);
    const part = { scope: 'openid read', resource: API };
    assert.equal(await outcome(world, await register(world, GOOD_METADATA), part), said, profile);
    assert.equal(await outcome(world, await register(world, { ...GOOD_METADATA, scope: 'openid write' }), part), refusal, profile);
  }
});
