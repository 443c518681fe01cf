import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import { Agent, authorizeAs, type Page } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';

const PLACES = [
  'https://evil.test/',
  '//evil.test',
  '/\\evil.test',
  '/%09/evil.test',
  '/\t/evil.test',
  '/..//evil.test',
  'https:evil.test',
  '\\\\evil.test',
  '/%2f%2fevil.test',
  '.evil.test',
  '@evil.test',
  'javascript:alert(1)',
];
const NAMES = ['return_to', 'next', 'continue', 'redirect', 'redirect_uri', 'rd', 'request', 'post_logout_redirect_uri'];

/** A redirect that stays at this server. */
function assertStaysHere(location: string, issuer: string, about: string): void {
  assert.equal(new URL(location, issuer).origin, issuer, `${about}: ${location}`);
  assert.match(location, /^\/(?![/\\])/, about);
  assert.doesNotMatch(location, /evil(?:\.|%2e)/i, about);
}

describe('RED: returning', () => {
  const here = arena({ yaml: BASIC_YAML });

  for (const place of PLACES) {
    test(`RED-21 · after signing in nobody is sent to ${JSON.stringify(place)} (RFC 9700 §4.11)`, async () => {
      const agent = new Agent(here.issuer);
      const query = new URLSearchParams(NAMES.filter((name) => name !== 'request').map((name) => [name, place]));
      const form = await agent.get(`/signin?${query.toString()}`);
      assert.equal(form.name, 'signin');
      assert.equal(form.action, '/signin');
      const fields = Object.fromEntries(NAMES.map((name) => [name, name === 'request' ? '' : place]));
      const after = await agent.submit(form, { ...USER, ...fields });
      assert.equal(after.status, 303);
      assertStaysHere(after.location, here.issuer, place);
      // A request of somebody else's making is not gone on with.
      const forged = await agent.submit(form, { ...USER, request: place });
      assert.equal(forged.status, 400);
      assert.equal(forged.location, '');
    });
  }

  test('RED-21 · a path that looks like a host is a page that is not there (RFC 9700 §4.11)', async () => {
    for (const path of [
      '//evil.test',
      '/\\evil.test',
      '/%09/evil.test',
      '/..//evil.test',
      '//evil.test/%2f..',
      '/%2f%2fevil.test',
      '/.evil.test',
      '/signin/..//evil.test',
      '/%zz',
      '/signin//',
    ]) {
      const reply = await rawGet(here.issuer, path);
      assert.equal([400, 404].includes(reply.status), true, `${path}: ${reply.status}`);
      assert.equal(reply.location, undefined, path);
    }
  });

  test('RED-21 · redirects within the server never take the host that was asked for (RFC 9700 §4.11)', async () => {
    for (const headers of [
      { host: 'evil.test' },
      { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' },
    ]) {
      const reply = await rawGet(here.issuer, authorizePath(), headers);
      if (reply.location !== undefined) assertStaysHere(reply.location, here.issuer, JSON.stringify(headers));
      assert.equal(reply.status === 303 || reply.status >= 400, true);
    }
  });

  test('RED-22 · whatever follows a form with credentials in it is 303 (RFC 9700 §4.12)', async () => {
    const agent = new Agent(here.issuer);
    const statuses: number[] = [];
    let page = await agent.get(authorizePath({ client_id: 'third', redirect_uri: 'https://third.example/cb' }));
    page = await agent.get(page.location);
    page = await agent.submit(page, USER);
    statuses.push(page.status);
    page = await agent.submit(await agent.get(page.location), { decision: 'allow' });
    statuses.push(page.status);
    assert.match(page.location, /^https:\/\/third\.example\/cb\?code=/);
    page = await agent.submit(await agent.get('/oauth/logout'), { decision: 'cancel' });
    statuses.push(page.status);
    const fields = Object.fromEntries(new URLSearchParams(authorizePath().split('?')[1]));
    statuses.push((await agent.post('/oauth/authorize', fields)).status);
    assert.deepEqual(statuses, [303, 303, 303, 303]);
  });

  test('RED-24 · no page leaks its address or loads anything from elsewhere (RFC 9700 §4.2.4)', async () => {
    const agent = new Agent(here.issuer);
    const pages: Page[] = [];
    const third = { client_id: 'third', redirect_uri: 'https://third.example/cb', prompt: 'consent' };
    pages.push(await agent.get('/'));
    pages.push(await agent.get('/not-there'));
    pages.push(await agent.get(authorizePath({ client_id: 'unknown' })));
    const start = (await agent.get(authorizePath(third))).location;
    const signIn = await agent.get(start);
    pages.push(signIn, await agent.submit(signIn, { ...USER, password: 'wrong password, wrong' }));
    const consent = await agent.get((await agent.submit(signIn, USER)).location);
    pages.push(consent);
    const answered = await agent.submit(consent, { decision: 'allow' });
    assert.match(answered.location, /code=/);
    pages.push(await agent.submit(consent, { decision: 'allow' }));
    pages.push(
      (
        await authorizeAs(
          agent,
          { clientId: 'spa', redirectUri: 'https://app.example/cb', parameters: { response_mode: 'form_post' } },
          USER,
        )
      ).page,
    );
    const logout = await agent.get('/oauth/logout');
    pages.push(logout, await agent.submit(logout, { decision: 'sign_out' }));
    assert.deepEqual(
      pages.map((page) => page.name),
      ['home', 'error', 'error', 'signin', 'signin', 'consent', 'completed', 'form-post', 'logout', 'signed-out'],
    );
    for (const page of pages) {
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer', page.name);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none';/, page.name);
      assert.doesNotMatch(policy, /https?:|\*|unsafe-/, page.name);
      for (const [, url = ''] of page.text.matchAll(/<(?:link|img|script|iframe)\b[^>]*\b(?:href|src)="([^"]*)"/g))
        assert.match(url, /^\/(?!\/)/, page.name);
    }
  });
});

/** GET with the path and headers exactly as given, as fetch would tidy them. */
function rawGet(
  issuer: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  const { hostname, port } = new URL(issuer);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: hostname, port, path, headers: { accept: 'text/html', ...headers } }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, location: reply.headers.location }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
