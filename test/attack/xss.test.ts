import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { SPA, signedIn, THIRD, tokensOf } from './sign-ins.ts';

/** What breaks out of each place where a page could put it: text, attributes, links, comments, scripts, styles, encodings. */
const CONTEXTS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'><svg onload=alert(1)>",
  '" autofocus onfocus=alert(1) x="',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '--><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '{{constructor.constructor("alert(1)")()}}',
  '\u2028alert(1)//',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
];

/** Nothing of a page is a tag, an attribute or an address that we did not write. */
function assertInert(page: Page, what: string): void {
  const { text } = page;
  assert.doesNotMatch(text, /<(?:script>|img src=x|svg onload)/i, what);
  for (const [tag] of text.matchAll(/<[a-z](?:"[^"]*"|[^">])*>/gi)) {
    // What stands in quotes is a value, whatever it looks like.
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\s(?:on[a-z]+|srcdoc|style)\b/i, `${what}: ${tag.slice(0, 80)}`);
    assert.doesNotMatch(tag, /\s(?:href|src|action|formaction)="(?:javascript|data|vbscript):/i, `${what}: ${tag.slice(0, 80)}`);
  }
  if ((page.headers.get('content-type') ?? '').startsWith('text/html'))
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none';(?!.*unsafe-)/, what);
}

const HOSTILE_CLIENT = BASIC_YAML.replace(
  'client_name: Third Party',
  `client_name: '<script>alert(1)</script>'
    client_uri: https://third.example/?q=%22%3E%3Cscript%3Ealert(1)&x='onclick='alert(1)
    policy_uri: https://third.example/p?'onmouseover='alert(1)`,
);

