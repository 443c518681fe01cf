import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { findClient } from './clients.ts';
import { isKnownOrigin, originsOf } from './origins.ts';
import { openWorld, START, START_MS } from './testing/world.ts';

const world = await openWorld({
  yaml: `
clients:
- client_id: many
  token_endpoint_auth_method: none
  redirect_uris: ['https://one.example/cb', 'https://one.example/other', 'https://two.example:8443/cb', 'http://localhost:5173/cb']
- { client_id: native, application_type: native, token_endpoint_auth_method: none, redirect_uris: ['com.example.app:/cb', 'http://127.0.0.1/cb'] }
- { client_id: web, client_secret: a-secret-of-a-web-app-0123456789, redirect_uris: ['https://web.example/cb'] }
- { client_id: machine, client_secret: a-secret-of-a-machine-0123456789, grant_types: [client_credentials] }
`,
});
after(() => world.close());

test('a client is read once for each version of its row, and says whether it can prove who it is (RFC 6749 §2.1)', async () => {
  const one = (await findClient(world.ctx, 'many')) ?? assert.fail();
  assert.equal(await findClient(world.ctx, 'many'), one);
  assert.equal(one.confidential, false);
  assert.equal((await findClient(world.ctx, 'machine'))?.confidential, true);
  const { clientId: id, metadata, secrets, source, enabled } = one.record;
  await world.store.putClient(
    world.tenant,
    { clientId: id, metadata: { ...metadata, client_name: 'Many' }, secrets, source, enabled },
    START,
  );
  const other = (await findClient(world.ctx, 'many')) ?? assert.fail();
  assert.notEqual(other, one);
  assert.equal(other.metadata.clientName?.untagged, 'Many');
});

test('what cannot be a client id is nobody, without asking (RFC 6749 §2.2)', async () => {
  const deaf = { ...world.ctx, store: new Proxy(world.store, { get: () => assert.fail('asked') }) };
  for (const id of ['', ' ', 'a b', 'ä', '\0', 'x'.repeat(256)]) assert.equal(await findClient(deaf, id), undefined);
  assert.equal(await findClient(world.ctx, 'nobody'), undefined);
});

test('a row that does not read is a mistake of ours, not an unknown client', async () => {
  await world.store.putClient(
    world.tenant,
    { clientId: clientId('broken'), metadata: { redirect_uris: 7 }, secrets: [], source: 'config', enabled: false },
    START,
  );
  await assert.rejects(findClient(world.ctx, 'broken'), /the stored client broken does not read/);
});

test('the origins of a public web client are those of its redirect URIs, each once (Fetch §3.2)', async () => {
  const many = (await findClient(world.ctx, 'many')) ?? assert.fail();
  assert.deepEqual(originsOf(many), ['https://one.example', 'https://two.example:8443', 'http://localhost:5173']);
  assert.equal(originsOf(many), originsOf(many), 'made once');
  for (const id of ['native', 'web', 'machine']) {
    assert.deepEqual(
      originsOf((await findClient(world.ctx, id)) ?? assert.fail()),
      [],
      `${id}: no script of a browser has its place there`,
    );
  }
});

test('an origin is known if an enabled client has it, to the character; what changes is seen within two seconds', async () => {
  const own = await openWorld({
    yaml: "clients:\n  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: ['https://app.example/cb'] }",
  });
  const known = (origin: string, at = START_MS): Promise<boolean> => isKnownOrigin(own.ctx, origin, at);
  assert.equal(await known('https://app.example'), true);
  for (const other of ['https://app.example/', 'http://app.example', 'https://APP.example', 'null', '', 'https://app.example.evil.test']) {
    assert.equal(await known(other), false, other);
  }
  const row = (await own.store.findClient(own.tenant, clientId('spa'))) ?? assert.fail();
  await own.store.putClient(
    own.tenant,
    { clientId: row.clientId, metadata: row.metadata, secrets: [], source: 'config', enabled: false },
    START,
  );
  assert.equal(await known('https://app.example', START_MS + 2_000), true, 'not looked up for each preflight');
  assert.equal(await known('https://app.example', START_MS + 2_001), false);
  await own.close();
});
