import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { freePort } from '../support/hufu.ts';

const MAIN = fileURLToPath(new URL('../../packages/hufu/src/main.ts', import.meta.url));
const USER = { username: 'tiger', password: 'tally-in-two-halves' };
const run = promisify(execFile);

let directory: string;
let issuer: string;
/** Where the demo's gateway is. */
let edge: string;
let server: ChildProcess;
let summary: string;
let browser: Browser;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hufu-quickstart-'));
  issuer = `http://localhost:${await freePort()}`;
  edge = `http://localhost:${await freePort()}`;
  await startServer();
  browser = await chromium.launch(CHROMIUM);
});

after(async () => {
  await browser.close();
  await stopServer();
  rmSync(directory, { recursive: true, force: true });
});

/** Starts what `npm start` starts, and waits for what it prints at the end. */
async function startServer(): Promise<void> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HUFU_'));
  const child = spawn(process.execPath, ['--conditions=source', MAIN, 'start', '--demo'], {
    cwd: directory,
    env: { ...Object.fromEntries(inherited), HUFU_ISSUER: issuer, HUFU_EDGE: edge, HUFU_DATA_DIR: join(directory, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  // Whoever ends this process in the middle leaves no server behind.
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.removeListener('exit', endWithUs));
  summary = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${summary}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      summary += text;
      if (summary.includes('/demo/api/notes\n\n')) resolve();
    });
  });
}

async function stopServer(): Promise<void> {
  if (server.exitCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

/** A page in a browser of its own, watched: what it asks for, and what it complains of. */
interface Watched {
  readonly page: Page;
  /** `METHOD url`. */
  readonly requests: string[];
  readonly complaints: string[];
  close(): Promise<void>;
}

async function open(options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ locale: 'en-US', colorScheme: 'light', viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, requests, complaints, close: () => context.close() };
}

/** No third party is asked for anything, and nothing is complained of. */
function assertCalm({ requests, complaints }: Watched): void {
  assert.ok(requests.length > 0);
  for (const request of requests) assert.equal(new URL(request.slice(request.indexOf(' ') + 1)).origin, issuer, request);
  assert.deepEqual(complaints, []);
}

async function goToSignIn(page: Page): Promise<void> {
  await page.goto(`${issuer}/demo`);
  await page.click('#sign-in:enabled');
  await page.waitForSelector('#signin');
}

async function signIn(page: Page): Promise<void> {
  await page.fill('#signin input[name=username]', USER.username);
  await page.fill('#signin input[name=password]', USER.password);
  await page.click('#signin-submit');
}

/** Waits until the app holds tokens; says yes where the consent page comes up (whether it does again is the server's policy). */
async function comeBack(page: Page): Promise<void> {
  await page.waitForSelector('#consent-allow, #signed-in:not([hidden])');
  if (await page.isVisible('#consent-allow')) await page.click('#consent-allow');
  await isSignedIn(page);
}

function isSignedIn(page: Page): Promise<unknown> {
  return page.waitForSelector('#signed-in:not([hidden])');
}

/** The value of a claim as a card shows it. */
async function claim(page: Page, card: string, name: string): Promise<string> {
  return (await page.textContent(`#${card} [data-claim="${name}"] code`)) ?? '';
}

function stored(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => ({ ...sessionStorage }));
}

function writeNote(token: string, body: string, type = 'application/json'): Promise<Response> {
  return fetch(`${issuer}/demo/api/notes`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': type }, body });
}

test('the two printed commands get a token and call the demo API with it, as they stand', async () => {
  const [ask, call, ...more] = summary.split('\n').filter((line) => /^(TOKEN=|curl )/.test(line));
  assert.ok(ask !== undefined && call !== undefined && more.length === 0, summary);
  const { stdout, stderr } = await run('sh', ['-c', `${ask}\n${call}`], { cwd: directory });
  const [token = '', ...body] = stdout.split('\n');
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(stderr, '');
  const { notes, seen } = JSON.parse(body.join('\n'));
  assert.equal(notes.length, 1);
  assert.equal(seen.client_id, 'demo-machine');
  assert.equal(seen.scope, 'notes:read');
  assert.equal(seen.aud, `${issuer}/demo/api`);

  // The machine may read and not write (RFC 6750 §3.1).
  const written = await writeNote(token, '{"text":"x"}');
  assert.equal(written.status, 403);
  assert.match(written.headers.get('www-authenticate') ?? '', /error="insufficient_scope".* scope="notes:write"/);
});

test('what is printed names the addresses, the account, the clients, the data and how to stop', () => {
  for (const text of [
    `${issuer}/demo`,
    USER.username,
    USER.password,
    'demo-web',
    'demo-confidential',
    'demo-machine',
    join(directory, 'data'),
    'Ctrl-C',
  ])
    assert.ok(summary.includes(text), text);
});

test('whoever says no comes back to the app without tokens (RFC 6749 §4.1.2.1)', async () => {
  const watched = await open();
  const { page } = watched;
  await page.goto(`${issuer}/demo`);
  await page.waitForSelector('#sign-in:enabled');
  await assertAccessible(page, 'the demo');
  await goToSignIn(page);
  await assertAccessible(page, 'sign-in');
  await signIn(page);
  await page.waitForSelector('#consent');
  await assertAccessible(page, 'consent');
  await page.click('#consent-deny');
  assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /^You said no/);
  assert.deepEqual(await stored(page), {});
  assert.ok(!watched.requests.some((request) => request.includes('/oauth/token')));
  assertCalm(watched);
  await watched.close();
});

