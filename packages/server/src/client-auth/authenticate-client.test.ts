import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { readForm } from '@hufu/protocol/form';
import { clientId } from '@hufu/protocol/ids';
import { Trail } from '../decisions/trail.ts';
import { BASIC_YAML, openWorld, SECRETS, START } from '../testing/world.ts';
import { authenticateClient, hashClientSecret } from './authenticate-client.ts';
import type { AuthenticatedClient } from './authenticated-client.ts';

const world = await openWorld({ yaml: `policies: { brute_force: off }\n${BASIC_YAML}` });
after(() => world.close());

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

function authenticate(body: string, authorization?: string, at = world): Promise<AuthenticatedClient> {
  const headers = authorization === undefined ? {} : { authorization };
  return authenticateClient(at.ctx, at.http({ method: 'POST', headers }), readForm(body), new Trail(), START);
}

/** The check that failed, the code and the detail. */
async function refusal(
  body: string,
  authorization?: string,
  at = world,
): Promise<readonly [string | undefined, string, string | undefined]> {
  const trail = new Trail();
  const headers = authorization === undefined ? {} : { authorization };
  try {
    await authenticateClient(at.ctx, at.http({ method: 'POST', headers }), readForm(body), trail, START);
  } catch (error) {
    assert.ok(error instanceof OAuthError);
    if (error.code === 'invalid_client') assert.equal(error.description, 'client authentication failed', 'always the same words');
    return [trail.reached.at(-1), error.code, error.detail];
  }
  return assert.fail('it was not refused');
}

test('a client proves itself by its registered method: the header, the body, or its name where it is public (RFC 6749 §2.3.1, §3.2.1)', async () => {
  assert.equal((await authenticate('', basic(`web:${SECRETS.web}`))).id, 'web');
  assert.equal((await authenticate('client_id=web', basic(`web:${SECRETS.web}`))).confidential, true);
  assert.equal((await authenticate(`client_id=third&client_secret=${SECRETS.third}`)).id, 'third');
  const spa = await authenticate('client_id=spa');
  assert.deepEqual([spa.id, spa.confidential], ['spa', false]);
});

test('a confidential client is never taken at its word, nor by another method than its own (RFC 6749 §2.3, §3.2.1)', async () => {
  assert.deepEqual(await refusal('client_id=web'), [
    'client_authentication',
    'invalid_client',
    'the client is registered for client_secret_basic and used none',
  ]);
  assert.deepEqual(await refusal(`client_id=web&client_secret=${SECRETS.web}`), [
    'client_authentication',
    'invalid_client',
    'the client is registered for client_secret_basic and used client_secret_post',
  ]);
  assert.equal(
    (await refusal('', basic(`third:${SECRETS.third}`)))[2],
    'the client is registered for client_secret_post and used client_secret_basic',
  );
  assert.equal((await refusal('', basic('spa:anything')))[2], 'the client is registered for none and used client_secret_basic');
  assert.equal((await refusal('client_id=spa&client_secret=x'))[2], 'the client is registered for none and used client_secret_post');
});

test('two mechanisms in one request are invalid_request; two names are invalid_client (RFC 6749 §2.3)', async () => {
  const header = basic(`web:${SECRETS.web}`);
  assert.deepEqual(await refusal(`client_id=web&client_secret=${SECRETS.web}`, header), [
    'client_authentication',
    'invalid_request',
    undefined,
  ]);
  assert.equal(
    (await refusal('client_secret=', header).catch(() => ['passed']))[0],
    'passed',
    'a parameter without a value is not there (RFC 6749 §3.1)',
  );
  assert.deepEqual((await refusal('client_id=third', header)).slice(1), [
    'invalid_client',
    'client_id in the body is not the one in the Authorization header',
  ]);
  assert.equal((await refusal('client_assertion=x&client_assertion_type=y', header))[1], 'invalid_request');
  assert.equal((await refusal(`client_id=third&client_secret=${SECRETS.third}&client_assertion=x`))[1], 'invalid_request');
});

test('a method that we do not have is refused, not passed over (RFC 7521 §4.2)', async () => {
  for (const body of ['client_assertion=x&client_assertion_type=y', 'client_assertion=x', 'client_assertion_type=y']) {
    assert.deepEqual(
      await refusal(`client_id=spa&${body}`),
      ['client_authentication', 'invalid_client', 'client_assertion_type is not one that is supported'],
      body,
    );
  }
  for (const header of ['Bearer x', 'Basic', 'Basic !!', 'Basic d2Vi', 'Digest username="web"', '']) {
    assert.deepEqual(
      (await refusal('client_id=spa', header)).slice(1),
      ['invalid_client', 'the Authorization header does not read as Basic'],
      header,
    );
  }
});

