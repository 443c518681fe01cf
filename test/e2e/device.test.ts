/** `hufu login` in a terminal and its confirmation in a real browser; the pages without scripts, for everybody. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CLI_CLIENT_ID, DEMO_CONFIG } from '../../packages/hufu/src/demo/demo-config.ts';
import { assertAccessible } from '../support/accessible.ts';
import { postForm } from '../support/agent.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { askDevice, BANK, DEVICE_CLIENTS, pollDevice } from '../support/devices.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { MAIN } from '../support/hufu-process.ts';

/** Pictures of the pages, where somebody wants to look at them. */
const SHOTS = process.env['HUFU_TEST_SHOTS'];

let hufu: TestHufu;
let browser: Browser;
let home: string;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hufu-home-'));
  const cli = DEMO_CONFIG.slice(DEMO_CONFIG.indexOf(`  - client_id: ${CLI_CLIENT_ID}`), DEMO_CONFIG.indexOf('users:')).replace(
    / notes:\w+/g,
    '',
  );
  hufu = await startHufu({ yaml: BASIC_YAML.replace('resources:', `${cli}${DEVICE_CLIENTS.slice(1)}resources:`) });
  browser = await chromium.launch(CHROMIUM);
});
after(async () => {
  await browser.close();
  await hufu.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Cli {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** The first line that matches. */
  line(pattern: RegExp): Promise<string>;
  readonly code: Promise<number | null>;
}

function runCli(...words: readonly string[]): Cli {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', XDG_CONFIG_HOME: home, HUFU_ISSUER: hufu.issuer },
  });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const wake of waiting.splice(0)) wake();
    });
  }
  const code = new Promise<number | null>((resolve) => child.on('close', (status) => resolve(status)));
  void code.then(() => waiting.splice(0).forEach((wake) => wake()));
  return {
    child,
    lines,
    code,
    async line(pattern) {
      for (;;) {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        assert.equal(child.exitCode, null, lines.join('\n'));
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  return context.newPage();
}

async function signIn(page: Page): Promise<void> {
  await page.fill('input[name=username]', USER.username);
  await page.fill('input[name=password]', USER.password);
  await page.click('#signin-submit');
}

async function assertForEverybody(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  await assertAccessible(page, name);
}

test('hufu login, token, whoami and logout, with a browser that runs no scripts (RFC 8628 §3.3)', async () => {
  const login = runCli('login', '--json');
  const { verification_uri_complete: complete } = JSON.parse(await login.line(/user_code/));
  const page = await openPage({ javaScriptEnabled: false });
  await page.goto(complete);
  assert.equal(await page.getAttribute('body', 'data-page'), 'signin');
  await signIn(page);
  assert.equal(await page.getAttribute('body', 'data-page'), 'device');
  assert.match(await page.inputValue('#device input[name=user_code]'), /^[A-Z]{4}-[A-Z]{4}$/);
  await page.click('#device-submit');
  assert.equal(await page.textContent('.client-name'), 'Hufu CLI');
  await page.click('#device-allow');
  assert.equal(await page.getAttribute('body', 'data-page'), 'device-done');
  assert.equal(await login.code, 0, login.lines.join('\n'));

  const tokens = await Promise.all(
    Array.from({ length: 3 }, () => runCli('token')).map(async (one) => (await one.code, one.lines.join('\n'))),
  );
  assert.equal(new Set(tokens).size, 1);
  const whoami = runCli('whoami', '--json');
  assert.equal(await whoami.code, 0, whoami.lines.join('\n'));
  assert.equal(JSON.parse(whoami.lines.join('')).claims.email, 'alice@example.com');
  const logout = runCli('logout');
  assert.equal(await logout.code, 0, logout.lines.join('\n'));
  const dead = await fetch(`${hufu.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${tokens[0]}` } });
  assert.equal(dead.status, 401, 'the whole grant is dead');
  const after = runCli('token');
  assert.equal(await after.code, 1);
  assert.match(after.lines.join('\n'), /nobody is signed in/);
  assert.equal(await runCli('token', '--nonsense').code, 2);
});

test('a no in the browser ends the login with a reason (RFC 8628 §3.5)', async () => {
  const login = runCli('login', '--json');
  const { verification_uri: address, user_code: code } = JSON.parse(await login.line(/user_code/));
  const page = await openPage();
  await page.goto(address);
  await signIn(page);
  await page.fill('#device input[name=user_code]', String(code).toLowerCase());
  await page.keyboard.press('Enter');
  await page.click('#device-deny');
  assert.equal(await login.code, 1);
  assert.match(login.lines.join('\n'), /denied/);
});

test('the pages are for everybody, in both languages, in the dark and on a phone (WCAG 2.2 §1.4.10)', async () => {
  for (const options of [
    { locale: 'en-US', colorScheme: 'light' as const },
    { locale: 'zh-CN', colorScheme: 'dark' as const, viewport: { width: 360, height: 740 } },
  ]) {
    const name = options.locale;
    const page = await openPage(options);
    const asked = await askDevice(hufu.issuer, { scope: 'openid profile offline_access read' });
    await page.goto(`${hufu.issuer}/device`);
    await signIn(page);
    await assertForEverybody(page, `device-${name}`);
    await page.fill('input[name=user_code]', 'BCDF-GHJK');
    await page.click('#device-submit');
    assert.equal(await page.getAttribute('input[name=user_code]', 'aria-invalid'), 'true');
    await assertForEverybody(page, `device-wrong-${name}`);
    await page.fill('input[name=user_code]', String(asked.body['user_code']));
    await page.click('#device-submit');
    await assertForEverybody(page, `device-confirm-${name}`);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
      true,
      'nothing to scroll sideways',
    );
    await page.click('#device-allow');
    await assertForEverybody(page, `device-done-${name}`);
    assert.equal((await pollDevice(hufu.issuer, asked)).status, 200);

    const about = { scope: 'openid read', login_hint: USER.username, binding_message: 'W4SCT · 42,00 €' };
    const bank = await postForm(`${hufu.issuer}/oauth/bc-authorize`, about, `${BANK.clientId}:${BANK.secret}`);
    assert.equal(bank.status, 200, JSON.stringify(bank.body));
    await page.goto(`${hufu.issuer}/account`);
    await page.click('#account-approvals');
    await assertForEverybody(page, `approvals-${name}`);
    await page.click('.approval button[value=deny]');
    await page.waitForSelector('#approval-outcome');
    await assertForEverybody(page, `approvals-denied-${name}`);
  }
});
