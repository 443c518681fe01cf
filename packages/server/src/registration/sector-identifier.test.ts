import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openDocumentHost } from '../testing/documents.ts';
import { registerAt, registrationYaml } from '../testing/registrations.ts';
import { openWorld } from '../testing/world.ts';

const host = await openDocumentHost();
const world = await openWorld({
  yaml: registrationYaml('registration: open, brute_force: off, outbound: { allow_hosts: [127.0.0.1] }'),
});
after(async () => {
  await world.close();
  await host.close();
});

const URIS = ['https://one.example/cb', 'https://two.example/cb'];
const pairwise = (path: string): object => ({
  redirect_uris: URIS,
  subject_type: 'pairwise',
  sector_identifier_uri: path.startsWith('/') ? host.origin + path : path,
});

test('a sector whose list holds every redirect URI is registered (OpenID Connect Registration §5)', async () => {
  host.put('/good', { body: [...URIS, 'https://three.example/cb'] });
  const reply = await registerAt(world, pairwise('/good'));
  assert.deepEqual([reply.status, reply.json['sector_identifier_uri']], [201, `${host.origin}/good`]);
});

test('a list that does not, or is none, is refused in the same words (OpenID Connect Registration §5, attacks REG-11, SSR-03, SSR-07)', async () => {
  host.put('/missing', { body: URIS.slice(1) });
  host.put('/object', { body: { 0: URIS[0], 1: URIS[1] } });
  host.put('/mixed', { body: [...URIS, 5] });
  host.put('/text', { body: 'https://one.example/cb https://two.example/cb' });
  host.put('/away', { status: 302, headers: { location: '/good' } });
  host.put('/error', { status: 500, body: URIS });
  host.put('/large', { body: [...URIS, 'x'.repeat(70_000)] });
  for (const path of ['/missing', '/object', '/mixed', '/text', '/away', '/error', '/large', '/nothing']) {
    const reply = await registerAt(world, pairwise(path));
    assert.deepEqual(
      [reply.status, reply.json['error'], reply.json['error_description']],
      [400, 'invalid_client_metadata', 'sector_identifier_uri leads to no JSON list that holds every redirect URI'],
      path,
    );
    assert.equal((await world.why(reply)).failed, 'sector_identifier');
  }
});

test('it is https, and asked for through the guard (OpenID Connect Registration §5, attacks REG-11, SSR-01)', async () => {
  const closed = await openWorld({ yaml: registrationYaml('registration: open, brute_force: off') });
  const before = host.asked.length;
  for (const uri of ['http://one.example/sector', 'ftp://one.example/', `${host.origin}/good`]) {
    const reply = await registerAt(closed, pairwise(uri));
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_client_metadata'], uri);
  }
  assert.equal(host.asked.length, before);
  await closed.close();
});