test('a wrong secret, a stranger and nobody at all are told apart in the record alone (RFC 6749 §5.2)', async () => {
  assert.deepEqual(await refusal('', basic('web:wrong')), [
    'client_authentication',
    'invalid_client',
    'the secret is wrong or has expired',
  ]);
  assert.deepEqual(await refusal('', basic(`web:${SECRETS.api}`)), [
    'client_authentication',
    'invalid_client',
    'the secret is wrong or has expired',
  ]);
  assert.deepEqual(await refusal('', basic('nobody:x')), ['client_known', 'invalid_client', 'there is no such client']);
  assert.deepEqual(await refusal('client_id=nobody'), ['client_known', 'invalid_client', 'there is no such client']);
  assert.deepEqual(await refusal(''), ['client_authentication', 'invalid_client', 'no client authentication in the request']);
});

test('what somebody put in the place of the name is not kept whole: it may be the secret (attacks CRY-01)', async () => {
  const trail = new Trail();
  const request = world.http({ method: 'POST' });
  await assert.rejects(authenticateClient(world.ctx, request, readForm(`client_id=${SECRETS.web}`), trail, START));
  assert.ok(trail.clientId.length < 12 && SECRETS.web.startsWith(trail.clientId.slice(0, -1)));
  const known = new Trail();
  await assert.rejects(authenticateClient(world.ctx, request, readForm('client_id=web'), known, START));
  assert.equal(known.clientId, 'web');
});

test('a disabled client is nobody', async () => {
  const own = await openWorld();
  const row = (await own.store.findClient(own.tenant, clientId('web'))) ?? assert.fail();
  await own.store.putClient(
    own.tenant,
    { clientId: row.clientId, metadata: row.metadata, secrets: row.secrets, source: row.source, enabled: false },
    START,
  );
  assert.deepEqual(await refusal('', basic(`web:${SECRETS.web}`), own), ['client_enabled', 'invalid_client', 'the client is disabled']);
  await own.close();
});

test('a secret overlaps with its successor until its end, on the second, also when it was right a moment ago (product M16)', async () => {
  const own = await openWorld();
  const row = (await own.store.findClient(own.tenant, clientId('web'))) ?? assert.fail();
  const secrets = [
    { hash: hashClientSecret(own.ctx, 'web', 'the old secret'), createdAt: START, expiresAt: START + 10 },
    { hash: hashClientSecret(own.ctx, 'web', 'the new secret'), createdAt: START, expiresAt: 0 },
  ];
  await own.store.putClient(
    own.tenant,
    { clientId: row.clientId, metadata: row.metadata, secrets, source: row.source, enabled: true },
    START,
  );
  const at = (secret: string, now: number): Promise<AuthenticatedClient> =>
    authenticateClient(own.ctx, own.http({ headers: { authorization: basic(`web:${secret}`) } }), readForm(''), new Trail(), now);
  for (const now of [START, START + 9]) assert.equal((await at('the old secret', now)).id, 'web');
  await assert.rejects(at('the old secret', START + 10), { code: 'invalid_client' });
  assert.equal((await at('the new secret', START + 10)).id, 'web');
  await assert.rejects(
    authenticate('', basic(`web:${SECRETS.web}`), own),
    { code: 'invalid_client' },
    'the one before is gone with its row',
  );
  await own.close();
});

test('a secret is kept as a keyed hash that is bound to its client', () => {
  assert.match(hashClientSecret(world.ctx, 'web', 'x'), /^[\w-]{43}$/);
  assert.notEqual(hashClientSecret(world.ctx, 'web', 'x'), hashClientSecret(world.ctx, 'api', 'x'));
  assert.notEqual(hashClientSecret(world.ctx, 'a', 'b\nc'), hashClientSecret(world.ctx, 'a\nb', 'd'));
});

test('id and secret in the header are form-encoded (RFC 6749 §2.3.1)', async () => {
  const yaml = "clients:\n  - { client_id: 'a:b', client_secret: 'p%q + &:16 characters', redirect_uris: ['https://x.example/cb'] }";
  const own = await openWorld({ yaml });
  const header = basic('a%3Ab:p%25q+%2B+%26%3A16+characters');
  assert.equal((await authenticate('', header, own)).id, 'a:b');
  await own.close();
});

test('whoever fails too often waits; whoever knows the secret never does (RFC 6749 §2.3.1)', async () => {
  const own = await openWorld();
  for (let i = 0; i < 20; i++) assert.equal((await refusal('', basic('web:wrong'), own))[1], 'invalid_client');
  await assert.rejects(authenticate('', basic('web:wrong'), own), {
    code: 'slow_down',
    status: 429,
    retryAfterSeconds: 10,
    detail: 'the secret is wrong or has expired; and too often: limit client-failures',
  });
  assert.equal((await authenticate('', basic(`web:${SECRETS.web}`), own)).id, 'web');
  await own.close();
});
