/** What may be registered at all: by `hufu.yaml`, and by the reader that dynamic registration will use (RFC 7591 §3.2.2). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readClientMetadata, refuseRegistration } from '@hufu/protocol/client-metadata';
import { readConfig } from '@hufu/server/config/read-config';
import { Agent } from '../support/agent.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';

type Kind = 'web' | 'native';

/** Refused by both readers, with the code that the registration endpoint answers with. */
function assertUnregistrable(uri: string, kinds: readonly Kind[] = ['web', 'native']): void {
  for (const kind of kinds) {
    for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
      const uris = member === 'redirect_uris' ? [uri] : ['https://app.example/cb'];
      const metadata = { application_type: kind, token_endpoint_auth_method: 'none', redirect_uris: uris, [member]: [uri] };
      const read = readClientMetadata(metadata, { source: 'registration' });
      if (read.kind !== 'refused') assert.fail(`${member} of a ${kind} client took ${JSON.stringify(uri)}`);
      const refusal = refuseRegistration(read.faults);
      assert.equal(refusal.code, member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata');
      assert.equal(refusal.status, 400);
      const text = JSON.stringify({ issuer: 'https://auth.example', clients: [{ client_id: 'c', ...metadata }] });
      assert.throws(() => readConfig({ text, file: 'hufu.yaml', env: {} }), new RegExp(member), `${member} ${JSON.stringify(uri)}`);
    }
  }
}

function assertRegistrable(uri: string, kind: Kind): void {
  const metadata = { application_type: kind, token_endpoint_auth_method: 'none', redirect_uris: [uri] };
  assert.equal(readClientMetadata(metadata, { source: 'registration' }).kind, 'read', uri);
  readConfig({
    text: JSON.stringify({ issuer: 'https://auth.example', clients: [{ client_id: 'c', ...metadata }] }),
    file: 'hufu.yaml',
    env: {},
  });
}

