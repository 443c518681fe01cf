import assert from 'node:assert/strict';
import { test } from 'node:test';
import { token } from '../endpoints/token.ts';
import type { HttpReply } from '../http.ts';
import type { PasskeyOptions } from '../passkeys/options.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import type { Lies, SoftPasskey } from '../testing/authenticator.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { passkeyOf, userNamed } from '../testing/passkeys.ts';
import { answerOf, ask, claimsOf, post, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START, type World } from '../testing/world.ts';
import { PASSKEY_OPTIONS_PATH, PASSKEY_PATH } from './passkey-form.ts';
import { passkeyOptionsPost, passkeyPost } from './passkey-sign-in.ts';
import { signInGet } from './sign-in.ts';

/** The page for an authorization request, as a browser that has been here before sees it. */
async function pageFor(world: World, part: Record<string, string> = {}): Promise<HttpReply> {
  return signInGet(world.ctx, getOf(world, await ask(world, undefined, part)));
}

async function optionsFor(world: World, page: HttpReply, headers: Record<string, string> = {}): Promise<PasskeyOptions> {
  const reply = await passkeyOptionsPost(world.ctx, postOf(world, PASSKEY_OPTIONS_PATH, hiddenOf(page), headers));
  assert.equal(reply.status, 200, reply.body.toString());
  return JSON.parse(reply.body.toString());
}

async function send(
  world: World,
  page: HttpReply,
  soft: SoftPasskey,
  lies: Lies = {},
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  const options = await optionsFor(world, page);
  const fields = { ...hiddenOf(page), challenge: options.challenge, credential: soft.get(options, lies) };
  return passkeyPost(world.ctx, postOf(world, PASSKEY_PATH, fields, headers));
}

test('a passkey alone signs in, and the client learns what was shown and no more (WebAuthn §7.2, RFC 8176 §2, attacks USR-28)', async () => {
  for (const [kind, amr] of [
    ['counts', ['pop', 'user', 'mfa']],
    ['synced', ['swk', 'user', 'mfa']],
  ] as const) {
    const world = await openWorld();
    const soft = await passkeyOf(world, 'alice', kind);
    const page = await pageFor(world, { nonce: 'n' });
    const reply = await send(world, page, soft);
    assert.equal(reply.status, 303);
    const cookie = cookieOf(reply, 'session') ?? assert.fail();
    const found = await findBrowserSession(world.ctx, world.http({ headers: { cookie } }));
    assert.deepEqual([found?.user.username, found?.session.amr, found?.session.authTime], ['alice', amr, START]);
    const exchanged = await post(world, token, {
      grant_type: 'authorization_code',
      client_id: 'spa',
      redirect_uri: 'https://app.example/cb',
      code: answerOf(reply).get('code') ?? '',
      code_verifier: VERIFIER,
    });
    const claims = claimsOf(exchanged.json['id_token']);
    assert.deepEqual([claims['amr'], claims['acr'], claims['sub']], [amr, 'urn:hufu:acr:3', 'alice-sub']);
    await world.close();
  }
});

test('the page offers passkeys at the user name and runs one script of ours, which may ask one path of ours', async () => {
  const world = await openWorld();
  const page = await pageFor(world);
  assert.match(page.body.toString(), /autocomplete="username webauthn"/);
  const policy = String(page.headers['content-security-policy']);
  assert.match(
    policy,
    /script-src https:\/\/id\.example\/assets\/passkeys\.[0-9a-f]{12}\.js; connect-src https:\/\/id\.example\/signin\/passkey\/options(?:;|$)/,
  );
  assert.match(page.body.toString(), /<form id="passkey-form"[^>]* hidden/);
  await world.close();
});

test('where passkeys are off, neither the page nor the form nor the options have them (attacks USR-22)', async () => {
  const on = await openWorld();
  const soft = await passkeyOf(on, 'alice');
  const off = await openWorld({ yaml: `policies: { sign_in: { methods: [password] } }\n${BASIC_YAML}`, store: on.store });
  const page = await pageFor(off);
  assert.doesNotMatch(page.body.toString(), /passkey|webauthn/);
  assert.doesNotMatch(String(page.headers['content-security-policy']), /script-src|connect-src/);
  const asked = await passkeyOptionsPost(off.ctx, postOf(off, PASSKEY_OPTIONS_PATH, hiddenOf(page)));
  assert.deepEqual([asked.status, JSON.parse(asked.body.toString())['error']], [403, 'access_denied']);
  const options = await optionsFor(on, await pageFor(on));
  const fields = { ...hiddenOf(page), challenge: options.challenge, credential: soft.get(options) };
  const reply = await passkeyPost(off.ctx, postOf(off, PASSKEY_PATH, fields));
  assert.deepEqual([reply.status, cookieOf(reply, 'session')], [403, undefined]);
  for (const world of [off, on]) await world.close();
});