describe('XSS: what others say stays words', () => {
  const here = arena({ yaml: HOSTILE_CLIENT });

  test('XSS-01 · every parameter of every page, in twelve contexts, is inert (ASVS V1, V3)', async () => {
    const agent = await signedIn(here.issuer);
    const pages: readonly (readonly [string, readonly string[]])[] = [
      ['/signin', ['request', 'next', 'ui_locales', 'fresh', 'over']],
      ['/signin/verify', ['progress', 'request', 'way']],
      ['/signup', ['request', 'next', 'ui_locales']],
      ['/consent', ['request']],
      ['/device', ['user_code', 'ui_locales']],
      ['/oauth/logout', ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'logout_hint', 'ui_locales']],
      ['/signed-out', ['request']],
      ['/account', ['removed', 'outcome', 'ui_locales']],
      ['/account/security/remove', ['thing']],
      ['/account/profile', ['outcome']],
      ['/account/approvals', ['outcome']],
    ];
    for (const [path, parameters] of pages) {
      for (const parameter of parameters) {
        for (const text of CONTEXTS) {
          const page = await agent.get(`${path}?${parameter}=${encodeURIComponent(text)}`);
          assertInert(page, `${path} ${parameter} ${text}`);
        }
      }
    }
    for (const name of [
      'client_id',
      'redirect_uri',
      'state',
      'scope',
      'nonce',
      'prompt',
      'login_hint',
      'ui_locales',
      'response_type',
      'response_mode',
      'claims',
      'acr_values',
      'request',
      'request_uri',
      'resource',
      'display',
    ]) {
      for (const text of CONTEXTS) {
        const answer = await agent.get(authorizePath({ [name]: text }));
        assertInert(answer, `authorize ${name} ${text}`);
        // On, where it leads to a page of ours.
        if (answer.location.startsWith('/')) assertInert(await agent.get(answer.location), `after authorize ${name} ${text}`);
        assert.doesNotMatch(answer.location, /^(?:javascript|data):/);
      }
    }
  });

  test('XSS-01 · what was typed comes back as words: user names, codes, names (ASVS V1)', async () => {
    for (const text of CONTEXTS) {
      const agent = new Agent(here.issuer);
      const signIn = await agent.get('/signin');
      assertInert(await agent.submit(signIn, { username: text, password: 'not the password of anybody' }), `signin ${text}`);
      const device = await signedIn(here.issuer);
      assertInert(await device.submit(await device.get('/device'), { user_code: text }), `device ${text}`);
      assertInert(await agent.get(authorizePath({ login_hint: text })).then(({ location }) => agent.get(location)), `login_hint ${text}`);
    }
  });

  test('XSS-02 · a form_post answer carries state and addresses as they are, encoded, and only its own script runs (OAuth Form Post Response Mode §2)', async () => {
    const agent = await signedIn(here.issuer);
    for (const text of CONTEXTS) {
      const page = await agent.get(authorizePath({ response_mode: 'form_post', state: text }));
      assert.equal(page.name, 'form-post', text);
      assert.equal(page.hidden['state']?.replaceAll('&#39;', "'"), text);
      assertInert(page, text);
      const scripts = [...page.text.matchAll(/<script\b[^>]*>/g)];
      const nonce = /'nonce-([\w-]+)'/.exec(page.headers.get('content-security-policy') ?? '')?.[1] ?? assert.fail();
      assert.deepEqual(
        scripts.map(([tag]) => tag),
        [`<script nonce="${nonce}">`],
      );
      const refused = await agent.get(authorizePath({ response_mode: 'form_post', response_type: 'x', state: text }));
      assertInert(refused, `refused ${text}`);
    }
  });

  test('XSS-03 · an error in JSON is JSON, whatever stands in names and values, and nobody guesses another type', async () => {
    for (const text of CONTEXTS) {
      const body = new URLSearchParams({ grant_type: text, [text]: text, client_id: 'spa' });
      const reply = await fetch(`${here.issuer}/oauth/token`, { method: 'POST', body });
      assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(reply.headers.get('x-content-type-options'), 'nosniff');
      assert.doesNotMatch(await reply.text(), /<script|<img|<svg/);
      const registered = await fetch(`${here.issuer}/oauth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [text]: text, redirect_uris: [text] }),
      });
      assert.doesNotMatch(await registered.text(), /<(?:img src=x|svg onload)/);
    }
  });

  test('XSS-04 · a client’s name is words, its links lead where they say, and its logo is our copy or a letter (RFC 7591 §5)', async () => {
    const agent = await signedIn(here.issuer);
    const consent = await agent.get(
      (await agent.get(authorizePath({ client_id: 'third', redirect_uri: THIRD.redirectUri, scope: 'openid', prompt: 'consent' })))
        .location,
    );
    assert.equal(consent.name, 'consent');
    assertInert(consent, 'consent');
    assert.match(consent.text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    for (const [, address = ''] of consent.text.matchAll(/<img[^>]* src="([^"]*)"/g))
      assert.match(address, /^\//, 'no picture from elsewhere');
    const done = await agent.submit(consent, { decision: 'allow' });
    assert.ok(done.answer.has('code'));
    for (const side of ['', '/apps']) {
      const page = await agent.get(`/account${side}`);
      assertInert(page, side);
      assert.match(page.text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    }
  });

  test('XSS-07 · a message of the session frame goes to the window that asked and to its origin alone (OpenID Connect Session Management §3.2)', async () => {
    await tokensOf(here.issuer, SPA, undefined, await signedIn(here.issuer, USER));
    const page = await new Agent(here.issuer).get('/oauth/check_session');
    const source = /<script[^>]*>([\s\S]*)<\/script>/.exec(page.text)?.[1] ?? assert.fail(page.text);
    const sends = [...source.matchAll(/postMessage\(([^)]*)\)/g)].map(([, words = '']) => words);
    assert.ok(sends.length > 0);
    for (const words of sends) assert.doesNotMatch(words, /['"]\*['"]/, 'to one origin');
    assert.match(source, /event\.origin|\.origin/);
  });
});
