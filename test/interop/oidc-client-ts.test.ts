import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { User, UserManagerSettings } from 'oidc-client-ts';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { type BrowserApp, startBrowserApp } from './browser-app.ts';
import { USER } from './relying-party.ts';

let directory: string;
let hufu: HufuProcess;
let app: BrowserApp;
let browser: Browser;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hufu-oidc-client-ts-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const issuerPort = await freePort();
  const yaml = writeYaml(origin);
  hufu = await startProcess({ directory, port: issuerPort, database: `sqlite:${join(directory, 'hufu.db')}`, yaml });
  app = await startBrowserApp(port, settingsOf(hufu.origin));
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await app.stop();
  await hufu.stop();
  await rm(directory, { recursive: true, force: true });
});

function writeYaml(origin: string): string {
  const client = (id: string, more: string): string => `  - client_id: ${id}
    client_name: Browser App
    token_endpoint_auth_method: none
    redirect_uris: ['${origin}/callback', '${origin}/popup', '${origin}/silent']
    post_logout_redirect_uris: ['${origin}/signed-out', '${origin}/popup-signed-out']
${more}`;
  return `clients:
${client('browser-refresh', '    grant_types: [authorization_code, refresh_token]\n')}
${client('browser-silent', '    grant_types: [authorization_code]\n    hufu: { first_party: true }\n')}
users:
  - username: ${USER.username}
    password: ${USER.password}
    claims: { name: Mei Lin, email: mei@example.com, email_verified: true }
`;
}

function settingsOf(authority: string): Readonly<Record<string, Partial<UserManagerSettings>>> {
  const settings = { authority, scope: 'openid profile email', loadUserInfo: true };
  return {
    'browser-refresh': { ...settings, client_id: 'browser-refresh', revokeTokensOnSignout: true },
    'browser-monitor': { ...settings, client_id: 'browser-silent', monitorSession: true },
    'browser-silent': { ...settings, client_id: 'browser-silent', response_mode: 'fragment' },
  };
}

/** The app in a browser of its own, and what its scripts and the server's policies complained of. */
interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[];
  /** `METHOD path` of what went to the server. */
  readonly requests: string[];
}

async function open(client: string): Promise<Opened> {
  const context = await browser.newContext({ locale: 'en-US' });
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const requests: string[] = [];
  context.on('page', (opened) => {
    opened.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    opened.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin === hufu.origin) requests.push(`${request.method()} ${url.pathname}`);
    });
  });
  const page = await context.newPage();
  await page.goto(`${app.origin}/?client=${client}`);
  await page.waitForSelector('body[data-ready]');
  return { context, page, complaints, requests };
}

async function read<Value>(page: Page, id: string): Promise<Value> {
  return JSON.parse((await page.textContent(`#${id}`)) || 'null');
}

/** Presses a button of the app and waits for what it says of it. */
async function press(page: Page, id: string): Promise<void> {
  const before = await page.textContent('#said');
  await page.click(`#${id}`);
  await page.waitForFunction(
    ([name, old]) => {
      const now = document.getElementById('said')?.textContent ?? '';
      return now !== old && now.includes(`${name}: `);
    },
    [id, before],
  );
}

/** Signs in, and says yes where it is asked. */
async function signIn(page: Page): Promise<void> {
  await page.waitForSelector('#signin');
  await page.fill('#signin input[name=username]', USER.username);
  await page.fill('#signin input[name=password]', USER.password);
  await page.click('#signin-submit');
}

async function signInByRedirect({ page }: Opened): Promise<User> {
  await page.click('#sign-in');
  await signIn(page);
  await page.waitForSelector('#consent-allow, body[data-ready]');
  if (await page.isVisible('#consent-allow')) await page.click('#consent-allow');
  await page.waitForURL(`${app.origin}/`);
  await page.waitForSelector('body[data-ready]');
  return read<User>(page, 'user');
}