test('the main job: sign in, consent, see the tokens, call the API, refresh, call again, sign out (OpenID Connect Core §3.1)', async () => {
  const watched = await open();
  const { page } = watched;
  await goToSignIn(page);
  await signIn(page);
  await page.click('#consent-allow');
  await isSignedIn(page);
  await page.waitForSelector('h1:text-is("Signed in as Tiger Demo")');
  assert.equal(page.url(), `${issuer}/demo/callback`, 'the code does not stay in the address');

  assert.equal(await claim(page, 'access-token', 'typ'), 'at+jwt');
  assert.equal(await claim(page, 'access-token', 'aud'), `${issuer}/demo/api`);
  assert.equal(await claim(page, 'access-token', 'scope'), 'openid profile email notes:read notes:write');
  assert.equal(await claim(page, 'id-token', 'aud'), 'demo-web');
  assert.equal(await claim(page, 'id-token', 'sub'), await claim(page, 'access-token', 'sub'));
  const firstId = await claim(page, 'access-token', 'jti');

  assert.match((await page.textContent('#refresh-token-value')) ?? '', /^hfr_•+$/);
  await page.click('#reveal');
  const firstRefresh = (await page.textContent('#refresh-token-value')) ?? '';
  assert.match(firstRefresh, /^hfr_[\w-]{40,}$/);
  await page.click('#reveal');
  assert.match((await page.textContent('#refresh-token-value')) ?? '', /^hfr_•+$/);

  await page.click('#call-api');
  await page.waitForSelector('#saw:not([hidden])');
  assert.equal(await claim(page, 'saw', 'jti'), firstId);
  assert.equal(await page.locator('.notes li').count(), 1);
  await page.fill('#text', '<img src=x onerror=alert(1)> 一');
  await page.press('#text', 'Enter');
  await page.waitForSelector('.notes li:nth-child(2)');
  assert.match((await page.textContent('.notes li:first-child')) ?? '', /^<img src=x onerror=alert\(1\)> 一by you, /);
  await page.click('#access-token summary');
  await assertAccessible(page, 'signed in');

  // A second start goes on with the data of the first.
  await stopServer();
  await startServer();

  await page.click('#refresh');
  await page.waitForSelector('#news:not([hidden])');
  const secondId = await claim(page, 'access-token', 'jti');
  assert.notEqual(secondId, firstId);
  await page.click('#reveal');
  const secondRefresh = (await page.textContent('#refresh-token-value')) ?? '';
  assert.notEqual(secondRefresh, firstRefresh);
  await page.click('#call-api');
  await page.waitForSelector(`#saw code:text-is("${secondId}")`);

  await page.reload();
  await isSignedIn(page);
  assert.equal(await claim(page, 'access-token', 'jti'), secondId);

  await page.click('#sign-out');
  assert.match((await page.textContent('#said:not([hidden])')) ?? '', /^Signed out/);
  assert.equal(page.url(), `${issuer}/demo`);
  assert.deepEqual(await stored(page), {});
  assertCalm(watched);

  assert.ok(watched.requests.includes(`POST ${issuer}/oauth/revoke`), 'the refresh token is given back (RFC 7009)');
  // Signing out is more than forgetting: what the app held is void, and the next sign-in asks for the password.
  const late = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: secondRefresh, client_id: 'demo-web' }),
  });
  assert.equal(late.status, 400);
  assert.equal(Object(await late.json()).error, 'invalid_grant');
  await goToSignIn(page);
  await watched.close();
});

