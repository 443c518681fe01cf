/** The token workbench and editing in the console, in a real browser over the real server with real data. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CLIENT_REGISTRIES } from '@hufu/protocol/client-metadata';
import { checks } from '@hufu/server/decisions/checks';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { checksZhCn } from '../../packages/console/src/i18n/checks-zh-cn.ts';
import { assertAccessible } from '../support/accessible.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { type ConsoleWorld, confirm, fillIn, openContext, startConsoleWorld } from '../support/console-world.ts';

const SECRET = 'console-test-secret-0123456789abcdef01';
const NOTES = 'https://notes.example/';
const FILES = 'https://files.example/';
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>';

let world: ConsoleWorld;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const faults: string[] = [];

// Not at the beginning of the suite: what is dangerous needs a sign-in of the last minutes.
describe('workbench and editing in the console', () => {
  before(async () => {
    world = await startConsoleWorld();
    browser = await chromium.launch(CHROMIUM);
    context = await openContext(browser);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: world.origin });
    page = await world.signIn(context, 'owner');
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
  });

  async function open(path: string, on: Page = page): Promise<void> {
    await on.goto(`${world.origin}/console${path}`);
    await on.waitForSelector('h1');
  }

  function button(name: string, on: Page = page): Locator {
    return on.getByRole('button', { name, exact: true });
  }

  interface Tokens {
    readonly access_token: string;
    readonly refresh_token: string;
  }

  /** Tokens of a user, as the server in test mode gives them. */
  async function tokensFor(username: string, fields: Readonly<Record<string, string>> = {}): Promise<Tokens> {
    const reply = await fetch(`${world.origin}/test/tokens`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'notes', username, scope: 'notes:read offline_access', ...fields }),
    });
    assert.equal(reply.status, 200, await reply.clone().text());
    return Object(await reply.json());
  }

  async function tokenEndpoint(fields: Readonly<Record<string, string>>, client = 'notes'): Promise<Tokens> {
    const reply = await fetch(`${world.origin}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client}:${SECRET}`)}` },
      body: new URLSearchParams(fields),
    });
    assert.equal(reply.status, 200, await reply.clone().text());
    return Object(await reply.json());
  }

  /** Pastes a token and waits for what is found of it. */
  async function look(token: string, resource = ''): Promise<string> {
    await page.getByTestId('token').fill(token);
    await page.getByLabel('Would this resource take it?').selectOption(resource);
    await button('Look').click();
    await page.waitForSelector('[data-testid=found]');
    return (await page.textContent('[data-testid=found]')) ?? '';
  }

  /** A request to the API from the page, as its session. */
  function callFrom(
    on: Page,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly etag: string | null; readonly body: Readonly<Record<string, unknown>> }> {
    return on.evaluate(
      async ([how, where, sent]) => {
        const url = `/console/admin/v1${where}`;
        const headers: Record<string, string> = { 'x-csrf': '1', 'content-type': 'application/json' };
        const tag = how === 'PUT' ? (await fetch(url.replace(/\/claims$/, ''), { headers })).headers.get('etag') : null;
        const reply = await fetch(url, {
          method: how,
          headers: tag === null ? headers : { ...headers, 'if-match': tag },
          ...(sent !== null && { body: sent }),
        });
        return { status: reply.status, etag: reply.headers.get('etag'), body: Object(await reply.json()) };
      },
      [method, path, body === undefined ? null : JSON.stringify(body)] as const,
    );
  }

  /** A client that an administrator made, and the id of it. */
  async function makeClient(metadata: Readonly<Record<string, unknown>>): Promise<string> {
    const { client } = await world.admin('POST', '/clients', { metadata });
    return String(Object(client).client_id);
  }

  async function metadataOf(id: string): Promise<Readonly<Record<string, unknown>>> {
    return Object((await world.admin('GET', `/clients/${id}`))['metadata']);
  }

  async function openEditor(id: string, on: Page = page): Promise<void> {
    await open(`/clients/${id}?tab=metadata`, on);
    await on.waitForSelector('.edit-groups');
  }

  async function review(on: Page = page): Promise<string> {
    await button('Review and save', on).click();
    await on.waitForSelector('[data-testid=diff]');
    return (await on.getByTestId('diff').innerText()).replaceAll('Added:', '+').replaceAll('Removed:', '−').replaceAll(/\s+/g, ' ').trim();
  }

  const REPORTS = { client_name: 'Reports', redirect_uris: ['https://r.example/cb'], grant_types: ['authorization_code', 'refresh_token'] };

  test('a token that is pasted is decoded, and a named resource would take it or not, with the checks and why', async () => {
    const { access_token: jwt } = await tokensFor('nobody', { resource: NOTES });
    await open('/workbench');
    const taken = await look(`Authorization: Bearer ${jwt}`, NOTES);
    assert.match(taken, /An access token.*https:\/\/notes\.example\/ would take it now/);
    assert.equal(await page.getByTestId('halves').getAttribute('data-fit'), 'meet');
    assert.equal(await page.locator('.checks li.failed').count(), 0);
    assert.match((await page.getByLabel('Claims', { exact: true }).textContent()) ?? '', /"client_id": "notes"/);
    const refused = await look(jwt, FILES);
    assert.match(refused, /It would not be taken/);
    assert.match((await page.textContent('.checks li.failed')) ?? '', /It is for the resource.*it is for https:\/\/notes\.example\//);
    const changed = await look(`${jwt.slice(0, -4)}AAAA`);
    assert.match(changed, /Its signature does not hold here/);
    assert.match(await look('whatever this is'), /Nothing that this server knows/);
  });

  test('a token is in no address, no storage and no history, is sent to the inspection alone, and is gone with the page (attacks ADM-18)', async () => {
    const { refresh_token: token } = await tokensFor('nobody');
    const sent: string[] = [];
    const listen = (request: { url(): string; postData(): string | null }): void => {
      if (`${request.url()}\n${request.postData() ?? ''}`.includes(token)) sent.push(new URL(request.url()).pathname);
    };
    page.on('request', listen);
    await open('/workbench');
    await look(token);
    const [, , secret = ''] = /^(hfr_)(.{20})/.exec(token) ?? assert.fail(token);
    assert.ok(!((await page.textContent('[data-testid=found]')) ?? '').includes(secret), 'the holder’s half is not shown again');
    const told = (): Promise<string> =>
      page.evaluate(() => {
        const stored = [localStorage, sessionStorage].map((one) => JSON.stringify({ ...one }));
        return [location.href, JSON.stringify(history.state), document.documentElement.outerHTML, ...stored].join('\n');
      });
    // What is typed into a field is no attribute of it.
    const now = await told();
    assert.ok(!now.replaceAll(/<textarea[^]*?<\/textarea>/g, '').includes(token));
    await page.click('nav >> text=Keys');
    await page.waitForSelector('body[data-page=console-keys]');
    assert.ok(!(await told()).includes(token));
    await page.goBack();
    await page.waitForSelector('[data-testid=token]');
    assert.equal(await page.getByTestId('token').inputValue(), '');
    assert.deepEqual(sent, ['/console/admin/v1/tokens/inspect']);
    page.off('request', listen);
  });

  test('both halves of a refresh token are shown, and an old one is told from the row without ending the grant', async () => {
    const first = await tokensFor('nobody');
    const second = await tokenEndpoint({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    await tokenEndpoint({ grant_type: 'refresh_token', refresh_token: second.refresh_token });
    await open('/workbench');
    assert.match(await look(first.refresh_token), /2 generations old: to show it ends the grant/);
    assert.equal(await page.getByTestId('halves').getAttribute('data-fit'), 'apart');
    const row = page.locator('.half', { hasText: 'What the row has' });
    assert.match((await row.textContent()) ?? '', /live.*sub-nobody.*Generation3/);
    // Looking was no use of it.
    await tokenEndpoint({ grant_type: 'refresh_token', refresh_token: second.refresh_token });
    await row.getByRole('link').first().click();
    await page.waitForSelector('body[data-page=console-grant]');
  });

  test('what came of a token is drawn, and leads to its grants', async () => {
    const { access_token } = await tokensFor('nobody', { resource: NOTES, scope: 'notes:read files:read' });
    const { access_token: exchanged } = await tokenEndpoint(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: FILES,
      },
      'notes-api',
    );
    await open('/workbench');
    await look(exchanged, FILES);
    await page.waitForSelector('svg.lineage');
    assert.equal(await page.locator('svg.lineage a').count(), 2);
  });

  test('in test mode a token is made for anybody; elsewhere that is not offered', async () => {
    await open('/workbench');
    await page.getByRole('tab', { name: 'Make one' }).click();
    const panel = page.getByRole('tabpanel');
    await panel.getByLabel('Client id').fill('notes');
    await panel.getByLabel('User name').fill('alice');
    await panel.getByLabel('Would this resource take it?').selectOption(NOTES);
    await panel.getByLabel('For this scope?').fill('notes:write');
    await button('Make one and look').click();
    await page.waitForSelector('text=https://notes.example/ would take it now');
    await panel.getByLabel('User name').fill('no such user');
    await button('Make one and look').click();
    await page.waitForSelector('text=no user has this name');
    await page.route('**/admin/v1/settings', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...Object(await answer.json()), mode: 'production' } });
    });
    await open('/workbench');
    await page.waitForSelector('[data-testid=token]');
    assert.equal(await page.getByRole('tab', { name: 'Make one' }).count(), 0);
    await page.unroute('**/admin/v1/settings');
  });

  test('a grant is taken instead of a token: it stands in the address, and the row’s half is shown', async () => {
    const { items } = await world.admin('GET', '/grants?client_id=notes-api');
    const id = String((items as { id: string }[])[0]?.id).replace('/', '-');
    await open('/workbench');
    await page.getByRole('tab', { name: 'Take a grant' }).click();
    await page.getByRole('tabpanel').getByLabel('Grant').fill(id);
    await button('Look').click();
    await page.waitForURL(new RegExp(`grant=${id}`));
    await page.waitForSelector('text=The grant is live');
    assert.equal(await page.getByTestId('halves').getAttribute('data-fit'), 'alone');
    await page.waitForSelector('svg.lineage');
  });

  test('the requests of a flow are written for a client as it is registered, and do what they say in a shell', async () => {
    await open('/workbench?client=robot');
    const sheet = page.locator('.sheet', { hasText: 'Ask for one by hand' });
    await sheet.locator('[data-testid=steps]').waitFor();
    assert.equal(await sheet.getByLabel('Flow').inputValue(), 'client_credentials');
    assert.equal(await sheet.getByLabel('Scopes').inputValue(), 'notes:read');
    await sheet.getByLabel('Bind the tokens to a key (DPoP)').check();
    await sheet.getByRole('button', { name: 'Copy all of it' }).click();
    const script = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!script.includes(SECRET));
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      env: { ...process.env, CLIENT_SECRET: SECRET },
      timeout: 30_000,
    });
    const answer = JSON.parse(stdout);
    assert.equal(answer.token_type, 'DPoP', stdout);
    assert.match(await look(answer.access_token, NOTES), /would take it now.*Bound to a key/);
  });

  test('parts of the code flow come and go with what is chosen, and what the server would refuse is said before', async () => {
    await open('/workbench?client=notes');
    const sheet = page.locator('.sheet', { hasText: 'Ask for one by hand' });
    const steps = async (): Promise<readonly string[]> => await sheet.locator('.steps h3').allTextContents();
    await sheet.locator('[data-testid=steps]').waitFor();
    assert.equal((await steps()).length, 3);
    await sheet.getByLabel('Push the request ahead (PAR)').check();
    await sheet.getByLabel('Bind the tokens to a key (DPoP)').check();
    assert.equal((await steps()).length, 6);
    assert.match((await sheet.textContent()) ?? '', /\/oauth\/par'/);
    await sheet.getByLabel('Redirect URI').fill('https://elsewhere.example/cb');
    await sheet.getByLabel('PKCE', { exact: true }).uncheck();
    const doubts = (await sheet.locator('.notice').textContent()) ?? '';
    assert.match(doubts, /has not registered this redirect URI.*needs PKCE/);
    await sheet.getByLabel('Flow').selectOption('ciba');
    assert.match((await sheet.locator('.notice').textContent()) ?? '', /not registered for this grant type/);
    assert.match((await sheet.getByTestId('missing').textContent()) ?? '', /Say whom it is about/);
  });

  test('what stands in a token, in metadata and in claims is text, and nothing else (attacks XSS-05)', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = `${part({ alg: 'ES256', typ: 'at+jwt', kid: HOSTILE })}.${part({ iss: HOSTILE, sub: HOSTILE, [HOSTILE]: HOSTILE, client_id: HOSTILE, scope: HOSTILE })}.AAAA`;
    await open('/workbench');
    await look(forged);
    assert.match((await page.getByLabel('Claims', { exact: true }).textContent()) ?? '', /<script>/);
    const isClean = async (): Promise<void> => {
      assert.equal(await page.locator('main img, main script, [role=dialog] img, [role=dialog] script').count(), 0);
      assert.notEqual(await page.title(), '1');
    };
    await isClean();
    const sheet = page.locator('.sheet', { hasText: 'Ask for one by hand' });
    await sheet.getByLabel('Client id').fill(HOSTILE);
    await sheet.getByLabel('Redirect URI').fill(`javascript:${HOSTILE}`);
    await sheet.locator('[data-testid=steps]').waitFor();
    await isClean();
    assert.equal(await sheet.locator('a[href^="javascript:"]').count(), 0);

    const id = await makeClient({ ...REPORTS, client_name: HOSTILE });
    await openEditor(id);
    await isClean();
    await page.getByLabel('Name', { exact: true }).fill(`${HOSTILE}2`);
    assert.match(await review(), /− <img src=x.*\+ <img src=x/);
    await isClean();
    await confirm(page, 'owner');
    await page.waitForSelector('text=is saved');
    await isClean();

    await open('/users');
    await page.getByLabel('User name').fill('bob');
    await page.waitForURL(/prefix=bob/);
    await page.waitForFunction(() => document.querySelectorAll('table.list tbody tr').length === 1);
    await page.click('table.list a');
    await page.getByRole('tab', { name: 'Claims' }).click();
    await page.getByLabel('Nickname').fill(HOSTILE);
    await review();
    await isClean();
    await confirm(page, 'owner');
    await page.waitForSelector('text=The claims of bob are saved');
    await isClean();
  });

  test('a client is changed by its fields, with what will be another shown before, and an undo after', async () => {
    const id = await makeClient(REPORTS);
    await openEditor(id);
    assert.equal(await button('Review and save').isDisabled(), true, 'nothing is changed by looking at it');
    await page.getByLabel('Name', { exact: true }).fill('Tiger Reports');
    await page.getByLabel('Redirect URIs').fill('https://r.example/cb\n https://r.example/two \n\n');
    await page.getByLabel('Access tokens live for').fill('5m');
    await page.getByLabel('First party').check();
    const said = await review();
    assert.match(
      said,
      /client_name − Reports \+ Tiger Reports hufu\.access_token_ttl \+ 5m hufu\.first_party − false \+ true redirect_uris \+ https:\/\/r\.example\/two/,
    );
    assert.equal(await page.getByTestId('effect').textContent(), 'No live grant ends by this.', 'the same host');
    await confirm(page, 'owner');
    await page.waitForSelector('text=Tiger Reports is saved');
    const now = await metadataOf(id);
    assert.deepEqual(now['redirect_uris'], ['https://r.example/cb', 'https://r.example/two']);
    assert.deepEqual([Object(now['hufu']).access_token_ttl, Object(now['hufu']).first_party], [300, true]);
    await button('Undo').click();
    await page.waitForSelector('text=It is as it was before');
    assert.deepEqual(await metadataOf(id), { ...(await metadataOf(id)), client_name: 'Reports', redirect_uris: REPORTS.redirect_uris });
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Reports');
  });

  test('where somebody else could stand behind the client after it, the grants that end are counted first; a secret that comes of it is shown once', async () => {
    const id = await makeClient({ ...REPORTS, token_endpoint_auth_method: 'none' });
    await openEditor(id);
    await page.getByLabel('Authentication').selectOption('client_secret_basic');
    assert.match(await review(), /token_endpoint_auth_method − none \+ client_secret_basic/);
    assert.match(
      (await page.getByTestId('effect').textContent()) ?? '',
      /No live grant ends by this\. A new secret is made, and shown once\./,
    );
    await confirm(page, 'owner');
    const secret = (await page.getByTestId('secret').textContent()) ?? '';
    assert.ok(secret.length >= 32);
    await page.getByRole('dialog').getByText('Close').click();
    await page.waitForFunction((text) => !document.documentElement.outerHTML.includes(text), secret);
  });

  test('all of it can be written as JSON; what is wrong is told by line, and what the server refuses at its member (RFC 9457 §3)', async () => {
    const id = await makeClient(REPORTS);
    await openEditor(id);
    await page.getByText('All of it', { exact: true }).click();
    const field = page.getByRole('textbox', { name: 'All of it' });
    const text = await field.inputValue();
    await field.fill(`${text.slice(0, text.indexOf('\n', 30))}\n,,`);
    await page.waitForSelector('text=/This is no JSON object: look at line/');
    assert.equal(await button('Review and save').isDisabled(), true);
    const wrong = { ...JSON.parse(text), redirect_uris: ['https://r.example/cb', 'https://x.example/#f'], logo_uri: 'nowhere', what: 1 };
    await field.fill(JSON.stringify(wrong, undefined, 2));
    // Before anybody is asked anything.
    await button('Review and save').click();
    await page.waitForSelector('.faults');
    await page.waitForSelector('[role=dialog]', { state: 'detached' });
    const faultsTold = await page.locator('.faults li').allTextContents();
    assert.ok(
      faultsTold.some((told) => /Line \d+ \/redirect_uris\/1 /.test(told)) && faultsTold.some((told) => /\/what /.test(told)),
      faultsTold.join('\n'),
    );
    await page.locator('.faults li', { hasText: '/redirect_uris/1' }).getByRole('button').click();
    assert.equal(
      await field.evaluate((area: HTMLTextAreaElement) => area.value.slice(area.selectionStart, area.selectionEnd)),
      '"https://x.example/#f"',
    );
    // The same faults stand at the fields, and those that no field has below them.
    await page.getByText('Common members', { exact: true }).click();
    assert.equal(await page.getByLabel('Redirect URIs').getAttribute('aria-invalid'), 'true');
    assert.match((await page.locator('.faults').textContent()) ?? '', /\/what/);
    assert.deepEqual((await metadataOf(id))['redirect_uris'], REPORTS.redirect_uris, 'nothing was saved');
  });

  test('what somebody else has saved meanwhile is not overwritten: my changes go upon theirs (attacks ADM-13)', async () => {
    const id = await makeClient(REPORTS);
    await openEditor(id);
    await page.getByLabel('Name', { exact: true }).fill('Mine');
    const theirs = { ...(await metadataOf(id)), tos_uri: 'https://r.example/terms' };
    assert.equal((await callFrom(page, 'PUT', `/clients/${id}`, { metadata: theirs })).status, 200);
    await button('Review and save').click();
    await page.waitForSelector('text=Somebody has changed it meanwhile');
    await button('Put my changes upon theirs').click();
    assert.equal(await page.getByLabel('Terms of service').inputValue(), 'https://r.example/terms');
    assert.match(await review(), /^client_name − Reports \+ Mine$/);
    await confirm(page, 'owner');
    await page.waitForSelector('text=Mine is saved');
    const now = await metadataOf(id);
    assert.deepEqual([now['client_name'], now['tos_uri']], ['Mine', 'https://r.example/terms']);
  });

  test('whatever a client may be given, the form offers', async () => {
    await openEditor(await makeClient(REPORTS));
    const values = await page
      .getByRole('group', { name: 'Grant types' })
      .locator('input')
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
    assert.deepEqual(values.toSorted(), Object.keys(CLIENT_REGISTRIES.grantTypes).toSorted());
    const methods = await page
      .getByLabel('Authentication')
      .locator('option')
      .evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
    const attested = 'attest_jwt_client_auth';
    assert.deepEqual(
      [...methods.filter((value) => value !== ''), attested].toSorted(),
      Object.keys(CLIENT_REGISTRIES.authMethods).toSorted(),
    );
  });

  test('what stands in hufu.yaml, describes itself, or is not for this role, is shown and not to be changed, with the reason', async () => {
    await openEditor('notes');
    assert.match((await page.getByTestId('fixed').textContent()) ?? '', /stands in hufu\.yaml/);
    assert.equal(await page.getByLabel('Name', { exact: true }).isEditable(), false);
    assert.equal(await button('Review and save').count(), 0);
    const { items } = await world.admin('GET', '/clients?source=registered');
    await openEditor(String((items as { client_id: string }[])[0]?.client_id));
    assert.match((await page.getByTestId('fixed').textContent()) ?? '', /describes itself/);
    await open('/users/sub-nobody?tab=claims');
    assert.match((await page.getByTestId('fixed').textContent()) ?? '', /stands in hufu\.yaml/);
    const made = await makeClient(REPORTS);
    const other = await openContext(browser);
    const reader = await world.signIn(other, 'read');
    await openEditor(made, reader);
    assert.match((await reader.getByTestId('fixed').textContent()) ?? '', /Your role is “read”/);
    await open('/workbench', reader);
    await reader.getByTestId('token').fill((await tokensFor('nobody')).access_token);
    await button('Look', reader).click();
    await reader.waitForSelector('text=It would be taken now');
    await other.close();
  });

  test('a user is made with claims, and their claims are changed and changed back', async () => {
    await open('/users?do=new');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('ivana');
    await dialog.getByLabel('Name', { exact: true }).fill('Ivana Example');
    await dialog.getByLabel('E-mail address').fill('ivana@example.org');
    await dialog.getByLabel('The address is verified').check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.waitForSelector('body[data-page=console-user]');
    const sub = page.url().split('/').at(-1) ?? '';
    const claims = async (): Promise<unknown> => (await world.admin('GET', `/users/${sub}`))['claims'];
    const first = { name: 'Ivana Example', email: 'ivana@example.org', email_verified: true };
    assert.deepEqual(await claims(), first);
    await page.getByRole('tab', { name: 'Claims' }).click();
    await page.getByLabel('City').fill('Beijing');
    await page.getByLabel('Birth date').fill('yesterday');
    await review();
    await confirm(page, 'owner');
    await page.waitForSelector('[data-member=birthdate][aria-invalid=true]');
    await page.getByLabel('Birth date').fill('1990-05-21');
    await page.getByLabel('The address is verified').uncheck();
    assert.match(await review(), /^address \+ \{ "locality": "Beijing" \} birthdate \+ 1990-05-21 email_verified − true \+ false$/);
    await confirm(page, 'owner');
    await page.waitForSelector('text=The claims of ivana are saved');
    assert.deepEqual(await claims(), { ...first, email_verified: false, birthdate: '1990-05-21', address: { locality: 'Beijing' } });
    await button('Undo').last().click();
    await page.waitForSelector('text=It is as it was before');
    assert.deepEqual(await claims(), first);
  });

  test('by the keyboard alone: the palette leads to the workbench, the skip link to the page, and a dialog gives the focus back', async () => {
    await open('');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('textbox').fill('workb');
    await page.keyboard.press('Enter');
    await page.waitForSelector('body[data-page=console-workbench]');
    await open('/workbench');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');

    const id = await makeClient(REPORTS);
    await openEditor(id);
    await page.getByLabel('Name', { exact: true }).focus();
    await page.keyboard.press('End');
    await page.keyboard.type(' 2');
    await button('Review and save').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-testid=diff]');
    assert.equal(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null), true);
    await page.keyboard.press('Escape');
    await page.waitForSelector('[data-testid=diff]', { state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent === 'Review and save');
    // Of a question that an item of a menu has opened, or an address, the focus goes to the page.
    const other = await world.signIn(await openContext(browser), 'owner', '/console/users/sub-support?do=revoke');
    await other.waitForSelector('[role=dialog]');
    await other.keyboard.press('Escape');
    await other.waitForSelector('[role=dialog]', { state: 'detached' });
    await other.waitForFunction(() => document.activeElement?.id === 'main');
    await other.getByRole('button', { name: 'Actions' }).focus();
    await other.keyboard.press('Enter');
    await other.waitForSelector('[role=menu]');
    await other.keyboard.press('ArrowDown');
    await other.waitForFunction(() => document.activeElement?.getAttribute('role') === 'menuitem');
    await other.keyboard.press('Enter');
    await other.waitForSelector('[role=dialog]');
    await other.keyboard.press('Escape');
    await other.waitForSelector('[role=dialog]', { state: 'detached' });
    await other.waitForFunction(() => document.activeElement?.closest('main') !== null);
    await other.context().close();
    // What is not saved is not left by chance.
    let asked = '';
    page.once('dialog', (dialog) => {
      asked = dialog.message();
      void dialog.dismiss();
    });
    await page.locator('nav >> text=Keys').focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.pathname.includes('/clients/'));
    assert.match(asked, /not saved/);
    await button('Discard changes').click();
  });

  test('axe finds nothing on the workbench and in an editor, by day and by night, on a desk and on a phone', async () => {
    const { access_token } = await tokensFor('nobody', { resource: NOTES });
    const id = await makeClient(REPORTS);
    const scenes: readonly (readonly [string, () => Promise<unknown>])[] = [
      [
        'workbench',
        async () => {
          await open('/workbench?client=notes');
          await page.locator('[data-testid=steps]').waitFor();
          await look(access_token, FILES);
        },
      ],
      [
        'editor',
        async () => {
          await openEditor(id);
          await page.getByLabel('Redirect URIs').fill('nowhere');
          await button('Review and save').click();
          await page.waitForSelector('[aria-invalid=true]');
          await page.waitForSelector('[role=dialog]', { state: 'detached' });
        },
      ],
      [
        'review',
        async () => {
          await page.getByLabel('Redirect URIs').fill('https://else.example/cb');
          await review();
          await page.waitForSelector('[data-testid=effect]');
        },
      ],
      [
        'json',
        async () => {
          await page.keyboard.press('Escape');
          await page.waitForSelector('[role=dialog]', { state: 'detached' });
          await page.getByText('All of it', { exact: true }).click();
        },
      ],
      [
        'claims',
        async () => {
          page.once('dialog', (dialog) => void dialog.accept());
          await open('/users/sub-nobody?tab=claims');
          await page.waitForSelector('.edit-groups');
        },
      ],
    ];
    for (const [name, show] of scenes) {
      await show();
      for (const width of [1280, 360])
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.setViewportSize({ width, height: 900 });
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.waitForFunction((scheme) => document.documentElement.dataset['mantineColorScheme'] === scheme, colorScheme);
          await assertAccessible(page, `${name} ${width} ${colorScheme}`);
          assert.ok(
            (await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0,
            `${name} is not wider than ${width}`,
          );
        }
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
    }
  });

  test('in Chinese everything is, the names of the checks too: each that the server has', async () => {
    assert.deepEqual(Object.keys(checksZhCn).toSorted(), Object.keys(checks).toSorted());
    const chinese = await openContext(browser, { locale: 'zh-CN', width: 360, dark: true });
    const there = await world.signIn(chinese, 'read', '/console/workbench?client=notes');
    await there.getByTestId('token').fill((await tokensFor('nobody', { resource: NOTES })).access_token);
    await there.getByRole('button', { name: '查看', exact: true }).click();
    await there.waitForSelector('text=现在会被接受');
    assert.match((await there.locator('.checks').textContent()) ?? '', /由本服务器仍然有效的密钥签名/);
    await there.locator('[data-testid=steps]').waitFor();
    // Names of the protocol stay what they are; sentences do not.
    const words = (await there.locator('h1, h2, h3, dt, label, main button, main p').allTextContents()).filter(
      (text) => !/[一-鿿]/.test(text),
    );
    assert.deepEqual(
      words.filter((text) => / [a-z]+ [a-z]+ /.test(text)),
      [],
    );
    await assertAccessible(there, 'in Chinese, by night, on a phone');
    await chinese.close();
  });

  test('ten minutes later saving asks for a new sign-in, and what was written is there again afterwards (RFC 9470 §4)', async () => {
    const id = await makeClient(REPORTS);
    await openEditor(id);
    await page.getByLabel('Name', { exact: true }).fill('Written before the sign-in');
    await world.advance('PT11M');
    await review();
    await page.click('[data-testid=go], [data-testid=step-up]');
    await page.waitForURL(/\/signin/);
    await fillIn(page, 'owner');
    await page.waitForURL(new RegExp(`/console/clients/${id}\\?tab=metadata&do=save`));
    await page.waitForSelector('[data-testid=diff]');
    assert.equal(await page.evaluate(() => sessionStorage.getItem('hufu-draft')), null, 'it is kept no longer than that');
    await confirm(page, 'owner');
    await page.waitForSelector('text=Written before the sign-in is saved');
    assert.equal((await metadataOf(id))['client_name'], 'Written before the sign-in');
  });

  test('what somebody wrote before a sign-in is there for nobody else who signs in afterwards', async () => {
    const id = await makeClient(REPORTS);
    for (const [owner, isThere] of [
      ['sub-security', false],
      ['sub-owner', true],
    ] as const) {
      await openEditor(id);
      await page.evaluate(
        ([sub, client]) => {
          const draft = { owner: sub, name: `client ${client}`, base: {}, etag: '"x"', value: { client_name: 'Of somebody' } };
          sessionStorage.setItem('hufu-draft', JSON.stringify(draft));
        },
        [owner, id] as const,
      );
      await openEditor(id);
      assert.equal((await page.getByLabel('Name', { exact: true }).inputValue()) === 'Of somebody', isThere, owner);
      assert.equal(await page.evaluate(() => sessionStorage.getItem('hufu-draft')), null, owner);
    }
  });

  test('nothing of all this was a fault in the browser, nor a breach of the policy', () => {
    assert.deepEqual(
      faults.filter((text) => !/status of (?:40[0139]|412)/.test(text)),
      [],
    );
  });
});