describe('oidc-client-ts in Chromium', () => {
  test('signinRedirect with PKCE, userinfo, renewal with the refresh token, and signoutRedirect that gives the tokens back (OpenID Connect Core §3.1, RFC 7636 §4)', async () => {
    const opened = await open('browser-refresh');
    const { page, requests } = opened;
    const user = await signInByRedirect(opened);
    assert.equal(user.token_type, 'Bearer');
    assert.equal(user.scope, 'openid profile email');
    assert.equal(user.profile.iss, hufu.origin);
    assert.equal(user.profile.aud, 'browser-refresh');
    assert.equal(user.profile.name, 'Mei Lin');
    assert.equal(user.profile.email, 'mei@example.com');
    assert.deepEqual(await read(page, 'state'), { state: { page: 'kept' }, urlState: 'in the address' });
    assert.ok(requests.includes('GET /oauth/userinfo'));

    await press(page, 'renew');
    const renewed = await read<User>(page, 'user');
    assert.notEqual(renewed.refresh_token, user.refresh_token);
    assert.notEqual(renewed.access_token, user.access_token);
    assert.equal(renewed.profile.sub, user.profile.sub);
    assert.equal(requests.filter((request) => request === 'GET /oauth/authorize').length, 1, 'nobody was asked again');

    await page.click('#sign-out');
    await page.waitForURL(`${app.origin}/signed-out**`);
    await page.waitForSelector('body[data-ready]');
    assert.deepEqual(await read(page, 'state'), { state: 'after' });
    assert.equal(await read(page, 'user'), null);
    assert.equal(requests.filter((request) => request === 'POST /oauth/revoke').length, 2, 'both tokens are given back');
    assert.equal(await answerOfUserinfo(renewed.access_token), 401);
    assert.deepEqual(opened.complaints, []);

    // The next sign-in asks for the password.
    await page.goto(app.origin);
    await page.click('#sign-in');
    await page.waitForSelector('#signin');
    await opened.context.close();
  });

  test('signinPopup and signoutPopup keep their tie to the app all the way through our pages (Cross-Origin-Opener-Policy)', async () => {
    const opened = await open('browser-refresh');
    const { page, context } = opened;
    const popup = context.waitForEvent('page');
    await page.click('#sign-in-popup');
    const window = await popup;
    await signIn(window);
    await window.click('#consent-allow');
    await page.waitForFunction(() => document.getElementById('said')?.textContent?.includes('sign-in-popup: '));
    assert.deepEqual(await read(page, 'said'), ['sign-in-popup: done']);
    assert.equal((await read<User>(page, 'user')).profile.name, 'Mei Lin');
    assert.ok(window.isClosed());

    const second = context.waitForEvent('page');
    await page.click('#sign-out-popup');
    const leaving = await second;
    await page.waitForFunction(() => document.getElementById('said')?.textContent?.includes('sign-out-popup: '));
    assert.deepEqual(await read(page, 'said'), ['sign-in-popup: done', 'sign-out-popup: done']);
    assert.equal(await read(page, 'user'), null);
    assert.ok(leaving.isClosed());
    await context.close();
  });

  test('without a refresh token the library renews in a hidden frame with prompt=none, and hears login_required there (OpenID Connect Core §3.1.2.1)', async () => {
    const opened = await open('browser-silent');
    const { page } = opened;
    const user = await signInByRedirect(opened);
    assert.equal(user.refresh_token, undefined);
    await press(page, 'renew');
    assert.deepEqual(await read(page, 'said'), ['renew: done']);
    const renewed = await read<User>(page, 'user');
    assert.notEqual(renewed.access_token, user.access_token);
    assert.equal(renewed.profile.sub, user.profile.sub);
    assert.equal(renewed.profile.auth_time, user.profile.auth_time);

    await opened.context.clearCookies();
    await press(page, 'renew');
    assert.equal((await read<string[]>(page, 'said')).at(-1), 'renew: login_required');
    await opened.context.close();
  });

  test('the library watches the session: quiet while it lasts, and told when the user signs out elsewhere (OpenID Connect Session Management §3)', async () => {
    const opened = await open('browser-monitor');
    const { page, context, requests } = opened;
    const user = await signInByRedirect(opened);
    assert.ok(user.session_state);
    await page.waitForFunction(() => JSON.parse(document.getElementById('answers')?.textContent || '[]').length >= 2);
    assert.ok((await read<string[]>(page, 'answers')).every((answer) => answer === 'unchanged'));
    assert.equal(requests.filter((request) => request === 'GET /oauth/authorize').length, 1);
    await press(page, 'status');
    assert.equal((await read<{ sub: string }>(page, 'session')).sub, user.profile.sub);

    const elsewhere = await context.newPage();
    await elsewhere.goto(`${hufu.origin}/oauth/logout`);
    await elsewhere.click('#logout-confirm');
    await elsewhere.waitForSelector('body[data-page=signed-out]');
    await page.waitForFunction(() => document.getElementById('said')?.textContent?.includes('signed out elsewhere'));
    assert.ok((await read<string[]>(page, 'answers')).includes('changed'));
    await context.close();
  });

  test('a refusal arrives as the code that the server gave: access_denied after a no (RFC 6749 §4.1.2.1)', async () => {
    const { page, context } = await open('browser-refresh');
    await page.click('#sign-in');
    await signIn(page);
    await page.click('#consent-deny');
    await page.waitForSelector('body[data-ready]');
    assert.deepEqual(await read(page, 'said'), ['/callback: access_denied']);
    assert.equal(await read(page, 'user'), null);
    await context.close();
  });

  test('nothing of all this was an error on our side', () => {
    assert.deepEqual(
      hufu.lines.filter((line) => line.includes('"level":"error"')),
      [],
    );
  });
});

async function answerOfUserinfo(token: string): Promise<number> {
  const reply = await fetch(`${hufu.origin}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
  await reply.body?.cancel();
  return reply.status;
}
