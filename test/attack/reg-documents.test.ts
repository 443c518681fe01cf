import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { type DocumentHost, openDocumentHost, type Served } from '@hufu/server/testing/documents';
import { Agent, authorizeAs, type CodeRequest, exchange, type Page } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { GOOD, register, withPolicies } from './registering.ts';
import { refresh, signedIn } from './sign-ins.ts';

const REDIRECT = 'https://document.example/cb';
const DOCUMENT = { client_name: 'By document', redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token'] };

describe('REG: documents', () => {
  const here = arena({ yaml: `limits: off${withPolicies('registration: open, outbound: { allow_hosts: [127.0.0.1] }')}` });
  let host: DocumentHost;
  let number = 0;
  before(async () => {
    host = await openDocumentHost();
  });
  after(() => host.close());

  /** A document of its own for each case, at the address that is returned. */
  function publish(metadata: object = DOCUMENT, served: Served = {}, id = `${host.origin}/client-${++number}`): string {
    host.put(new URL(id).pathname, { body: { client_id: id, ...metadata }, ...served });
    return id;
  }

  const visit = (agent: Agent, id: string, redirectUri = REDIRECT): Promise<Page> =>
    agent.get(authorizePath({ client_id: id, redirect_uri: redirectUri }));
  const isKnown = async (id: string): Promise<boolean> => (await visit(new Agent(here.issuer), id)).location.startsWith('/signin?');

  test('REG-11 · a sector identifier document is a list that holds every redirect URI, and nothing else will do (OpenID Connect Registration §5)', async () => {
    const redirect_uris = ['https://one.example/cb', 'https://two.example/cb'];
    host.put('/sector', { body: redirect_uris });
    host.put('/missing', { body: redirect_uris.slice(1) });
    host.put('/map', { body: { redirect_uris } });
    host.put('/mixed', { body: [...redirect_uris, null] });
    host.put('/moved', { status: 302, headers: { location: `${host.origin}/sector` } });
    const ask = (uri: string): ReturnType<typeof register> =>
      register(here.issuer, { redirect_uris, subject_type: 'pairwise', sector_identifier_uri: uri });
    for (const path of ['/missing', '/map', '/mixed', '/moved', '/nothing']) {
      const { status, body } = await ask(host.origin + path);
      assert.deepEqual([status, body['error']], [400, 'invalid_client_metadata'], path);
      assert.equal(body['error_description'], 'sector_identifier_uri leads to no JSON list that holds every redirect URI', path);
    }
    assert.equal((await ask('http://sector.example/list')).status, 400);
    assert.equal((await ask(`${host.origin}/sector`)).status, 201);
  });

  test('REG-12 · a client id that is an address has one spelling, a path and nothing to mislead (OAuth Client ID Metadata Document §3)', async () => {
    const id = publish();
    assert.equal(await isKnown(id), true);
    const asked = host.asked.length;
    for (const other of [
      host.origin,
      `${host.origin}/`,
      `${id}#`,
      `${id}#x`,
      `${id}?`,
      id.replace('//', '//u@'),
      id.replace('/client', '/./client'),
      id.replace('/client', '/x/../client'),
      id.replace('/client', '/%2e%2e/client'),
      id.replace('/client', '/%2E/client'),
      id.replace('http:', 'HTTP:'),
      id.replace('http:', 'https:\\\\'),
      id.replace('127.0.0.1', '127.1'),
      id.replace('127.0.0.1', '0x7f.0.0.1'),
      'http://document.example/client',
      'ftp://document.example/client',
      'https://document.example',
      'https://127.0.0.1:22',
    ]) {
      const page = await visit(new Agent(here.issuer), other);
      assert.deepEqual([page.status, page.name], [400, 'error'], other);
    }
    assert.equal(host.asked.length, asked, 'and nobody was asked');
  });

  test('REG-13 · a document says whose it is, byte for byte, and has no secret (OAuth Client ID Metadata Document §4.1)', async () => {
    for (const part of [
      { client_id: `${host.origin}/client` },
      { client_id: `${host.origin.toUpperCase()}/client-${number + 1}` },
      { client_secret: 'x' },
      { client_secret_expires_at: 0 },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { id_token_signed_response_alg: 'HS256' },
    ])
      assert.equal(await isKnown(publish({ ...DOCUMENT, ...part })), false, JSON.stringify(part));
  });

  test('REG-14 · only 200, small and JSON; nothing else is followed, waited for, or kept (OAuth Client ID Metadata Document §4, §4.4, §6.6)', async () => {
    const target = publish();
    const id = publish();
    const path = new URL(id).pathname;
    const bad: readonly Served[] = [
      ...[301, 302, 303, 307, 308].map((status) => ({ status, headers: { location: target } })),
      ...[201, 204, 400, 404, 500].map((status) => ({ status })),
      { headers: { 'content-type': 'text/html' } },
      { headers: { 'content-encoding': 'gzip' } },
      { headers: { refresh: `0; url=${target}` }, body: '' },
      { body: 'x'.repeat(1_000_000) },
      { body: JSON.stringify({ client_id: id, ...DOCUMENT }).padEnd(5_121) },
    ];
    const before = host.asked.filter((asked) => asked === path).length;
    for (const served of bad) {
      publish(DOCUMENT, served, id);
      if (served.headers?.['content-encoding'] === 'gzip') host.put(path, { ...served, body: 'not gzip at all' });
      assert.equal(await isKnown(id), false, JSON.stringify(served).slice(0, 80));
    }
    assert.equal(host.asked.filter((asked) => asked === path).length - before, bad.length);
    assert.equal(host.asked.includes(new URL(target).pathname), false);
    publish(DOCUMENT, { silent: true }, id);
    assert.equal(await isKnown(id), false);
    publish(DOCUMENT, {}, id);
    assert.equal(await isKnown(id), true);
  });

  test('REG-16 · consent is asked each time, and what another could use dies when the document changes (OAuth Client ID Metadata Document §6.3)', async () => {
    const changes: readonly (readonly [name: string, document: object, survives: boolean])[] = [
      ['name and logo', { ...DOCUMENT, client_name: 'Another name', logo_uri: 'https://document.example/logo.png' }, true],
      ['another host', { ...DOCUMENT, redirect_uris: [REDIRECT, 'https://evil.example/cb'] }, false],
      ['a key', { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://evil.example/jwks' }, false],
    ];
    for (const [name, changed, survives] of changes) {
      const id = publish();
      const request: CodeRequest = { clientId: id, redirectUri: REDIRECT, scope: 'openid' };
      const agent = await signedIn(here.issuer);
      assert.match((await visit(agent, id)).location, /^\/consent\?/);
      const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER));
      assert.equal(tokens.status, 200, name);
      assert.match((await visit(agent, id)).location, /^\/consent\?/, 'agreed a moment ago');
      publish(changed, {}, id);
      await here.hufu.advance('PT5M');
      await visit(agent, id);
      publish(DOCUMENT, {}, id);
      await here.hufu.advance('PT5M');
      const renewed = await refresh(here.issuer, String(tokens.body['refresh_token']), request);
      assert.equal(renewed.status, survives ? 200 : 400, name);
      if (!survives) assert.equal(renewed.body['error'], 'invalid_grant', name);
    }
  });

  test('REG-18 · a client of the store goes before a document of the same id (OAuth Client ID Metadata Document §6.9)', async () => {
    const id = publish();
    const { store, context } = here.hufu;
    const metadata = { redirect_uris: ['https://stored.example/cb'], token_endpoint_auth_method: 'none' };
    await store.putClient(context.tenant, { clientId: clientId(id), metadata, secrets: [], enabled: true, source: 'config' }, 1);
    assert.equal((await visit(new Agent(here.issuer), id)).name, 'error');
    assert.match((await visit(new Agent(here.issuer), id, 'https://stored.example/cb')).location, /^\/signin\?/);
    assert.equal(host.asked.includes(new URL(id).pathname), false);
  });

  test('REG-10 · who only asks leaves nothing behind (RFC 7591 §5)', async () => {
    const before = here.database.prepare('SELECT count(*) AS n FROM clients').get();
    for (let i = 0; i < 20; i++) assert.equal(await isKnown(publish()), true);
    assert.deepEqual(here.database.prepare('SELECT count(*) AS n FROM clients').get(), before);
    assert.equal((await register(here.issuer, GOOD)).status, 201);
  });
});