describe('RED: registration', () => {
  test('RED-05 · user information is never registered (RFC 7591 §3.2.2)', () => {
    for (const uri of [
      'https://app.example@evil.test/cb',
      'https://app.example:pw@evil.test/cb',
      'https://@evil.test/cb',
      'http://u@127.0.0.1/cb',
    ])
      assertUnregistrable(uri);
  });

  const schemes = ['javascript', 'data', 'vbscript', 'file', 'blob', 'about', 'filesystem', 'ftp', 'mailto', 'ws'];
  for (const scheme of schemes) {
    test(`RED-08 · ${scheme}: is not a place to send a code to (RFC 7591 §3.2.2)`, () => {
      for (const tail of ['alert(1)', '//app.example/cb', '/app.example/cb', 'https://app.example/cb']) {
        assertUnregistrable(`${scheme}:${tail}`);
        assertUnregistrable(`${scheme.toUpperCase()}:${tail}`);
        assertUnregistrable(` ${scheme}:${tail}`);
        assertUnregistrable(`\u0001${scheme}:${tail}`);
        assertUnregistrable(`${scheme.slice(0, 2)}\t${scheme.slice(2)}:${tail}`);
        assertUnregistrable(`${scheme}\\u003a${tail}`);
        assertUnregistrable(`${scheme}%3a${tail}`);
      }
    });
  }

  test('RED-08 · JaVaScRiPt and its like (RFC 7591 §3.2.2)', () => {
    for (const uri of [
      'JaVaScRiPt:alert(1)',
      'java\tscript:alert(1)',
      'java\nscript:alert(1)',
      'javascript\u003aalert(1)',
      'view-source:javascript:1',
    ])
      assertUnregistrable(uri);
  });

  test('RED-10 · a fragment is never registered, an empty one neither (RFC 6749 §3.1.2)', () => {
    for (const uri of ['https://app.example/cb#', 'https://app.example/cb#x', 'https://app.example/#/cb', 'com.example.app:/cb#'])
      assertUnregistrable(uri);
  });

  test('RED-11 · what is no absolute URI is never registered (RFC 6749 §3.1.2)', () => {
    for (const uri of [
      '//evil.test/cb',
      '/cb',
      'cb',
      'https:evil.test',
      'https:/evil.test',
      'http:///evil.test',
      '',
      'https://',
      'https:\\\\evil.test',
    ])
      assertUnregistrable(uri);
    assertUnregistrable('http://app.example/cb');
  });

  test('RED-15 · a private-use scheme is a reversed domain name without authority, and for native applications (RFC 8252 §7.1, §8.4)', () => {
    for (const uri of [
      'myapp:/cb',
      'com.example.app://evil/cb',
      'com.example.app:',
      'com.example.app:cb',
      'com..app:/cb',
      '.app:/cb',
      'app.:/cb',
    ])
      assertUnregistrable(uri);
    assertUnregistrable('com.example.app:/cb', ['web']);
    assertRegistrable('com.example.app:/cb', 'native');
  });

  test('RED-16 · hosts are registered as ASCII (RFC 3986 §3.2.2)', () => {
    for (const host of ['äpp.example', 'app。example', 'ａｐｐ.example', 'app\u200d.example', 'ⓔvil.example', '\u202eapp.example'])
      assertUnregistrable(`https://${host}/cb`);
    assertRegistrable('https://xn--pp-xka.example/cb', 'web');
  });

  test('RED-25 · no wildcard is registered (RFC 9700 §2.1)', () => {
    for (const uri of [
      '*',
      'https://*.example.com/cb',
      'https://app.example*',
      'https://app.example/*',
      'https://app.example/cb?*',
      'com.example.*:/cb',
    ])
      assertUnregistrable(uri);
  });

  test('RED-27 · neither long URIs nor hundreds of them are registered (RFC 7591 §2)', () => {
    assertUnregistrable(`https://app.example/${'a'.repeat(16_384)}`);
    const uris = Array.from({ length: 500 }, (_, i) => `https://app.example/cb/${i}`);
    const read = readClientMetadata({ token_endpoint_auth_method: 'none', redirect_uris: uris }, { source: 'registration' });
    assert.equal(read.kind === 'refused' && refuseRegistration(read.faults).code, 'invalid_redirect_uri');
  });

  test('RED-28 · links of a client lead to https sites, or are not registered (RFC 7591 §2, §5)', () => {
    for (const member of ['client_uri', 'policy_uri', 'tos_uri', 'logo_uri', 'initiate_login_uri']) {
      for (const uri of [
        'http://app.example/',
        'javascript:alert(1)',
        'data:text/html,x',
        '//evil.test',
        'https://u@evil.test/',
        'https://evil.test\\@app.example/',
      ]) {
        const metadata = { token_endpoint_auth_method: 'none', redirect_uris: ['https://app.example/cb'], [member]: uri };
        const read = readClientMetadata(metadata, { source: 'registration' });
        assert.equal(read.kind === 'refused' && refuseRegistration(read.faults).code, 'invalid_client_metadata', `${member} ${uri}`);
        const text = JSON.stringify({ issuer: 'https://auth.example', clients: [{ client_id: 'c', ...metadata }] });
        assert.throws(() => readConfig({ text, file: 'hufu.yaml', env: {} }), new RegExp(member));
      }
    }
  });
});

describe('RED: links of clients on pages', () => {
  const here = arena({
    yaml: `
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    client_name: <b>Bank</b>
    client_uri: https://app.example/?a="><script>
    policy_uri: https://policies.example/privacy
    tos_uri: https://terms.example/tos
    redirect_uris: [https://app.example/cb]
`.replace('?a="><script>', '?a=%22%3E'),
  });

  test('RED-28 · a link shows where it leads and gives nothing away (RFC 7591 §5)', async () => {
    const agent = new Agent(here.issuer);
    const page = await agent.get((await agent.get(authorizePath())).location);
    const links = [...page.text.matchAll(/<a\b[^>]*href="(https:[^"]*)"[^>]*>/g)];
    assert.deepEqual(links.map(([, href]) => href).toSorted(), ['https://policies.example/privacy', 'https://terms.example/tos']);
    for (const [tag] of links) assert.match(tag, /rel="noopener noreferrer"/);
    for (const host of ['policies.example', 'terms.example', 'app.example'])
      assert.match(page.text.replace(/href="[^"]*"/g, ''), new RegExp(host.replace('.', '\\.')));
    assert.doesNotMatch(page.text, /<b>Bank/);
    assert.doesNotMatch(page.text, /error_uri/);
  });
});
