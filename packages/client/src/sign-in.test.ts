import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from './bytes.ts';
import { dpopThumbprint } from './dpop.ts';
import { memoryPending } from './pending-sign-in.ts';
import { prepareSignIn } from './sign-in.ts';
import { isFault } from './testing/fault.ts';
import { json, openIssuer } from './testing/issuer.ts';
import { CALLBACK, signInWith } from './testing/signing-in.ts';

test('the address says what is asked for, with a challenge, a state and a nonce of its own (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3)', async () => {
  const world = await openIssuer();
  world.metadata['authorization_endpoint'] = `${world.issuer}/authorize?tenant=a`;
  const { url, pending } = await prepareSignIn(world.client(), {
    redirectUri: CALLBACK,
    scope: 'openid notes',
    resource: ['https://a.example/', 'https://b.example/'],
    maxAge: 0,
    prompt: 'login',
    authorizationDetails: [{ type: 'payment' }],
    parameters: { theme: 'dark' },
  });
  const { searchParams } = new URL(url);
  assert.deepEqual(Object.fromEntries(searchParams), {
    tenant: 'a',
    client_id: 'app',
    theme: 'dark',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid notes',
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await sha256(pending.verifier),
    code_challenge_method: 'S256',
    resource: 'https://b.example/',
    prompt: 'login',
    max_age: '0',
    authorization_details: '[{"type":"payment"}]',
  });
  assert.deepEqual(searchParams.getAll('resource'), ['https://a.example/', 'https://b.example/']);
  const other = await prepareSignIn(world.client(), { redirectUri: CALLBACK });
  assert.equal(new Set([pending.state, pending.nonce, pending.verifier, other.pending.state, other.pending.verifier]).size, 5);
  assert.equal(new URL(other.url).searchParams.has('nonce'), false);
});

test('a public client binds the code to a key where the server offers it (RFC 9449 §10)', async () => {
  const world = await openIssuer();
  assert.equal((await prepareSignIn(world.client(), { redirectUri: CALLBACK })).pending.dpopKey, undefined);
  world.metadata['dpop_signing_alg_values_supported'] = ['ES256'];
  const { url, pending } = await prepareSignIn(world.client(), { redirectUri: CALLBACK });
  assert.ok(pending.dpopKey);
  assert.equal(new URL(url).searchParams.get('dpop_jkt'), await dpopThumbprint(pending.dpopKey));
  assert.equal((await prepareSignIn(world.client({ dpop: 'never' }), { redirectUri: CALLBACK })).pending.dpopKey, undefined);
  const written = await prepareSignIn(world.client({ dpopKeys: 'extractable' }), { redirectUri: CALLBACK });
  assert.equal(written.pending.dpopKey?.privateKey.extractable, true);
  const { tokenType, dpopKey } = await signInWith(world, world.client({ dpop: 'always' }));
  assert.deepEqual([tokenType, dpopKey?.privateKey.extractable], ['DPoP', false]);
});

test('a request that is pushed leaves its name alone in the browser (RFC 9126 §2.1, §4)', async () => {
  const world = await openIssuer();
  world.answers.set('/par', () => json(201, { request_uri: 'urn:x:1', expires_in: 60 }));
  const request = { redirectUri: CALLBACK, scope: 'openid', loginHint: 'mei' };
  const { url, pending } = await prepareSignIn(world.client(), { ...request, pushed: 'always' });
  assert.deepEqual(
    [...new URL(url).searchParams],
    [
      ['client_id', 'app'],
      ['request_uri', 'urn:x:1'],
    ],
  );
  const form = world.asked[0]?.form;
  assert.deepEqual([form?.get('client_id'), form?.get('state'), form?.get('login_hint')], ['app', pending.state, 'mei']);
  world.metadata['require_pushed_authorization_requests'] = true;
  const client = world.client();
  assert.match((await prepareSignIn(client, request)).url, /request_uri=/);
  world.answers.set('/par', () => json(400, { error: 'invalid_scope' }));
  await assert.rejects(prepareSignIn(client, request), isFault('refused', 'invalid_scope'));
  world.answers.set('/par', () => json(201, {}));
  await assert.rejects(prepareSignIn(client, request), isFault('malformed', 'malformed'));
});

test('a sign-in that is kept serves once, and the oldest of too many falls (RFC 9700 §4.7.1)', async () => {
  const world = await openIssuer();
  const store = memoryPending();
  const { pending } = await prepareSignIn(world.client(), { redirectUri: CALLBACK });
  await store.put(pending);
  assert.equal(await store.take(pending.state), pending);
  assert.equal(await store.take(pending.state), undefined);
  await store.put(pending);
  for (let i = 0; i < 20; i++) await store.put({ ...pending, state: `s${i}` });
  assert.equal(await store.take(pending.state), undefined);
  assert.ok(await store.take('s0'));
});

test('a sign-in that nobody can come back for falls with the next, and its key with it (RFC 9700 §4.7.1)', async () => {
  const world = await openIssuer();
  const store = memoryPending();
  const { pending } = await prepareSignIn(world.client(), { redirectUri: CALLBACK });
  const { createdAtMs } = pending;
  for (const [state, ms] of [
    ['old', -600_000],
    ['of a clock that was set back', 600_000],
    ['young', -599_999],
  ] as const)
    await store.put({ ...pending, state, createdAtMs: createdAtMs + ms });
  await store.put(pending);
  assert.deepEqual(await Promise.all(['old', 'of a clock that was set back'].map((state) => store.take(state))), [undefined, undefined]);
  assert.ok((await store.take('young')) && (await store.take(pending.state)));
});