test('where there is nothing but passkeys, the page is about them, and says what they need', async () => {
  const world = await openWorld({ yaml: `policies: { sign_in: { methods: [passkey] } }\n${BASIC_YAML}` });
  const soft = await passkeyOf(world);
  const page = await pageFor(world);
  const text = page.body.toString();
  assert.doesNotMatch(text, /name="password"|data-conditional/);
  assert.match(text, /<noscript>[^<]*<p[^>]*>Passkeys need JavaScript/);
  assert.equal((await send(world, page, soft)).status, 303);
  await world.close();
});

test('what is refused comes back as the sign-in page with words, the request goes on, and the record says why', async () => {
  const world = await openWorld();
  const soft = await passkeyOf(world);
  const page = await pageFor(world);
  for (const [lies, words, failed, detail] of [
    [{ origin: 'https://evil.example' }, /another address/, 'passkey_context', 'it was used at https://evil.example'],
    [{ verified: false }, /Set up a PIN/, 'passkey_context', 'the authenticator did not verify its user'],
    [{ credentialId: 'A'.repeat(27) }, /does not work here/, 'passkey', 'nobody has this passkey'],
    [{ counter: 1 }, undefined, undefined, undefined],
    [{ counter: 1 }, /may have been copied/, 'passkey_counter', 'its counter is 1 after 1'],
  ] as const) {
    const reply = await send(world, page, soft, lies);
    if (words === undefined) {
      assert.equal(reply.status, 303);
      continue;
    }
    assert.deepEqual([reply.status, pageOf(reply), cookieOf(reply, 'session')], [401, 'signin', undefined]);
    assert.match(reply.body.toString(), words);
    const why = await world.why(reply);
    assert.deepEqual([why.failed, why.detail, why.row.endpoint], [failed, detail, 'signin']);
    assert.equal(hiddenOf(reply)['request'], hiddenOf(page)['request']);
  }
  const events = await world.store.listUserEvents(world.tenant, (await userNamed(world)).id, 10);
  assert.deepEqual(
    events.map(({ kind, detail }) => [kind, detail['name']]).filter(([kind]) => kind === 'passkey_suspicious'),
    [['passkey_suspicious', 'Phone']],
  );
  const chinese = await passkeyPost(
    world.ctx,
    postOf(world, PASSKEY_PATH, { ...hiddenOf(page), challenge: '', credential: '' }, { 'accept-language': 'zh-CN' }),
  );
  assert.match(chinese.body.toString(), /请再试一次/);
  await world.close();
});

test('the form is ours and this browser’s, and the options are for our own pages (attacks CON-01, USR-24)', async () => {
  const world = await openWorld();
  const soft = await passkeyOf(world);
  const page = await pageFor(world);
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { cookie: '__Host-hufu_browser=another-browser-24-chars' }, { cookie: '' }]) {
    const reply = await send(world, page, soft, {}, headers);
    assert.deepEqual([reply.status, cookieOf(reply, 'session')], [403, undefined]);
  }
  const foreign = await passkeyOptionsPost(world.ctx, postOf(world, PASSKEY_OPTIONS_PATH, {}, { 'sec-fetch-site': 'cross-site' }));
  assert.equal(foreign.status, 403);
  assert.equal(foreign.headers['cache-control'], 'no-store');
  // A challenge that was fetched in another browser is nothing in this one, whatever form it comes in.
  const elsewhere = await optionsFor(world, page, { cookie: '__Host-hufu_browser=another-browser-24-chars' });
  const fields = { ...hiddenOf(page), challenge: elsewhere.challenge, credential: soft.get(elsewhere) };
  const reply = await passkeyPost(world.ctx, postOf(world, PASSKEY_PATH, fields, { cookie: BROWSER }));
  assert.equal((await world.why(reply)).detail, 'it is for another browserId');
  await world.close();
});
