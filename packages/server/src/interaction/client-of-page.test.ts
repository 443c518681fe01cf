import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { findClient } from '../clients.ts';
import { openWorld } from '../testing/world.ts';
import { clientHome, clientView } from './client-of-page.ts';
import { languageLinks, localeOf } from './page-locale.ts';

const world = await openWorld({
  yaml: `
clients:
  - client_id: full
    token_endpoint_auth_method: none
    redirect_uris: ['https://app.example/cb']
    client_name: Reader
    'client_name#zh-CN': 阅读器
    client_uri: https://app.example/
    'client_uri#zh': https://app.example/zh
    logo_uri: https://app.example/logo.png
    policy_uri: https://app.example/policy
    'tos_uri#de': https://app.example/agb
  - { client_id: 'b/../a?', token_endpoint_auth_method: none, redirect_uris: ['https://bare.example/cb'], logo_uri: 'https://bare.example/l.png' }
`,
});
after(() => world.close());
const full = (await findClient(world.ctx, 'full')) ?? assert.fail();
const bare = (await findClient(world.ctx, 'b/../a?')) ?? assert.fail();

test("the client's name and links are in the language of the page, else untagged, else what there is (RFC 7591 §2.2)", () => {
  const address = { client: full, redirectUri: 'https://app.example/cb' };
  const english = clientView(address, 'en');
  assert.deepEqual([english.name, english.policyUri, english.tosUri], ['Reader', 'https://app.example/policy', 'https://app.example/agb']);
  assert.equal(clientView(address, 'zh-CN').name, '阅读器');
  assert.deepEqual(clientHome(full, 'en'), { name: 'Reader', uri: 'https://app.example/' });
  assert.deepEqual(clientHome(full, 'zh-CN'), { name: '阅读器', uri: 'https://app.example/zh' });
  assert.equal(clientHome(bare, 'en'), undefined);
});

test('the logo is our own copy, whatever the client is called; where the answer goes is always said (RFC 7591 §5)', () => {
  const view = clientView({ client: bare, redirectUri: 'https://bare.example/cb' }, 'en');
  assert.equal(view.logoSrc, '/logo/b%2F..%2Fa%3F');
  assert.equal(view.name, '');
  assert.deepEqual(view.returnsTo, { kind: 'host', host: 'bare.example' });
  assert.equal('policyUri' in view || 'tosUri' in view, false);
});

test('a page speaks what its address asks for, then what the request asks for, then what the browser does (OpenID Connect Core §3.1.2.1 ui_locales)', () => {
  const request = world.http({ query: 'ui_locales=zh-CN', headers: { 'accept-language': 'en' } });
  assert.equal(localeOf(request, 'en'), 'zh-CN');
  assert.equal(localeOf(world.http({ headers: { 'accept-language': 'en' } }), 'zh-CN'), 'zh-CN');
  assert.equal(localeOf(world.http({ headers: { 'accept-language': 'zh' } }), undefined), 'zh-CN');
  assert.equal(localeOf(world.http(), undefined), 'en');
  assert.equal(localeOf(world.http({ query: 'ui_locales=%ff' }), undefined), 'en', 'a query that does not read names no language');
});

test('each language has a link to the same page', () => {
  const links = languageLinks('/signin', [['request', 'a.b']]);
  assert.deepEqual(
    links.map(({ locale, href }) => [locale, href]),
    [
      ['en', '/signin?request=a.b&ui_locales=en'],
      ['zh-CN', '/signin?request=a.b&ui_locales=zh-CN'],
    ],
  );
});
