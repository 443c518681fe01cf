import assert from 'node:assert/strict';
import { Agent } from '../support/agent.ts';
import type { ServedApp } from './served-app.ts';

/** A person comes in, is known, and goes: at both ends (OpenID Connect Core §3.1). */
export async function signsInAndOut(served: ServedApp): Promise<void> {
  const { atApp, atHufu } = await served.signIn();
  assert.match((await atApp.get('/')).text, /Mei Lin &lt;mei@example\.com&gt;/);
  const out = await atApp.post('/signout', {});
  assert.match(out.location, /\/oauth\/logout\?/);
  assert.equal((await atHufu.get(out.location)).location, `${served.app}/`);
  assert.match((await atApp.get('/')).text, /href="\/signin"/);
}

/** An answer that nobody asked for, or that is another sign-in's, signs nobody in (OpenID Connect Core §3.1.2.7). */
export async function takesNoStrangersAnswer(served: ServedApp): Promise<void> {
  const stranger = new Agent(served.app);
  assert.equal((await stranger.get('/callback?code=abc&state=def')).status, 400);
  await stranger.get('/signin');
  assert.match((await stranger.get('/callback?code=abc&state=def')).text, /Not signed in: state/);
  assert.match((await stranger.get('/')).text, /href="\/signin"/);
}
