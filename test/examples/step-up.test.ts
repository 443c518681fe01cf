import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { app } from '../support/app.ts';
import { freePort } from '../support/hufu.ts';
import { type Running, type RunningHufu, startExample, startHufu } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };
const CONFIG = 'examples/step-up/hufu.yaml';

let hufu: RunningHufu;
let purse: Running;
let url: string;

before(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  hufu = await startHufu(CONFIG, { APP_URL: url });
  purse = startExample('step-up', { ISSUER: hufu.issuer, APP_URL: url, PORT: String(port) });
  await purse.line(/^Open /);
});
after(async () => {
  await purse?.stop();
  await hufu?.stop();
});

/** Follows the app and Hufu until somebody has to do something, or the app has answered. */
async function follow(agent: Agent, start: string): Promise<Page> {
  let page = await agent.get(start);
  for (let step = 0; step < 8 && page.location !== ''; step += 1) page = await agent.get(page.location);
  return page;
}

test('the API asks for two factors, the app brings the person to show them, and the next token says so (RFC 9470 §3, §4, §5)', async () => {
  const agent = new Agent(hufu.issuer);
  const signIn = await follow(agent, `${url}/`);
  assert.equal(signIn.name, 'signin');
  assert.equal((await follow(agent, (await agent.submit(signIn, MEI)).location)).text, '12 strings of cash (acr urn:hufu:acr:1)\n');
  assert.match((await follow(agent, `${url}/transfer`)).text, /^this needs urn:hufu:acr:2 urn:hufu:acr:3: add a second factor/);
  await purse.line(/^The API wants urn:hufu:acr:2/);

  const page = await agent.get('/account/security/authenticator');
  const phone = app(/data-copy-text="([A-Z2-7]{32})"/.exec(page.text)?.[1] ?? assert.fail(page.text.slice(0, 500)));
  const now = Math.floor(Date.now() / 1000);
  const form = /<form[^>]*action="(\/account\/security\/authenticator[^"]*)"/.exec(page.text)?.[1] ?? assert.fail('no form');
  assert.equal((await agent.post(form, { ...page.hidden, name: 'phone', code: phone.code(now) })).status, 303);

  const verify = await follow(agent, `${url}/transfer`);
  assert.equal(verify.name, 'verify');
  const done = await agent.submit(verify, { code: phone.code(now + 30) });
  assert.equal((await follow(agent, done.location)).text, '3 strings of cash have left (acr urn:hufu:acr:2)\n');
});
