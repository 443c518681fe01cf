import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hufuCommand } from './running.ts';
import { type ServedApp, serveApp } from './served-app.ts';
import { signsInAndOut, takesNoStrangersAnswer } from './web-app-behaviour.ts';

let served: ServedApp;
before(async () => {
  served = await serveApp('express-app');
});
after(() => served?.stop());

test('the example express-app signs a person in, knows them, and signs them out at both ends (OpenID Connect Core §3.1)', async () => {
  await signsInAndOut(served);
});

test('the example express-app takes no answer that it did not ask for (OpenID Connect Core §3.1.2.7)', async () => {
  await takesNoStrangersAnswer(served);
});

test('the example express-app notices that a grant was revoked, and hears of sign-outs (RFC 6750 §3.1, Back-Channel Logout §2.5)', async () => {
  const { atApp } = await served.signIn();
  const other = await served.signIn();
  const list = hufuCommand(['session', 'list', '--user', 'mei', '--json', '--config', served.config], served.hufu.env);
  await list.ended();
  const sessions: readonly { readonly sid: string }[] = JSON.parse(list.lines.find((line) => line.startsWith('[')) ?? '[]');
  const mine = sessions[1] ?? assert.fail();
  assert.equal(await hufuCommand(['revoke', 'session', mine.sid, '--config', served.config], served.hufu.env).ended(), 0);
  await served.running.line(new RegExp(`Hufu ended the session ${mine.sid}`));
  assert.match((await atApp.get('/')).text, /href="\/signin">Sign in</);
  assert.match((await other.atApp.get('/')).text, /Mei Lin/, 'the other browser stays');
  assert.equal((await other.atApp.post('/backchannel-logout', { logout_token: 'e30.e30.' })).status, 400);
  assert.equal(await hufuCommand(['revoke', 'user', 'mei', '--config', served.config], served.hufu.env).ended(), 0);
  assert.match((await other.atApp.get('/')).text, /Your access has ended|href="\/signin">Sign in</);
});
