import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Client, findClient } from '../clients.ts';
import { makeCertificate } from '../testing/certificates.ts';
import { type ClientKeyPair, clientKeyPair } from '../testing/client-assertions.ts';
import { type JwksHost, openJwksHost } from '../testing/jwks-host.ts';
import { openWorld, START, type World } from '../testing/world.ts';
import { findEncryptionKey, findVerificationKeys, hasPublicKey, lookForKeys } from './client-jwks.ts';

const one = await clientKeyPair('one');
const two = await clientKeyPair('two');

async function withClients(
  keys: readonly ClientKeyPair[],
  act: (world: World, client: Client, host: JwksHost) => Promise<void>,
): Promise<void> {
  const host = await openJwksHost(keys.map(({ jwk }) => jwk));
  const world = await openWorld({
    yaml: `policies: { outbound: { allow_hosts: [127.0.0.1] } }
clients:
  - { client_id: remote, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks_uri: '${host.url}/jwks' }
  - { client_id: inline, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks: ${JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })} }
  - { client_id: bare, token_endpoint_auth_method: none, redirect_uris: ['https://app.example/cb'] }`,
  });
  try {
    await act(world, (await findClient(world.ctx, 'remote')) ?? assert.fail(), host);
  } finally {
    host.close();
    await world.close();
  }
}

test('keys that stand in the metadata are imported once for each version of the client (OpenID Connect Core §10.1)', async () => {
  await withClients([one, two], async (world, _remote, host) => {
    const client = (await findClient(world.ctx, 'inline')) ?? assert.fail();
    const hint = { kid: 'two', alg: 'ES256' };
    const [key] = await findVerificationKeys(world.ctx, client, hint, START);
    assert.equal(key?.type, 'public');
    assert.equal((await findVerificationKeys(world.ctx, client, hint, START + 9_999))[0], key, 'the same object');
    assert.equal((await findVerificationKeys(world.ctx, client, { kid: undefined, alg: 'ES256' }, START)).length, 2);
    assert.deepEqual(await lookForKeys(world.ctx, client.metadata, { kid: 'x"\n', alg: 'ES256' }, START), {
      keys: [],
      reason: 'has no key for ES256 with the kid "x\\"\\n"',
    });
    assert.equal((await findEncryptionKey(world.ctx, client, 'ECDH-ES', START))?.kid, 'one');
    assert.deepEqual(host.asked, []);
  });
});

test('a client without keys has none', async () => {
  await withClients([], async (world) => {
    const client = (await findClient(world.ctx, 'bare')) ?? assert.fail();
    assert.deepEqual(await findVerificationKeys(world.ctx, client, { kid: undefined, alg: 'ES256' }, START), []);
    assert.equal(await findEncryptionKey(world.ctx, client, 'RSA-OAEP', START), undefined);
  });
});

test('a client may sign with its next key as soon as it serves it (OpenID Connect Core §10.1.1)', async () => {
  await withClients([one], async (world, client, host) => {
    assert.equal((await findVerificationKeys(world.ctx, client, { kid: 'one', alg: 'ES256' }, START)).length, 1);
    host.keys = [two.jwk];
    assert.equal((await findVerificationKeys(world.ctx, client, { kid: 'two', alg: 'ES256' }, START)).length, 1);
    assert.equal((await findVerificationKeys(world.ctx, client, { kid: 'one', alg: 'ES256' }, START)).length, 0, 'and the old one is gone');
    assert.equal(host.asked.length, 2);
  });
});

test('the first look is enough: what was fetched just now is not fetched again', async () => {
  await withClients([one], async (world, client, host) => {
    assert.deepEqual(await findVerificationKeys(world.ctx, client, { kid: 'nobody', alg: 'ES256' }, START), []);
    assert.equal(host.asked.length, 1);
    assert.equal(await findEncryptionKey(world.ctx, client, 'RSA-OAEP', START), undefined);
    assert.equal(host.asked.length, 2, 'a copy that was there already');
  });
  await withClients([one], async (world, client, host) => {
    assert.equal(await findEncryptionKey(world.ctx, client, 'RSA-OAEP', START), undefined);
    assert.equal(host.asked.length, 1);
  });
});

test('why there is no key tells of its address too', async () => {
  await withClients([one], async (world, client, host) => {
    host.status = 404;
    assert.deepEqual(await lookForKeys(world.ctx, client.metadata, { kid: undefined, alg: 'RS256' }, START), {
      keys: [],
      reason: 'has no key for RS256; its jwks_uri: its host answered 404',
    });
  });
});

test('a certificate’s key is found beside keys of other kinds, and its connection lives on (RFC 8705 §2.2.2)', async () => {
  const rsa = await clientKeyPair('rsa', 'RS256');
  const edwards = await clientKeyPair('edwards', 'Ed25519');
  await withClients([rsa, edwards, one], async (world) => {
    const client = (await findClient(world.ctx, 'inline')) ?? assert.fail();
    const { cert, key } = makeCertificate({ subject: [['CN', 'localhost']], altNames: [['ip', '127.0.0.1']] });
    // Within the reading of its bytes: that is where an error of OpenSSL would be taken for the connection's.
    const server = createServer({ cert, key }, (asked, reply) => {
      asked.resume().on('end', async () => {
        const found = [one, two].map(({ key: pair }) => hasPublicKey(world.ctx, client, createPublicKey(pair), START));
        const answers = await Promise.all(found);
        // As a look at the store would be in between.
        await setImmediate();
        reply.end(answers.join(' '));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    try {
      const sent = request({ host: '127.0.0.1', port: address.port, ca: cert, method: 'POST' }).end('grant_type=client_credentials');
      const [reply] = await once(sent, 'response');
      let text = '';
      for await (const chunk of reply) text += String(chunk);
      assert.equal(text, 'true false');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
