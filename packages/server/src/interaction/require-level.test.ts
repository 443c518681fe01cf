import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClient } from '../clients.ts';
import type { HttpReply } from '../http.ts';
import type { PasskeyOptions } from '../passkeys/options.ts';
import { findBrowserSession } from '../sessions/browser-session.ts';
import { BROWSER, cookieOf, getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { passkeyOf } from '../testing/passkeys.ts';
import { askDevice, askUser, confirmation, cookiesOf, PENDING_YAML, poll, pollUser, typeCode } from '../testing/pending.ts';
import { giveApp } from '../testing/second-factors.ts';
import { claimsOf, signedIn } from '../testing/visits.ts';
import { openWorld, type World } from '../testing/world.ts';
import { approvalsGet, approvalsPost } from './approvals.ts';
import { deviceGet, devicePost } from './device.ts';
import { confirmGet, confirmPost } from './device-confirm.ts';
import { PASSKEY_OPTIONS_PATH, PASSKEY_PATH } from './passkey-form.ts';
import { passkeyOptionsPost, passkeyPost } from './passkey-sign-in.ts';
import { requireLevel } from './require-level.ts';
import { verifyGet, verifyPost } from './verify.ts';

const STRICT = PENDING_YAML.replace(
  'scope: openid profile offline_access read\n  - client_id: box',
  "scope: openid profile offline_access read\n    hufu: { sign_in: { acr: 'urn:hufu:acr:2' } }\n  - client_id: box",
).replace(
  'backchannel_token_delivery_mode: poll\n    scope: openid profile offline_access read',
  "backchannel_token_delivery_mode: poll\n    scope: openid profile offline_access read\n    hufu: { sign_in: { acr: 'urn:hufu:acr:2' } }",
);

/** Shows a code on the page that a reply leads to: the cookies of what comes of it, and where it goes on. */
async function show(
  world: World,
  reply: HttpReply,
  cookies: string,
  code: string,
): Promise<{ readonly cookies: string; readonly done: HttpReply }> {
  const page = await verifyGet(world.ctx, getOf(world, reply, cookies));
  assert.equal(pageOf(page), 'verify');
  const done = await verifyPost(world.ctx, postOf(world, '/signin/verify', { ...hiddenOf(page), code }, { cookie: cookies }));
  return { cookies: `${BROWSER}; ${cookieOf(done, 'session')}`, done };
}

test('a device of a client that takes two factors is connected by whoever shows two, with what they have shown (RFC 8628 §3.3, attacks SES-11)', async () => {
  const world = await openWorld({ yaml: STRICT });
  const asked = await askDevice(world);
  const userCode = String(asked.json['user_code']);
  const nobody = await signedIn(world, 'bob');
  const refused = await typeCode(world, nobody, userCode);
  assert.deepEqual([refused.status, pageOf(refused)], [403, 'error']);
  assert.match(refused.body.toString(), /sign-in is not strong enough/);

  const app = await giveApp(world);
  const alice = await signedIn(world);
  const sent = await typeCode(world, alice, userCode);
  assert.match(String(sent.headers['location']), /^\/signin\/verify\?next=device%20/);
  const { cookies, done } = await show(world, sent, cookiesOf(alice), app.code());
  assert.equal(done.headers['location'], `/device?user_code=${userCode}`);
  const page = await deviceGet(world.ctx, getOf(world, done, cookies));
  const typed = await devicePost(world.ctx, postOf(world, '/device', { ...hiddenOf(page), user_code: userCode }, { cookie: cookies }));
  const confirm = await confirmGet(world.ctx, getOf(world, typed, cookies));
  await confirmPost(world.ctx, postOf(world, '/device/confirm', { ...hiddenOf(confirm), decision: 'allow' }, { cookie: cookies }));
  const tokens = await poll(world, asked);
  assert.deepEqual(claimsOf(tokens.json['id_token'])['acr'], 'urn:hufu:acr:2');
  await world.close();
});

test('the answer itself is judged too: a page that was open before is not enough', async () => {
  const lax = await openWorld({ yaml: PENDING_YAML });
  const asked = await askDevice(lax);
  await giveApp(lax);
  const alice = await signedIn(lax);
  const page = await confirmation(lax, alice, String(asked.json['user_code']));
  const strict = await openWorld({ yaml: STRICT, store: lax.store });
  const sent = await confirmPost(
    strict.ctx,
    postOf(strict, '/device/confirm', { ...hiddenOf(page), decision: 'allow' }, { cookie: cookiesOf(alice) }),
  );
  assert.match(String(sent.headers['location']), /^\/signin\/verify\?next=device/);
  assert.equal((await poll(strict, asked)).json['error'], 'authorization_pending');
  await strict.close();
  await lax.close();
});

test('what a client asks for on the account page is allowed by whoever shows as much as for a sign-in, and denied by anybody (OpenID Connect CIBA §8)', async () => {
  const world = await openWorld({ yaml: STRICT });
  const app = await giveApp(world);
  const alice = await signedIn(world);
  const asked = await askUser(world);
  const decide = async (cookies: string, decision: string): Promise<HttpReply> => {
    const page = await approvalsGet(world.ctx, getOf(world, '/account/approvals', cookies));
    return approvalsPost(world.ctx, postOf(world, '/account/approvals', { ...hiddenOf(page), decision }, { cookie: cookies }));
  };
  const sent = await decide(cookiesOf(alice), 'allow');
  assert.equal(sent.headers['location'], '/signin/verify?next=approvals&level=2');
  assert.equal((await pollUser(world, asked)).json['error'], 'authorization_pending');
  const { cookies, done } = await show(world, sent, cookiesOf(alice), app.code());
  assert.equal(done.headers['location'], '/account/approvals');
  assert.match(String((await decide(cookies, 'allow')).headers['location']), /^\/account\/approvals\?outcome=allowed\./);
  await askUser(world);
  const bobs = await signedIn(world);
  assert.match(String((await decide(cookiesOf(bobs), 'deny')).headers['location']), /^\/account\/approvals\?outcome=denied\./);
  await world.close();
});

test('for a client that takes passkeys alone a passkey is asked for, and no code that would lead back here (RFC 8628 §3.3)', async () => {
  const world = await openWorld({ yaml: STRICT.replaceAll('urn:hufu:acr:2', 'urn:hufu:acr:3') });
  const app = await giveApp(world);
  const soft = await passkeyOf(world);
  const asked = await askDevice(world);
  const userCode = String(asked.json['user_code']);
  for (const methods of [['password'], ['password', 'totp']] as const) {
    const alice = await signedIn(world, 'alice', ...methods);
    const sent = await typeCode(world, alice, userCode);
    const page = await verifyGet(world.ctx, getOf(world, sent, cookiesOf(alice)));
    assert.match(page.body.toString(), /id="passkey-form"/);
    assert.doesNotMatch(page.body.toString(), /name="code"|id="verify-(?:totp|recovery-code)"/);
    const fields = { ...hiddenOf(page), way: 'totp', code: app.code() };
    const typed = await verifyPost(world.ctx, postOf(world, '/signin/verify', fields, { cookie: cookiesOf(alice) }));
    assert.equal(typed.status, 400);
    const headers = { cookie: cookiesOf(alice) };
    const options = await passkeyOptionsPost(world.ctx, postOf(world, PASSKEY_OPTIONS_PATH, hiddenOf(page), headers));
    const wanted: PasskeyOptions = JSON.parse(options.body.toString());
    const answer = { ...hiddenOf(page), challenge: wanted.challenge, credential: soft.get(wanted) };
    const done = await passkeyPost(world.ctx, postOf(world, PASSKEY_PATH, answer, headers));
    assert.equal(done.headers['location'], `/device?user_code=${userCode}`);
    const session = await findBrowserSession(world.ctx, world.http({ headers: { cookie: String(cookieOf(done, 'session')) } }));
    assert.ok(session !== undefined);
    assert.equal(await requireLevel(world.ctx, session, await findClient(world.ctx, 'tv'), 'device'), undefined);
  }
  await world.close();
});

test('whoever came by mail and has a password signs in anew for a client that takes two factors (RFC 8628 §3.3)', async () => {
  const world = await openWorld({ yaml: STRICT });
  await giveApp(world);
  const userCode = String((await askDevice(world)).json['user_code']);
  const sent = await typeCode(world, await signedIn(world, 'alice', 'email_code', 'totp'), userCode);
  assert.match(String(sent.headers['location']), /^\/signin\?next=device%20/);
  await world.close();
});