test('in Chinese, in the dark, on a phone', async () => {
  const watched = await open({ locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 360, height: 740 } });
  const { page } = watched;
  const assertFits = async (name: string): Promise<void> => {
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} is wider than the phone`);
    await assertAccessible(page, `${name}, dark`);
  };
  await page.goto(`${issuer}/demo`);
  await page.waitForSelector('#sign-in:enabled:text-is("使用 Hufu 登录")');
  await assertFits('the demo');
  await page.click('#sign-in');
  await page.waitForSelector('#signin');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  await assertFits('sign-in');
  await signIn(page);
  await comeBack(page);
  await page.click('#call-api');
  await page.waitForSelector('#saw:not([hidden])');
  await assertFits('signed in');
  await page.click('#sign-out');
  await page.waitForSelector('#said:not([hidden])');
  assertCalm(watched);
  await watched.close();
});

test('the language that was chosen stays through the sign-in (OpenID Connect Core §3.1.2.1)', async () => {
  const watched = await open();
  const { page } = watched;
  await page.goto(`${issuer}/demo`);
  await page.click('.languages a');
  await page.click('#sign-in:enabled');
  await page.waitForSelector('#signin');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  await signIn(page);
  await comeBack(page);
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assertCalm(watched);
  await watched.close();
});

test('an answer that is not ours sends nothing: no state, another state, another issuer (RFC 6749 §10.12, RFC 9207 §2.4)', async () => {
  const watched = await open();
  const { page } = watched;
  for (const query of ['code=x', 'code=x&state=y', `code=x&state=y&iss=${encodeURIComponent(issuer)}`, 'error=access_denied&state=y']) {
    await page.goto(`${issuer}/demo/callback?${query}`);
    assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /\(state\)/, query);
  }
  for (const query of ['code=x', 'code=x&state=y', 'error=access_denied&state=y', 'state=STATE&state=STATE&code=x']) {
    await goToSignIn(page);
    const { state = '' } = JSON.parse((await stored(page))['tiger-notes.pending'] ?? '{}');
    await page.goto(`${issuer}/demo/callback?${query.replaceAll('STATE', state)}&iss=${encodeURIComponent(issuer)}`);
    assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /\(state\)/, query);
  }
  for (const iss of [undefined, 'http://localhost:1', `${issuer}/`]) {
    await goToSignIn(page);
    const { state = '' } = JSON.parse((await stored(page))['tiger-notes.pending'] ?? '{}');
    const answer = new URLSearchParams({ code: 'x', state, ...(iss === undefined ? {} : { iss }) });
    await page.goto(`${issuer}/demo/callback?${answer.toString()}`);
    assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /\(iss\)/, String(iss));
    // It was looked at once: the right answer comes too late now.
    await page.goto(`${issuer}/demo/callback?${new URLSearchParams({ code: 'x', state, iss: issuer }).toString()}`);
    assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /\(state\)/);
  }
  assert.ok(!watched.requests.some((request) => request.includes('/oauth/token')));
  assertCalm(watched);
  await watched.close();
});

test('an access token that no longer holds is renewed once, for however many calls; a dead session says so (RFC 6750 §3.1)', async () => {
  const watched = await open();
  const { page } = watched;
  await goToSignIn(page);
  await signIn(page);
  await comeBack(page);
  await page.waitForSelector('h1:text-is("Signed in as Tiger Demo")');
  const spoil = (name: string): Promise<void> =>
    page.evaluate((member) => {
      const tokens = JSON.parse(sessionStorage.getItem('tiger-notes.tokens') ?? '{}');
      sessionStorage.setItem('tiger-notes.tokens', JSON.stringify({ ...tokens, [member]: `${tokens[member]}x` }));
    }, name);
  const refreshes = (): number => watched.requests.filter((request) => request === `POST ${issuer}/oauth/token`).length - 1;

  const { accessToken } = JSON.parse((await stored(page))['tiger-notes.tokens'] ?? '{}');
  assert.equal((await writeNote(accessToken, '{"text":"by hand"}')).status, 201);
  for (const body of ['', 'null', '[]', '{}', '{"text":7}', '{"text":" "}', `{"text":"${'x'.repeat(281)}"}`, '{"text":"\\ud800"}']) {
    assert.equal((await writeNote(accessToken, body)).status, 400, body);
  }
  assert.equal((await writeNote(accessToken, '{"text":"x"}', 'text/plain')).status, 400);

  await spoil('accessToken');
  await page.fill('#text', 'two at once');
  await page.evaluate(() => {
    document.getElementById('call-api')?.click();
    document.querySelector<HTMLButtonElement>('#write button')?.click();
  });
  await page.waitForSelector('.notes li:has-text("two at once")');
  assert.equal(refreshes(), 1);

  // A call that hears late that its token is void finds the new one there already.
  await spoil('accessToken');
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held = false;
  await page.route(`${issuer}/demo/api/notes`, async (route) => {
    if (route.request().method() === 'GET' && !held) {
      held = true;
      await released;
    }
    await route.continue();
  });
  await page.click('#call-api');
  await page.fill('#text', 'in the meantime');
  await page.click('#write button');
  await page.waitForSelector('.notes li:has-text("in the meantime")');
  release();
  await page.waitForSelector('#call-api:not([aria-busy])');
  assert.equal(refreshes(), 2);
  await page.unrouteAll({ behavior: 'wait' });

  await spoil('accessToken');
  await spoil('refreshToken');
  await page.click('#call-api');
  assert.match((await page.textContent('#problem:not([hidden])')) ?? '', /^The session is over/);
  assert.deepEqual(await stored(page), {});
  assert.equal(refreshes(), 3);
  await watched.close();
});

test('the app comes back to its own origin from another name of the machine', async () => {
  const watched = await open();
  await watched.page.goto(`${issuer.replace('localhost', '127.0.0.1')}/demo`);
  await watched.page.waitForURL(`${issuer}/demo`);
  await watched.close();
});

test('without JavaScript the page says what it needs', async () => {
  const watched = await open({ javaScriptEnabled: false });
  await watched.page.goto(`${issuer}/demo`);
  assert.equal(await watched.page.isVisible('h1'), true);
  assert.match(await watched.page.locator('noscript').innerText(), /needs JavaScript/);
  assertCalm(watched);
  await watched.close();
});

test('the app runs, loads and calls nothing but its own origin (Content Security Policy)', async () => {
  const reply = await fetch(`${issuer}/demo`);
  const policy = reply.headers.get('content-security-policy') ?? '';
  for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
    assert.ok(policy.split('; ').includes(directive), directive);
  }
  assert.doesNotMatch(policy, /unsafe|\*|http/);
});

test('the page behind the gateway holds no token: sign in, write, sign out; in both languages', async () => {
  const { page, complaints, close } = await open();
  const calls: string[] = [];
  page.on('request', async (request) => calls.push(`${request.url()} ${JSON.stringify(await request.allHeaders())}`));
  await page.goto(`${edge}/`);
  await page.click('#sign-in');
  await page.waitForSelector('#signin');
  await signIn(page);
  await page.waitForSelector('#signed-in:visible');
  assert.match((await page.textContent('#who')) ?? '', /Tiger Demo$/);
  await page.fill('#text', 'written at the edge');
  await page.press('#text', 'Enter');
  await page.waitForFunction(() => document.querySelector('#notes li')?.textContent === 'written at the edge');
  const got = (await page.textContent('#got')) ?? '';
  assert.match(got, /x-forwarded-for/);
  assert.match(got, /\bpassport\b/);
  assert.doesNotMatch(got, /authorization|cookie/);
  assert.ok(calls.length > 5);
  // Three letters alone come about in ids and states.
  for (const call of calls) assert.doesNotMatch(call, /authorization|\beyJ[\w-]+\.[\w-]+\./i);
  await assertAccessible(page, 'edge, signed in');
  // What was written is in the one notebook, behind the other door too.
  const [ask = '', call = ''] = summary.split('\n').filter((line) => /^(TOKEN=|curl )/.test(line));
  const { stdout } = await run('sh', ['-c', `${ask}\n${call}`]);
  assert.match(stdout, /written at the edge/);
  const { notes } = JSON.parse(stdout.slice(stdout.indexOf('{')));
  assert.doesNotMatch(notes[0].by, /nobody|demo-/, 'the service knows who it was');
  const behind = await run('sh', ['-c', `${ask} >/dev/null\n${call.replace(/\S+$/, `${edge}/notes`)}`]);
  assert.match(behind.stdout, /written at the edge/);
  await page.click('#sign-out');
  await page.waitForSelector('#logout-confirm, #signed-out:visible');
  if (await page.isVisible('#logout-confirm')) await page.click('#logout-confirm');
  await page.waitForSelector('#signed-out:visible');
  await assertAccessible(page, 'edge, signed out');
  assert.deepEqual(complaints, []);
  await close();
  const chinese = await open({ locale: 'zh-CN' });
  await chinese.page.goto(`${edge}/`);
  await chinese.page.waitForSelector('text=使用 Hufu 登录');
  await chinese.close();
});
